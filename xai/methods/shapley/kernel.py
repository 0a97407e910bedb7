"""The prior of a sampled game: the odd part of the kernel Π(1 + aᵢ·sᵢ·tᵢ) on signs, and a nugget.

A coalition is written as signs (+1 inside, −1 outside). The product is Σ over sets U of
(Π of a over U)·e_U(s)·e_U(t), with e_U the product of the signs in U; its odd part keeps the odd
sets, because the Shapley value of e_U is 2/|U| for every member when |U| is odd, and 0 otherwise.
So covariances with Shapley values are integrals of products: 1/|U| = ∫ u^(|U|−1) du over [0, 1].
Everything is divided by the prior variance of the full coalition, in logarithms, so that many
players do not overflow. Derivation: `docs/methods/shapley.md`.
"""

from __future__ import annotations

from math import comb, lgamma
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from xai.vocabulary import Floats

NODES, WEIGHTS = np.polynomial.legendre.leggauss(16)
NODES, WEIGHTS = (NODES + 1) / 2, WEIGHTS / 2


def among(signs: Floats, widths: Floats) -> Floats:
    """Return the covariance of the odd game among coalitions, shape (m, m).

    Parameters
    ----------
    signs : array of shape (m, players)
    widths : array of shape (players,)
        Between 0 and 1; the weight of an interaction is the product of those of its members.
    """
    same, other = np.log1p(widths), np.log1p(-widths)
    middle, scale = (same + other).sum() / 2, _scale(widths)
    agree = (signs * ((same - other) / 2)) @ signs.T
    return np.asarray(np.exp(middle + agree - scale) - np.exp(middle - agree - scale))


def across(signs: Floats, widths: Floats) -> Floats:
    """Return the covariance of Shapley values and the odd game, shape (players, m)."""
    scale, total = _scale(widths), np.zeros(signs.shape)
    for node, weight in zip(NODES, WEIGHTS, strict=True):
        for turn in (1.0, -1.0):
            each = np.log1p(turn * node * widths * signs)
            total += weight * np.exp(each.sum(axis=1, keepdims=True) - each - scale)
    return np.asarray(2 * widths[:, None] * (total * signs).T)


def spread(widths: Floats) -> Floats:
    """Return the prior variance of each Shapley value, shape (players,)."""
    node, weight = np.outer(NODES, NODES).ravel(), np.outer(WEIGHTS, WEIGHTS).ravel()
    total = np.zeros(len(widths))
    for turn in (1.0, -1.0):
        each = np.log1p(turn * node[:, None] * widths)
        total += weight @ np.exp(each.sum(axis=1, keepdims=True) - each - _scale(widths))
    return np.asarray(4 * widths * total)


def shares(signs: Floats) -> Floats:
    """Return by how much each pair's odd value enters each Shapley value, shape (players, m)."""
    players = signs.shape[1]
    size = (signs > 0).sum(axis=1)
    inside = np.array([0.0, *(_weight(players, s - 1) for s in range(1, players + 1))])
    outside = np.array([*(_weight(players, s) for s in range(players)), 0.0])
    return 2 * np.where(signs > 0, inside[size, None], -outside[size, None]).T


def share_power(players: int) -> float:
    """Return the sum of squares of a player's `shares` over all pairs but the full one."""
    every = sum(
        np.exp(np.log(float(comb(players - 1, s))) + 2 * np.log(_weight(players, s)))
        for s in range(players)
    )
    return float(4 * every - 4 / players**2)


def _weight(players: int, before: int) -> float:
    """Return the share of orders in which exactly the `before` players named come first."""
    logarithm = lgamma(before + 1) + lgamma(players - before) - lgamma(players + 1)
    return float(np.exp(logarithm))


def _scale(widths: Floats) -> float:
    same, other = np.log1p(widths), np.log1p(-widths)
    return float(same.sum() + np.log1p(-np.exp((other - same).sum())))
