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

MOST_COLUMNS = 62
"""Columns above one leaf: a machine word has room for so many bits."""
QUADRATURE = np.zeros((MOST_COLUMNS + 1, 2, MOST_COLUMNS // 2 + 1))
"""By number of players: nodes and weights on [0, 1]."""
for _players in range(1, MOST_COLUMNS + 1):
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


@njit(nogil=True, cache=True)
def fill_path(  # type: ignore[no-untyped-def]
    first, last, bit_start, player_start, leaf_start, value, ask_start, ask_player, mask, want,
    ask_ratio, quadrature, start, table,
):  # fmt: skip
    """Write the path-dependent tables of subtrees `first` to `last`."""
    for g in range(first, last):
        if start[g + 1] == start[g]:
            continue
        row = np.zeros(
            (player_start[g + 1] - player_start[g], 1 << (bit_start[g + 1] - bit_start[g]))
        )
        for leaf in range(leaf_start[g], leaf_start[g + 1]):
            a, b = ask_start[leaf], ask_start[leaf + 1]
            if a < b:
                own = _path_leaf(value[leaf], ask_ratio[a:b], quadrature[b - a])
                _spread(ask_player[a:b], mask[a:b], want[a:b], own, row)
        table[start[g] : start[g + 1]] = row.ravel()


@njit(nogil=True, cache=True)
def fill_background(  # type: ignore[no-untyped-def]
    first, last, bit_start, player_start, leaf_start, value, ask_start, ask_player, mask, want,
    patterns, orders, start, table,
):  # fmt: skip
    """Write the interventional tables; `patterns` (subtrees, b) are the background rows' bits."""
    for g in range(first, last):
        share = np.zeros(1 << (bit_start[g + 1] - bit_start[g]))
        for r in range(patterns.shape[1]):
            share[patterns[g, r]] += 1.0 / patterns.shape[1]
        row = np.zeros((player_start[g + 1] - player_start[g], len(share)))
        for leaf in range(leaf_start[g], leaf_start[g + 1]):
            a, b = ask_start[leaf], ask_start[leaf + 1]
            if a < b:
                own = _background_leaf(value[leaf], mask[a:b], want[a:b], share, orders)
                _spread(ask_player[a:b], mask[a:b], want[a:b], own, row)
        table[start[g] : start[g + 1]] = row.ravel()


@njit(nogil=True, cache=True)
def _path_leaf(value, ratios, quadrature):  # type: ignore[no-untyped-def]
    """Return the values of a leaf's players, (asks, 2^asks), by which of them it is given."""
    asks = len(ratios)
    own, product = np.zeros((asks, 1 << asks)), np.empty(1 << asks)
    for q in range((asks + 1) // 2):
        u = quadrature[0, q]
        product[0] = value * quadrature[1, q]
        for k in range(asks):
            out = ratios[k] * (1 - u)
            for p in range(1 << k):
                product[p + (1 << k)] = product[p] * (out + u)
                product[p] *= out
        for k in range(asks):
            given, refused = (1 - ratios[k]) / (ratios[k] * (1 - u) + u), -1 / (1 - u)
            for p in range(1 << asks):
                own[k, p] += product[p] * (given if (p >> k) & 1 else refused)
    return own


@njit(nogil=True, cache=True)
def _background_leaf(value, mask, want, share, orders):  # type: ignore[no-untyped-def]
    """Return the same for a background whose patterns have these shares."""
    asks, full = len(mask), (1 << len(mask)) - 1
    satisfied = np.zeros(1 << asks)
    for pattern in range(len(share)):
        if share[pattern] > 0:
            satisfied[_given(mask, want, pattern)] += share[pattern]
    own = np.zeros((asks, 1 << asks))
    for b in range(1 << asks):
        extra = b
        while satisfied[b] > 0:  # every row that satisfies what the background row does not
            x = (full & ~b) | extra
            mine, theirs = x & ~b, b & ~x
            a, c, worth = _ones(mine), _ones(theirs), value * satisfied[b]
            for k in range(asks):
                if (mine >> k) & 1:
                    own[k, x] += worth * orders[a - 1, c]
                elif (theirs >> k) & 1:
                    own[k, x] -= worth * orders[a, c - 1]
            if extra == 0:
                break
            extra = (extra - 1) & b
    return own


@njit(nogil=True, cache=True)
def _spread(player, mask, want, own, row):  # type: ignore[no-untyped-def]
    """Add a leaf's values to the patterns of its subtree."""
    for pattern in range(row.shape[1]):
        given = _given(mask, want, pattern)
        for k in range(len(player)):
            row[player[k], pattern] += own[k, given]


@njit(nogil=True, cache=True)
def _given(mask, want, pattern):  # type: ignore[no-untyped-def]
    """Return which of a leaf's players are satisfied, as bits."""
    found = 0
    for k in range(len(mask)):
        if (pattern & mask[k]) == want[k]:
            found |= 1 << k
    return found


@njit(nogil=True, cache=True)
def _ones(bits):  # type: ignore[no-untyped-def]
    count = 0
    while bits:
        bits &= bits - 1
        count += 1
    return count
