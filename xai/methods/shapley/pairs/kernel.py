"""The prior of the even part of a sampled game: the even part of Π(1 + aᵢ·sᵢ·tᵢ), and a nugget.

Only the even part g(S) = (v(S) + v(complement of S)) / 2 has interactions of pairs: that of
e_U, the product of the signs in U, is 4/(|U| − 1) for every pair in U when |U| is even, and 0
otherwise. So covariances are integrals of products again: 1/(|U| − 1) = ∫ u^(|U|−2) du over
[0, 1]. Everything is divided by the prior variance of the full coalition.
"""

from __future__ import annotations

from math import comb, lgamma
from typing import TYPE_CHECKING

import numpy as np

from xai.methods.shapley.kernel import NODES, WEIGHTS

if TYPE_CHECKING:
    from xai.vocabulary import Floats


def among(signs: Floats, widths: Floats) -> Floats:
    """Return the covariance of the even game among coalitions, shape (m, m).

    Parameters
    ----------
    signs : array of shape (m, players)
        +1 inside a coalition, −1 outside.
    widths : array of shape (players,)
        Between 0 and 1; the weight of an interaction is the product of those of its members.
    """
    same, other = np.log1p(widths), np.log1p(-widths)
    middle, scale = (same + other).sum() / 2, _scale(widths)
    agree = (signs * ((same - other) / 2)) @ signs.T
    # A constant is no interaction: without it the largest term of the kernel is gone.
    return np.asarray(
        np.exp(middle + agree - scale) + np.exp(middle - agree - scale) - 2 * np.exp(-scale)
    )


def across(signs: Floats, widths: Floats) -> Floats:
    """Return the covariance of the pairs' values and the even game, shape (pairs, m)."""
    first, second = np.triu_indices(signs.shape[1], 1)
    scale, total = _scale(widths), np.zeros((len(signs), len(first)))
    for node, weight in zip(NODES, WEIGHTS, strict=True):
        for turn in (1.0, -1.0):
            each = np.log1p(turn * node * widths * signs)
            rest = each.sum(axis=1, keepdims=True) - scale - each[:, first] - each[:, second]
            total += weight * np.exp(rest)
    moved = signs * widths
    return np.asarray((4 * total * moved[:, first] * moved[:, second]).T)


def spread(widths: Floats) -> Floats:
    """Return the prior variance of each pair's value, shape (pairs,)."""
    first, second = np.triu_indices(len(widths), 1)
    node, weight = np.outer(NODES, NODES).ravel(), np.outer(WEIGHTS, WEIGHTS).ravel()
    total = np.zeros(len(first))
    for turn in (1.0, -1.0):
        each = np.log1p(turn * node[:, None] * widths)
        rest = each.sum(axis=1, keepdims=True) - _scale(widths) - each[:, first] - each[:, second]
        total += weight @ np.exp(rest)
    return np.asarray(16 * widths[first] * widths[second] * total)


def shares(signs: Floats) -> Floats:
    """Return by how much each even value enters each pair's value, shape (pairs, m)."""
    players = signs.shape[1]
    first, second = np.triu_indices(players, 1)
    size = (signs > 0).sum(axis=1)[:, None]
    both = np.array([_weight(players, s - 2) for s in range(players + 1)])
    apart = np.array([_weight(players, s - 1) for s in range(players + 1)])
    neither = np.array([_weight(players, s) for s in range(players + 1)])
    here, there = signs[:, first] > 0, signs[:, second] > 0
    together = np.where(here, both[size], neither[size])
    return np.asarray(2 * np.where(here == there, together, -apart[size]).T)


def share_power(players: int) -> float:
    """Return the sum of squares of a pair's `shares` over all even values but the full one's."""
    terms = (comb(players - 2, s) * (2 * _weight(players, s)) ** 2 for s in range(players - 1))
    # Once where both are inside (all but the full coalition), once where one is.
    return float(2 * sum(terms) - (2 * _weight(players, players - 2)) ** 2)


def _weight(players: int, before: int) -> float:
    """Return the share of orders of all but one in which `before` named players come first."""
    if not 0 <= before <= players - 2:
        return 0.0
    logarithm = lgamma(before + 1) + lgamma(players - 1 - before) - lgamma(players)
    return float(np.exp(logarithm))


def _scale(widths: Floats) -> float:
    same, other = np.log1p(widths).sum(), np.log1p(-widths).sum()
    return float(np.log(np.expm1(same) + np.expm1(other))) if same < 30 else float(same)
