"""Shapley values from a sample of coalitions: a Gaussian process on the odd part of the game.

Only the odd part g(S) = (v(S) − v(complement of S)) / 2 of a game has Shapley values other than
zero. Write a coalition as signs z (+1 inside, −1 outside). The prior is: an additive game without
any penalty, plus a process with the odd part of the kernel Π(1 + a·s_i·t_i), in which the weight
of an interaction falls by the factor a with every player more. The posterior mean has Shapley
values in closed form; they are linear in the observed values, φ = A·g, with an A that depends on
the coalitions alone: one A serves every input. The width a and the noise are chosen for each
input by restricted likelihood, so a result does not depend on how inputs were cut into shards.

Standard errors: jackknife over groups of pairs, with the closed form of leave-group-out kriging.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.linalg import cho_solve

from xai.methods.shapley.game import sampled_halves
from xai.vocabulary import Floats, Integers

GROUPS = 16
"""Groups of the jackknife: 15 degrees of freedom."""
STUDENT = 2.1315 / 1.9600
"""Widens the error so that ± 1.96 of it covers what Student's t with 15 degrees would."""
ROUNDING = 1e-6
"""Floor of the error as a share of the largest value of the game: float32 outputs, summed."""
CHOICE_PAIRS = 256
"""Pairs that choose the kernel: more would cost a cubic time and change the choice little."""
NOISES = (1e-7, 1e-3, 3e-2, 0.5)
"""Variances of what the kernel cannot follow, against a prior variance of 1."""
NODES, WEIGHTS = np.polynomial.legendre.leggauss(16)


@dataclass(frozen=True, slots=True)
class _Kernel:
    """A kernel solved on a set of coalitions (the last is the full one)."""

    operator: Floats  # (players, pairs + 1): observations to Shapley values
    precision: Floats  # additive games projected out
    determinant: float  # log, restricted to what is not additive


@dataclass(frozen=True, slots=True)
class _Design:
    """What identifies a set of coalitions."""

    players: int
    coalitions: int
    seed: int

    def signs(self, limit: int = sys.maxsize) -> Floats:
        """Return the coalitions as signs, at most `limit` of them, and the full one."""
        halves = sampled_halves(self.players, self.coalitions, self.seed)
        if len(halves) > limit:
            halves = halves[subset(len(halves), limit)]
        return np.vstack([np.where(halves, 1.0, -1.0), np.ones(self.players)])


def subset(size: int, limit: int) -> Integers:
    """Return `limit` positions spread evenly over `size`: pairs are ordered by coalition size."""
    return np.linspace(0, size - 1, min(size, limit)).round().astype(int)


def estimate(
    values: Floats, full: Floats, empty: Floats, design: tuple[int, int, int]
) -> tuple[Floats, Floats]:
    """Return Shapley values and their standard errors, both of shape (n, players).

    Parameters
    ----------
    values : array of shape (n, 2 · pairs)
        Of the sampled coalitions, then of their complements in the same order.
    full, empty : arrays of shape (n,)
    design : (players, coalitions, seed)
    """
    key = _Design(*design)
    half = values.shape[1] // 2
    change = full - empty
    odd = np.column_stack([(values[:, :half] - values[:, half:]) / 2, change / 2])
    # Additive games first, by least squares: what they leave is small, and so is its rounding.
    signs = key.signs()
    slopes = np.linalg.lstsq(signs, odd.T, rcond=None)[0].T
    rest = odd - slopes @ signs.T
    found, error = np.empty((len(odd), key.players)), np.empty((len(odd), key.players))
    chosen = _choose(key, rest, np.square(odd).sum(axis=1))
    for index in np.unique(chosen):
        rows = chosen == index
        width, noise = _grid(key.players)[index]
        found[rows], error[rows] = _solve(_whole(key, width, noise), rest[rows])
    found += 2 * slopes
    found += ((change - found.sum(axis=1)) / key.players)[:, None]
    largest = np.maximum(np.abs(values).max(axis=1), np.maximum(np.abs(full), np.abs(empty)))
    return found, np.hypot(STUDENT * error, ROUNDING * largest[:, None])


