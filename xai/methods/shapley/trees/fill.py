"""The tables of subtrees: exact Shapley values of all their leaves, for every pattern of bits.

A leaf adds its value v to the game when every player lets it: a player inside the coalition by the
row's own bits (o = 1 if they fit, else 0), a player outside by the share r of the training cover
that goes the leaf's way (path-dependent), or by the bits of a background row (interventional).

Path-dependent: φᵢ = v·(oᵢ − rᵢ)·∫₀¹ Π over j≠i of (rⱼ(1 − u) + oⱼu) du; Gauss–Legendre with half as
many nodes as players is exact. Interventional: with a players that only the row satisfies and b
that only the background row satisfies, the first get v·(a−1)!·b!/(a+b)!, the second the negative
of v·a!·(b−1)!/(a+b)!, and nobody anything where some player is satisfied by neither.
"""

from __future__ import annotations

from math import factorial

import numpy as np
from numba import njit

from xai.methods.shapley.trees.subtrees import MOST_BITS

QUADRATURE = np.zeros((MOST_BITS + 1, 2, MOST_BITS // 2 + 1))
"""By number of players: nodes and weights on [0, 1]."""
for _players in range(1, MOST_BITS + 1):
    _count = (_players + 1) // 2
    _nodes, _weights = np.polynomial.legendre.leggauss(_count)
    QUADRATURE[_players, 0, :_count], QUADRATURE[_players, 1, :_count] = (
        (_nodes + 1) / 2,
        _weights / 2,
    )
ORDERS = np.array(
    [
        [factorial(a) * factorial(b) / factorial(a + b + 1) for b in range(MOST_BITS + 1)]
        for a in range(MOST_BITS + 1)
    ]
)
"""[a, b]: the share of orders in which a given players come before one, and b after."""


@njit(nogil=True)
def fill_path(groups, first, last, start, quadrature, table):  # type: ignore[no-untyped-def]
    """Write the path-dependent tables of subtrees `first` to `last`."""
    for g in range(first, last):
        bits = groups.bit_start[g + 1] - groups.bit_start[g]
        players = groups.player_start[g + 1] - groups.player_start[g]
        size = 1 << bits
        row = np.zeros((players, size))
        for leaf in range(groups.leaf_start[g], groups.leaf_start[g + 1]):
            asks = groups.ask_start[leaf + 1] - groups.ask_start[leaf]
            if asks:
                own = _path_leaf(groups, leaf, asks, quadrature)
                _spread(groups, leaf, asks, own, row)
        _keep(row, start[g], table)


@njit(nogil=True)
def fill_background(groups, first, last, start, patterns, orders, table):  # type: ignore[no-untyped-def]
    """Write the interventional tables; `patterns` (subtrees, b) are the background rows' bits."""
    for g in range(first, last):
        bits = groups.bit_start[g + 1] - groups.bit_start[g]
        players = groups.player_start[g + 1] - groups.player_start[g]
        size = 1 << bits
        share = np.zeros(size)
        for r in range(patterns.shape[1]):
            share[patterns[g, r]] += 1.0 / patterns.shape[1]
        row = np.zeros((players, size))
        for leaf in range(groups.leaf_start[g], groups.leaf_start[g + 1]):
            asks = groups.ask_start[leaf + 1] - groups.ask_start[leaf]
            if asks:
                own = _background_leaf(groups, leaf, asks, share, orders)
                _spread(groups, leaf, asks, own, row)
        _keep(row, start[g], table)


@njit(nogil=True)
def _path_leaf(groups, leaf, asks, quadrature):  # type: ignore[no-untyped-def]
    """Return the values of a leaf's players, (asks, 2^asks), by which of them it is given."""
    at = groups.ask_start[leaf]
    own = np.zeros((asks, 1 << asks))
    product = np.empty(1 << asks)
    for q in range((asks + 1) // 2):
        u, weight = quadrature[asks, 0, q], quadrature[asks, 1, q]
        product[0] = groups.value[leaf] * weight
        for k in range(asks):
            out = groups.ask_ratio[at + k] * (1 - u)
            for p in range(1 << k):
                product[p + (1 << k)] = product[p] * (out + u)
                product[p] *= out
        for k in range(asks):
            ratio = groups.ask_ratio[at + k]
            given, refused = (1 - ratio) / (ratio * (1 - u) + u), -1 / (1 - u)
            for p in range(1 << asks):
                own[k, p] += product[p] * (given if (p >> k) & 1 else refused)
    return own


@njit(nogil=True)
def _background_leaf(groups, leaf, asks, share, orders):  # type: ignore[no-untyped-def]
    """Return the same for a background whose patterns have these shares."""
    at, full = groups.ask_start[leaf], (1 << asks) - 1
    satisfied = np.zeros(1 << asks)
    for pattern in range(len(share)):
        if share[pattern] > 0:
            satisfied[_given(groups, at, asks, pattern)] += share[pattern]
    own = np.zeros((asks, 1 << asks))
    for b in range(1 << asks):
        if satisfied[b] == 0:
            continue
        value, extra = groups.value[leaf] * satisfied[b], b
        while True:  # every row that satisfies what the background row does not
            x = (full & ~b) | extra
            mine, theirs = x & ~b, b & ~x
            for k in range(asks):
                if (mine >> k) & 1:
                    own[k, x] += value * orders[_ones(mine) - 1, _ones(theirs)]
                elif (theirs >> k) & 1:
                    own[k, x] -= value * orders[_ones(mine), _ones(theirs) - 1]
            if extra == 0:
                break
            extra = (extra - 1) & b
    return own


@njit(nogil=True)
def _spread(groups, leaf, asks, own, row):  # type: ignore[no-untyped-def]
    """Add a leaf's values to the patterns of its subtree."""
    at = groups.ask_start[leaf]
    for pattern in range(row.shape[1]):
        given = _given(groups, at, asks, pattern)
        for k in range(asks):
            row[groups.ask_player[at + k], pattern] += own[k, given]


@njit(nogil=True)
def _given(groups, at, asks, pattern):  # type: ignore[no-untyped-def]
    """Return which of a leaf's players are satisfied, as bits."""
    found = 0
    for k in range(asks):
        if (pattern & groups.ask_mask[at + k]) == groups.ask_want[at + k]:
            found |= 1 << k
    return found


@njit(nogil=True)
def _ones(bits):  # type: ignore[no-untyped-def]
    count = 0
    while bits:
        bits &= bits - 1
        count += 1
    return count


@njit(nogil=True)
def _keep(row, at, table):  # type: ignore[no-untyped-def]
    for k in range(row.shape[0]):
        for pattern in range(row.shape[1]):
            table[at + k * row.shape[1] + pattern] = row[k, pattern]
