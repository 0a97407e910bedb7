"""Tables of pairs: what two players of a subtree add together, for every pattern of bits.

As in `fill.py`, with two players taken out of the product: path-dependent
v·(oᵢ − rᵢ)·(oⱼ − rⱼ)·∫₀¹ Π over k≠i,j of (r_k(1 − u) + o_k·u) du; interventional, of a players that
only the row satisfies and b that only the background row satisfies, v·(a − 2)!·b!/(a + b − 1)! for
two of the first, v·a!·(b − 2)!/(a + b − 1)! for two of the second, and the negative of
v·(a − 1)!·(b − 1)!/(a + b − 1)! for one of each.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from xai.methods.shapley.trees.fill import _given, _ones


@njit(nogil=True, cache=True)
def fill_path_pairs(  # type: ignore[no-untyped-def]
    first, last, bit_start, player_start, leaf_start, value, ask_start, ask_player, mask, want,
    ask_ratio, quadrature, start, table,
):  # fmt: skip
    """Write the path-dependent tables of the pairs of subtrees `first` to `last`."""
    for g in range(first, last):
        if start[g + 1] == start[g]:
            continue
        players = player_start[g + 1] - player_start[g]
        size = 1 << (bit_start[g + 1] - bit_start[g])
        row = np.zeros((players * (players - 1) // 2, size))
        for leaf in range(leaf_start[g], leaf_start[g + 1]):
            a, b = ask_start[leaf], ask_start[leaf + 1]
            if b - a > 1:
                own = _path_leaf(value[leaf], ask_ratio[a:b], quadrature[b - a - 1])
                _spread(ask_player[a:b], mask[a:b], want[a:b], own, row, players)
        table[start[g] : start[g + 1]] = row.ravel()


@njit(nogil=True, cache=True)
def fill_background_pairs(  # type: ignore[no-untyped-def]
    first, last, bit_start, player_start, leaf_start, value, ask_start, ask_player, mask, want,
    patterns, orders, start, table,
):  # fmt: skip
    """Write the interventional ones; `patterns` (subtrees, b) are the background rows' bits."""
    for g in range(first, last):
        players = player_start[g + 1] - player_start[g]
        share = np.zeros(1 << (bit_start[g + 1] - bit_start[g]))
        for r in range(patterns.shape[1]):
            share[patterns[g, r]] += 1.0 / patterns.shape[1]
        row = np.zeros((players * (players - 1) // 2, len(share)))
        for leaf in range(leaf_start[g], leaf_start[g + 1]):
            a, b = ask_start[leaf], ask_start[leaf + 1]
            if b - a > 1:
                own = _background_leaf(value[leaf], mask[a:b], want[a:b], share, orders)
                _spread(ask_player[a:b], mask[a:b], want[a:b], own, row, players)
        table[start[g] : start[g + 1]] = row.ravel()


@njit(nogil=True, cache=True)
def _path_leaf(value, ratios, quadrature):  # type: ignore[no-untyped-def]
    """Return the values of a leaf's pairs, (pairs, 2^asks), by which asks are given.

    The rule of quadrature is that of one player less: so much lower is the degree.
    """
    asks = len(ratios)
    own, product = np.zeros((asks * (asks - 1) // 2, 1 << asks)), np.empty(1 << asks)
    for q in range(asks // 2):
        u = quadrature[0, q]
        product[0] = value * quadrature[1, q]
        for k in range(asks):
            out = ratios[k] * (1 - u)
            for p in range(1 << k):
                product[p + (1 << k)] = product[p] * (out + u)
                product[p] *= out
        pair, refused = 0, -1 / (1 - u)
        for k in range(asks):
            mine = (1 - ratios[k]) / (ratios[k] * (1 - u) + u)
            for j in range(k + 1, asks):
                theirs = (1 - ratios[j]) / (ratios[j] * (1 - u) + u)
                for p in range(1 << asks):
                    own[pair, p] += (
                        product[p]
                        * (mine if (p >> k) & 1 else refused)
                        * (theirs if (p >> j) & 1 else refused)
                    )
                pair += 1
    return own


@njit(nogil=True, cache=True)
def _background_leaf(value, mask, want, share, orders):  # type: ignore[no-untyped-def]
    """Return the same for a background whose patterns have these shares."""
    asks, full = len(mask), (1 << len(mask)) - 1
    satisfied = np.zeros(1 << asks)
    for pattern in range(len(share)):
        if share[pattern] > 0:
            satisfied[_given(mask, want, pattern)] += share[pattern]
    own = np.zeros((asks * (asks - 1) // 2, 1 << asks))
    for b in range(1 << asks):
        extra = b
        while satisfied[b] > 0:  # every row that satisfies what the background row does not
            x = (full & ~b) | extra
            _add_pairs(own, x, b, asks, value * satisfied[b], orders)
            if extra == 0:
                break
            extra = (extra - 1) & b
    return own


@njit(nogil=True, cache=True)
def _add_pairs(own, x, b, asks, worth, orders):  # type: ignore[no-untyped-def]
    """Add the interactions where the row gives the asks `x` and the background row `b`."""
    mine, theirs, pair = x & ~b, b & ~x, 0
    a, c = _ones(mine), _ones(theirs)
    for k in range(asks):
        for j in range(k + 1, asks):
            ours = ((mine >> k) & 1) + ((mine >> j) & 1)
            foreign = ((theirs >> k) & 1) + ((theirs >> j) & 1)
            if ours + foreign == 2:
                sign = -1.0 if ours == 1 else 1.0
                own[pair, x] += sign * worth * orders[a - ours, c - foreign]
            pair += 1


@njit(nogil=True, cache=True)
def _spread(player, mask, want, own, row, players):  # type: ignore[no-untyped-def]
    """Add a leaf's values to the patterns of its subtree."""
    asks = len(player)
    place, pair = np.empty(len(own), np.int64), 0
    for k in range(asks):
        for j in range(k + 1, asks):
            low, high = min(player[k], player[j]), max(player[k], player[j])
            place[pair] = low * (2 * players - low - 1) // 2 + high - low - 1
            pair += 1
    for pattern in range(row.shape[1]):
        given = _given(mask, want, pattern)
        for pair in range(len(place)):
            row[place[pair], pattern] += own[pair, given]
