"""Shapley values from a sample of coalitions: a Gaussian process on the odd part of the game.

Only the odd part g(S) = (v(S) − v(complement of S)) / 2 of a game has Shapley values other than
zero. The prior is: an additive game without any penalty, plus a process with the odd product
kernel of `kernel.py`, plus a nugget: what the kernel cannot follow is part of the game too, equal
to itself where it was seen and unknown elsewhere. The posterior mean has Shapley values in closed
form; they are linear in the observed values, φ = A·g, with an A that depends on the coalitions
alone: one A serves every input. The kernel (a common width, or widths by how far the score moves
with each player) and the nugget are chosen for each input by restricted likelihood, so a result
does not depend on how inputs were cut into shards.

Standard errors: the posterior's, scaled by how far the input's own game strays from additive.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.linalg import cho_solve
from scipy.stats import t as student

from xai.methods.shapley import kernel
from xai.methods.shapley.game import sampled_halves
from xai.vocabulary import Floats, Integers

ROUNDING = 1e-6
"""Floor of the error as a share of the largest value of the game: float32 outputs, summed."""
CHOICE_PAIRS = 256
"""Pairs that choose the kernel: more would cost a cubic time and change the choice little."""
CHOOSING = 1.06
"""Widens the error for having chosen the kernel on the same game; measured, see the document."""
NUGGETS = (1e-7, 1e-3, 3e-2, 0.5)
"""Variances of what the kernel cannot follow, against a prior variance of 1."""
LEVELS = 8
"""Widths tried of each shape."""
KNOWN = 1e-9
"""Variance of the full coalition: values must sum to its change."""


@dataclass(frozen=True, slots=True)
class Design:
    """What identifies a set of coalitions and the kernels tried on them.

    Attributes
    ----------
    relevance : tuple of float, length players, or empty
        How far the score moves with each player, 1 for the strongest; never 0.
    """

    players: int
    coalitions: int
    seed: int
    relevance: tuple[float, ...] = ()

    def signs(self) -> Floats:
        """Return the coalitions as signs, and the full one as the last row."""
        halves = sampled_halves(self.players, self.coalitions, self.seed)
        return np.vstack([np.where(halves, 1.0, -1.0), np.ones(self.players)])

    def kernels(self) -> list[tuple[Floats, float]]:
        """Return the widths and nuggets to choose from."""
        shapes = [np.outer(np.geomspace(0.3 / self.players, 0.7, LEVELS), np.ones(self.players))]
        if self.relevance:
            shapes.append(np.outer(np.geomspace(0.02, 0.9, LEVELS), self.relevance))
        return [(widths, nugget) for widths in np.vstack(shapes) for nugget in NUGGETS]


@dataclass(frozen=True, slots=True)
class _Fit:
    """A kernel solved on a set of coalitions (the last is the full one)."""

    precision: Floats  # additive games projected out
    slopes: Floats  # (players, pairs + 1): observations to the additive part
    determinant: float  # log, restricted to what is not additive


def estimate(values: Floats, full: Floats, empty: Floats, design: Design) -> tuple[Floats, Floats]:
    """Return Shapley values and their standard errors, both of shape (n, players).

    Parameters
    ----------
    values : array of shape (n, 2 · pairs)
        Of the sampled coalitions, then of their complements in the same order.
    full, empty : arrays of shape (n,)
    design : Design
    """
    half = values.shape[1] // 2
    change = full - empty
    odd = np.column_stack([(values[:, :half] - values[:, half:]) / 2, change / 2])
    # Additive games first, by least squares: what they leave is small, and so is its rounding.
    signs = design.signs()
    slopes = np.linalg.lstsq(signs, odd.T, rcond=None)[0].T
    rest = odd - slopes @ signs.T
    floor = 1e-15 * np.square(odd).sum(axis=1) + 1e-300
    found, error = np.empty_like(slopes), np.empty_like(slopes)
    chosen = _choose(design, rest, floor)
    for index in np.unique(chosen):
        rows = chosen == index
        found[rows], error[rows] = _solve(design, int(index), rest[rows], floor[rows])
    found += 2 * slopes
    found += ((change - found.sum(axis=1)) / design.players)[:, None]
    largest = np.maximum(np.abs(values).max(axis=1), np.maximum(np.abs(full), np.abs(empty)))
    return found, np.hypot(error, ROUNDING * largest[:, None])


def _choose(design: Design, rest: Floats, floor: Floats) -> Integers:
    """Return for each input the index of the kernel with the highest restricted likelihood."""
    pairs = min(rest.shape[1] - 1, choosing_pairs(design))
    seen = rest[:, np.append(np.arange(pairs), -1)]
    freedom = max(1, seen.shape[1] - design.players)
    losses = []
    for index in range(len(design.kernels())):
        fit = _part(design, index)
        losses.append(fit.determinant + freedom * np.log(_misfit(fit, seen, floor)))
    # Rounded, so that the last bit of a matrix product cannot turn a tie.
    return np.asarray(np.round(losses, 3).argmin(axis=0))


def _misfit(fit: _Fit, rest: Floats, floor: Floats) -> Floats:
    return np.asarray(np.maximum(((rest @ fit.precision) * rest).sum(axis=1), floor))


def _solve(design: Design, index: int, rest: Floats, floor: Floats) -> tuple[Floats, Floats]:
    fit, operator, spread = _whole(design, index)
    freedom = max(1, rest.shape[1] - design.players)
    # The scale is estimated too: ± 1.96 errors are to cover what Student's t would.
    wider = CHOOSING * float(student.ppf(0.975, freedom)) / 1.96
    size = np.sqrt(_misfit(fit, rest, floor) / freedom)
    return rest @ operator.T, wider * np.outer(size, np.sqrt(spread))


def choosing_pairs(design: Design) -> int:
    """Return how many pairs of coalitions choose the kernel."""
    # The additive part has one unknown per player: as few pairs as those would choose nothing.
    return max(CHOICE_PAIRS, 2 * design.players)


@lru_cache(maxsize=256)
def _part(design: Design, index: int) -> _Fit:
    signs = design.signs()
    part = np.append(np.arange(min(len(signs) - 1, choosing_pairs(design))), len(signs) - 1)
    return _fit(signs[part], *design.kernels()[index])


@lru_cache(maxsize=8)  # 33 MB each at the largest number of coalitions
def _whole(design: Design, index: int) -> tuple[_Fit, Floats, Floats]:
    """Return the fit, the operator from observations to values, and its posterior variances."""
    signs, (widths, nugget) = design.signs(), design.kernels()[index]
    small = len(signs) <= choosing_pairs(design) + 1
    fit = _part(design, index) if small else _fit(signs, widths, nugget)
    noise = np.append(np.full(len(signs) - 1, nugget), 0)
    across = kernel.across(signs, widths) + noise * kernel.shares(signs)
    prior = kernel.spread(widths) + nugget * kernel.share_power(design.players)
    operator = across @ fit.precision + 2 * fit.slopes
    seen = operator @ _covariance(signs, widths, nugget)
    spread = prior + (operator * (seen - 2 * across)).sum(axis=1)
    return fit, operator, np.maximum(spread, 0)


def _covariance(signs: Floats, widths: Floats, nugget: float) -> Floats:
    found = kernel.among(signs, widths)
    found[np.diag_indices(len(signs) - 1)] += nugget
    found[-1, -1] += KNOWN
    return found


def _fit(signs: Floats, widths: Floats, nugget: float) -> _Fit:
    factor = np.linalg.cholesky(_covariance(signs, widths, nugget))
    precision = cho_solve((factor, True), np.eye(len(signs)))
    additive = precision @ signs
    curvature = signs.T @ additive
    slopes = np.linalg.solve(curvature, additive.T)
    precision -= additive @ slopes
    determinant = 2 * np.log(np.diag(factor)).sum() + np.linalg.slogdet(curvature)[1]
    return _Fit(precision, slopes, float(determinant))