def _choose(key: _Design, rest: Floats, power: Floats) -> Integers:
    """Return for each input the index of the kernel with the highest restricted likelihood."""
    half = rest.shape[1] - 1
    seen = rest[:, np.append(subset(half, CHOICE_PAIRS), half)]
    freedom = max(1, seen.shape[1] - key.players)
    floor = 1e-15 * power + 1e-300
    losses = []
    for width, noise in _grid(key.players):
        kernel = _part(key, width, noise)
        misfit = np.maximum((seen @ kernel.precision * seen).sum(axis=1), floor)
        losses.append(kernel.determinant + freedom * np.log(misfit))
    # Rounded, so that the last bit of a matrix product cannot turn a tie.
    return np.asarray(np.round(losses, 3).argmin(axis=0))


def _grid(players: int) -> list[tuple[float, float]]:
    return [(a, noise) for a in np.geomspace(0.3 / players, 0.7, 8) for noise in NOISES]


def _solve(kernel: _Kernel, rest: Floats) -> tuple[Floats, Floats]:
    """Return the estimate and its jackknife error."""
    weights = rest @ kernel.precision
    moves = []
    for group in range(GROUPS):
        out = np.arange(group, rest.shape[1] - 1, GROUPS)  # ordered by size: every group has all
        block = kernel.precision[np.ix_(out, out)]
        missed = np.linalg.solve(block, weights[:, out].T)
        moves.append((kernel.operator[:, out] @ missed).T)
    spread = np.square(moves - np.mean(moves, axis=0)).sum(axis=0)
    return rest @ kernel.operator.T, np.sqrt(spread * (GROUPS - 1) / GROUPS)


@lru_cache(maxsize=64)
def _part(key: _Design, width: float, noise: float) -> _Kernel:
    return _fit(key.signs(CHOICE_PAIRS), width, noise)


@lru_cache(maxsize=8)  # 33 MB each at the largest number of coalitions
def _whole(key: _Design, width: float, noise: float) -> _Kernel:
    signs = key.signs()
    if len(signs) <= CHOICE_PAIRS + 1:
        return _part(key, width, noise)
    return _fit(signs, width, noise)


def _fit(signs: Floats, width: float, noise: float) -> _Kernel:
    inside, across = _odd_kernel(signs, width)
    inside[np.diag_indices(len(signs) - 1)] += noise
    inside[-1, -1] += 1e-9  # the full coalition is known: values must sum to its change
    factor = np.linalg.cholesky(inside)
    precision = cho_solve((factor, True), np.eye(len(signs)))
    additive = precision @ signs
    curvature = signs.T @ additive
    slopes = np.linalg.solve(curvature, additive.T)
    precision -= additive @ slopes
    determinant = 2 * np.log(np.diag(factor)).sum() + np.linalg.slogdet(curvature)[1]
    return _Kernel(across @ precision + 2 * slopes, precision, float(determinant))


def _odd_kernel(signs: Floats, width: float) -> tuple[Floats, Floats]:
    """Return the kernel among coalitions, and between Shapley values and coalitions.

    Both are divided by the prior variance of the full coalition, in logarithms, so that many
    players do not overflow.
    """
    players = signs.shape[1]
    same, other = np.log1p(width), np.log1p(-width)
    middle, slope = players * (same + other) / 2, (same - other) / 2
    agree = slope * (signs @ signs.T)
    scale = players * same + np.log1p(-np.exp(players * (other - same)))
    inside = np.exp(middle + agree - scale) - np.exp(middle - agree - scale)
    across = np.zeros((players, len(signs)))
    for node, weight in zip((NODES + 1) / 2, WEIGHTS / 2, strict=True):
        for turn in (1.0, -1.0):
            each = np.log1p(turn * node * width * signs)
            across += weight * np.exp(each.sum(axis=1, keepdims=True) - each - scale).T
    return inside, 2 * across * width * signs.T
