"""The walk that cuts trees into subtrees, compiled by numba: count, then fill, by the same code.

Arguments are plain arrays, laid out as `subtrees.py` says: tuples of arrays take numba several
times as long to compile, and every jailed process compiles anew. The rows of the arrays:
`whole` by node LEFT … INNER; `share` by node 0 ratio, 1 value; `starts` by subtree 0 bits,
1 players, 2 leaves; `bit` COLUMN, 1 low, 2 high, 3 missing, 4 answers; `ask` 0 player, 1 mask,
2 want; `place` STACK (node, depth, side), PATH (node, side, bit), BITS, ASK, PLAYERS.
"""

from __future__ import annotations

import numpy as np
from numba import njit

LEFT, RIGHT, COLUMN, OWNER, RANK, MISSING, START, INNER = range(8)
STACK, PATH, BITS, ASK, PLAYERS = 0, 3, 6, 7, 10


@njit(nogil=True, cache=True)
def walk(  # type: ignore[no-untyped-def]
    roots, whole, share, lengths, starts, bit, answers, player, value, ask_start, ask, ratio,
    place, ratios, totals, most, known, fill,
):  # fmt: skip
    """Walk every tree; totals: subtrees, bits, players, leaves, asks, answers, entries, widest."""
    for root in roots:
        top = 0
        place[STACK, 0], place[STACK + 1, 0], place[STACK + 2, 0] = root, 0, 0
        while top >= 0:
            node, depth = place[STACK, top], place[STACK + 1, top]
            if depth > 0:
                place[PATH + 1, depth - 1] = place[STACK + 2, top]
            top -= 1
            bits = _path_bits(whole, place, depth)
            if whole[LEFT, node] >= 0 and bits + whole[INNER, node] > most:
                place[PATH, depth] = node
                top = _push(whole, place, node, depth, top)
                continue
            _subtree(
                whole, share, lengths, starts, bit, answers, player, value, ask_start, ask, ratio,
                place, ratios, totals, known, fill, node, depth, bits, top,
            )  # fmt: skip


@njit(nogil=True, cache=True)
def _subtree(  # type: ignore[no-untyped-def]
    whole, share, lengths, starts, bit, answers, player, value, ask_start, ask, ratio,
    place, ratios, totals, known, fill, node, depth, bits, top,
):  # fmt: skip
    """Write one subtree; its own walk uses the stack above `top`."""
    if fill:
        _write_path(whole, lengths, bit, answers, place, totals, depth, bits, known)
    else:
        for b in range(bits):
            totals[5] += lengths[place[BITS, b]]
    first, g = totals[1], totals[0]
    held = np.int64(0)
    bottom, base = top, top + 1
    place[STACK, base], place[STACK + 1, base] = node, depth
    top += 1
    while top > bottom:
        here, level = place[STACK, top], place[STACK + 1, top]
        if level > depth:
            place[PATH + 1, level - 1] = place[STACK + 2, top]
        top -= 1
        if whole[LEFT, here] < 0:
            asks = _leaf(whole, share, place, ratios, here, level, depth)
            held = _players(place, asks, held)
            if fill:
                _write_leaf(
                    player, value, ask_start, ask, ratio, place, ratios, totals, asks,
                    share[1, here],
                )  # fmt: skip
            totals[3] += 1
            totals[4] += asks
            continue
        place[PATH, level], place[PATH + 2, level] = here, bits
        if fill:
            at = first + bits
            bit[0, at], bit[2, at] = whole[COLUMN, here], whole[RANK, here]
            bit[3, at], bit[4, at] = whole[MISSING, here], whole[START, here]
        bits += 1
        top = _push(whole, place, here, level, top)
    totals[0] += 1
    totals[1] += bits
    totals[2] += held
    totals[6] += held << min(bits, 40)
    totals[7] = max(totals[7], bits)
    if fill:
        starts[0, g + 1], starts[1, g + 1], starts[2, g + 1] = totals[1:4]


