"""Interaction values from the same sample of coalitions: a Gaussian process on the even part.

Coalitions come in pairs of complements, so half of what the Shapley values leave unused is enough:
no evaluation more. The prior is a constant without any penalty, plus a process with the even
product kernel of `kernel.py`, plus a nugget; widths and nugget are chosen for each input by
restricted likelihood, as in `xai/methods/shapley/regression.py`.

Standard errors: the posterior's, scaled by how far the input's own even game strays from constant;
they are a little wide (95 % intervals cover 95 to 99 %), see `docs/methods/shapley.md`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.linalg import cho_solve
from scipy.stats import t as student

from xai.methods.shapley.pairs import kernel
from xai.methods.shapley.regression import KNOWN, ROUNDING, Design, choosing_pairs
from xai.vocabulary import Floats, Integers


@dataclass(frozen=True, slots=True)
class _Fit:
    """A kernel solved on a set of coalitions (the last is the full one)."""

    precision: Floats  # constants projected out
    determinant: float  # log, restricted to what is not constant


def estimate_pairs(
    values: Floats, full: Floats, empty: Floats, design: Design
) -> tuple[Floats, Floats]:
    """Return interaction values and their standard errors, both of shape (n, pairs).

    Parameters
    ----------
    values : array of shape (n, 2 · pairs of coalitions)
        Of the sampled coalitions, then of their complements in the same order.
    full, empty : arrays of shape (n,)
    design : Design
    """
    half = values.shape[1] // 2
    even = np.column_stack([(values[:, :half] + values[:, half:]) / 2, (full + empty) / 2])
    rest = even - even.mean(axis=1, keepdims=True)
    floor = 1e-15 * np.square(even).sum(axis=1) + 1e-300
    chosen = _choose(design, rest, floor)
    count = design.players * (design.players - 1) // 2
    found, error = np.empty((2, len(full), count))
    for index in np.unique(chosen):
        rows = chosen == index
        found[rows], error[rows] = _solve(design, int(index), rest[rows], floor[rows])
    largest = np.maximum(np.abs(values).max(axis=1), np.maximum(np.abs(full), np.abs(empty)))
    return found, np.hypot(error, ROUNDING * largest[:, None])


def _choose(design: Design, rest: Floats, floor: Floats) -> Integers:
    """Return for each input the index of the kernel with the highest restricted likelihood."""
    seen = rest[:, _seen(design, rest.shape[1])]
    losses = []
    for index in range(len(design.kernels())):
        fit = _part(design, index)
        freedom = max(1, seen.shape[1] - 1)
        losses.append(fit.determinant + freedom * np.log(_misfit(fit, seen, floor)))
    # Rounded, so that the last bit of a matrix product cannot turn a tie.
    return np.asarray(np.round(losses, 3).argmin(axis=0))


def _misfit(fit: _Fit, rest: Floats, floor: Floats) -> Floats:
    return np.asarray(np.maximum(((rest @ fit.precision) * rest).sum(axis=1), floor))


def _solve(design: Design, index: int, rest: Floats, floor: Floats) -> tuple[Floats, Floats]:
    fit, operator, spread = _whole(design, index)
    freedom = max(1, rest.shape[1] - 1)
    wider = float(student.ppf(0.975, freedom)) / 1.96
    size = np.sqrt(_misfit(fit, rest, floor) / freedom)
    return rest @ operator.T, wider * np.outer(size, np.sqrt(spread))


def _seen(design: Design, observed: int) -> Integers:
    """Return which coalitions choose the kernel: the first of them, and the full one."""
    return np.append(np.arange(min(observed - 1, choosing_pairs(design))), observed - 1)


@lru_cache(maxsize=256)
def _part(design: Design, index: int) -> _Fit:
    signs = design.signs()
    return _fit(signs[_seen(design, len(signs))], *design.kernels()[index])


@lru_cache(maxsize=4)  # pairs × coalitions: 80 MB each at the most features and coalitions
def _whole(design: Design, index: int) -> tuple[_Fit, Floats, Floats]:
    """Return the fit, the operator from observations to values, and its posterior variances."""
    signs, (widths, nugget) = design.signs(), design.kernels()[index]
    fit = _fit(signs, widths, nugget)
    noise = np.append(np.full(len(signs) - 1, nugget), 0)
    across = kernel.across(signs, widths) + noise * kernel.shares(signs)
    prior = kernel.spread(widths) + nugget * kernel.share_power(design.players)
    operator = across @ fit.precision
    return fit, operator, np.maximum(prior - (operator * across).sum(axis=1), 0)


def _fit(signs: Floats, widths: Floats, nugget: float) -> _Fit:
    covariance = kernel.among(signs, widths)
    covariance[np.diag_indices(len(signs) - 1)] += nugget
    covariance[-1, -1] += KNOWN
    factor = np.linalg.cholesky(covariance)
    precision = cho_solve((factor, True), np.eye(len(signs)))
    weight = precision.sum(axis=0)
    total = float(weight.sum())
    precision -= np.outer(weight, weight) / total
    determinant = 2 * np.log(np.diag(factor)).sum() + np.log(total)
    return _Fit(precision, float(determinant))