@njit(nogil=True, cache=True)
def _push(whole, place, node, depth, top):  # type: ignore[no-untyped-def]
    """Put both children on the stack, the left one on top; return the new top."""
    place[STACK, top + 1], place[STACK, top + 2] = whole[RIGHT, node], whole[LEFT, node]
    for turn in range(2):
        place[STACK + 1, top + 1 + turn], place[STACK + 2, top + 1 + turn] = depth + 1, turn
    return top + 2


@njit(nogil=True, cache=True)
def _path_bits(whole, place, depth):  # type: ignore[no-untyped-def]
    """Give each column of the path a bit; return how many there are."""
    count = 0
    for step in range(depth):
        column, bit = whole[COLUMN, place[PATH, step]], 0
        while bit < count and place[BITS, bit] != column:
            bit += 1
        if bit == count:
            place[BITS, count] = column
            count += 1
        place[PATH + 2, step] = bit
    return count


@njit(nogil=True, cache=True)
def _write_path(whole, lengths, bit, answers, place, totals, depth, bits, known):  # type: ignore[no-untyped-def]
    """Write the bits of the path: intervals of codes, or answers joined by and."""
    first = totals[1]
    for b in range(bits):
        column = place[BITS, b]
        bit[0, first + b] = column
        if lengths[column] > 0:
            bit[4, first + b] = known + totals[5]
            totals[5] += lengths[column]
    for step in range(depth):
        node, left, at = place[PATH, step], place[PATH + 1, step], first + place[PATH + 2, step]
        if whole[START, node] >= 0:
            for code in range(lengths[whole[COLUMN, node]]):
                if answers[whole[START, node] + code] != left:
                    answers[bit[4, at] + code] = 0
        elif left:
            bit[2, at] = min(bit[2, at], whole[RANK, node])
        else:
            bit[1, at] = max(bit[1, at], whole[RANK, node])
        if whole[MISSING, node] != left:
            bit[3, at] = 0


@njit(nogil=True, cache=True)
def _leaf(whole, share, place, ratios, leaf, level, depth):  # type: ignore[no-untyped-def]
    """Gather what a leaf asks of each player; return of how many."""
    count = 0
    for step in range(level):
        node, one = place[PATH, step], 1 << place[PATH + 2, step]
        player, at = whole[OWNER, node], 0
        while at < count and place[ASK, at] != player:
            at += 1
        if at == count:
            place[ASK, at], place[ASK + 1, at], place[ASK + 2, at] = player, 0, 0
            ratios[at] = 1.0
            count += 1
        place[ASK + 1, at] |= one
        if step < depth or place[PATH + 1, step] == 1:
            place[ASK + 2, at] |= one
        ratios[at] *= share[0, place[PATH, step + 1] if step + 1 < level else leaf]
    return count


@njit(nogil=True, cache=True)
def _players(place, asks, held):  # type: ignore[no-untyped-def]
    """Give the players of a subtree numbers for names; return how many there are."""
    for at in range(asks):
        number = 0
        while number < held and place[PLAYERS, number] != place[ASK, at]:
            number += 1
        if number == held:
            place[PLAYERS, held] = place[ASK, at]
            held += 1
        place[ASK, at] = number
    return held


@njit(nogil=True, cache=True)
def _write_leaf(player, value, ask_start, ask, ratio, place, ratios, totals, asks, worth):  # type: ignore[no-untyped-def]
    """Write a leaf."""
    first = totals[4]
    for at in range(asks):
        number = place[ASK, at]
        player[totals[2] + number] = place[PLAYERS, number]
        ask[0, first + at], ratio[first + at] = number, ratios[at]
        ask[1, first + at], ask[2, first + at] = place[ASK + 1, at], place[ASK + 2, at]
    value[totals[3]], ask_start[totals[3] + 1] = worth, first + asks
