"""The walk that cuts trees into subtrees, compiled by numba: count, then fill, by the same code.

`nodes`, `groups` and `scratch` are the tuples of arrays of `subtrees.py`.
"""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(nogil=True)
def walk(nodes, groups, scratch, totals, most, fill):  # type: ignore[no-untyped-def]
    """Walk every tree; totals: subtrees, bits, players, leaves, asks, answers, entries, widest."""
    stack, path = scratch.stack, scratch.path
    for root in nodes.roots:
        top = 0
        stack[0, 0], stack[1, 0], stack[2, 0] = root, 0, 0
        while top >= 0:
            node, depth, side = stack[0, top], stack[1, top], stack[2, top]
            top -= 1
            if depth > 0:
                path[1, depth - 1] = side
            bits = _path_bits(nodes, scratch, depth)
            if nodes.left[node] < 0 or bits + nodes.inner[node] <= most:
                _emit(nodes, groups, scratch, totals, node, depth, bits, top, fill)
                continue
            path[0, depth] = node
            for turn in range(2):
                top += 1
                stack[0, top] = nodes.left[node] if turn else nodes.right[node]
                stack[1, top], stack[2, top] = depth + 1, turn


@njit(nogil=True)
def _path_bits(nodes, scratch, depth):  # type: ignore[no-untyped-def]
    """Give each column of the path a bit; return how many there are."""
    count = 0
    for step in range(depth):
        column = nodes.column[scratch.path[0, step]]
        bit = 0
        while bit < count and scratch.bits[bit] != column:
            bit += 1
        if bit == count:
            scratch.bits[count] = column
            count += 1
        scratch.path[2, step] = bit
    return count


@njit(nogil=True)
def _emit(nodes, groups, scratch, totals, node, depth, bits, top, fill):  # type: ignore[no-untyped-def]
    """Write one subtree; its own walk uses the stack above `top`."""
    g, first, players = int(totals[0]), int(totals[1]), int(totals[2])
    if fill:
        _write_path(nodes, groups, scratch, totals, depth, bits)
    else:
        for bit in range(bits):
            totals[5] += nodes.lengths[scratch.bits[bit]]
    stack, path, bottom = scratch.stack, scratch.path, top
    top += 1
    stack[0, top], stack[1, top], stack[2, top] = node, depth, 0
    held = np.int64(0)  # a plain 0 is a type of its own, and compiles the callee twice
    while top > bottom:
        here, level, side = stack[0, top], stack[1, top], stack[2, top]
        top -= 1
        if level > depth:
            path[1, level - 1] = side
        if nodes.left[here] < 0:
            held = _leaf(nodes, groups, scratch, totals, here, level, depth, held, fill)
            continue
        path[0, level], path[2, level] = here, bits
        if fill:
            _write_node(nodes, groups, first + bits, here)
        bits += 1
        for turn in range(2):
            top += 1
            stack[0, top] = nodes.left[here] if turn else nodes.right[here]
            stack[1, top], stack[2, top] = level + 1, turn
    totals[0] += 1
    totals[1] += bits
    totals[2] += held
    totals[6] += held * 2.0**bits
    totals[7] = max(totals[7], bits)
    if fill:
        groups.bit_start[g + 1] = first + bits
        groups.player_start[g + 1] = players + held
        groups.leaf_start[g + 1] = int(totals[3])


@njit(nogil=True)
def _write_node(nodes, groups, at, node):  # type: ignore[no-untyped-def]
    groups.bit_column[at] = nodes.column[node]
    groups.bit_high[at] = nodes.rank[node]
    groups.bit_missing[at] = nodes.missing[node]
    groups.bit_answers[at] = nodes.start[node]


@njit(nogil=True)
def _write_path(nodes, groups, scratch, totals, depth, bits):  # type: ignore[no-untyped-def]
    """Write the bits of the path: intervals of codes, or answers joined by and."""
    first = int(totals[1])
    for bit in range(bits):
        column = scratch.bits[bit]
        groups.bit_column[first + bit] = column
        if nodes.lengths[column] > 0:
            groups.bit_answers[first + bit] = nodes.known + int(totals[5])
            totals[5] += nodes.lengths[column]
    for step in range(depth):
        node, left, at = scratch.path[0, step], scratch.path[1, step], first + scratch.path[2, step]
        if nodes.start[node] >= 0:
            for code in range(nodes.lengths[nodes.column[node]]):
                if groups.answers[nodes.start[node] + code] != left:
                    groups.answers[groups.bit_answers[at] + code] = 0
        elif left:
            groups.bit_high[at] = min(groups.bit_high[at], nodes.rank[node])
        else:
            groups.bit_low[at] = max(groups.bit_low[at], nodes.rank[node])
        if nodes.missing[node] != left:
            groups.bit_missing[at] = False


@njit(nogil=True)
def _leaf(nodes, groups, scratch, totals, leaf, level, depth, held, fill):  # type: ignore[no-untyped-def]
    """Write what a leaf asks of each player; return how many players the subtree has now."""
    path, ask, count = scratch.path, scratch.ask, 0
    for step in range(level):
        node, bit = path[0, step], 1 << path[2, step]
        player, below = nodes.owner[node], path[0, step + 1] if step + 1 < level else leaf
        at = 0
        while at < count and ask[0, at] != player:
            at += 1
        if at == count:
            ask[0, at], ask[1, at], ask[2, at], scratch.ratio[at] = player, 0, 0, 1.0
            count += 1
        ask[1, at] |= bit
        if step < depth or path[1, step] == 1:
            ask[2, at] |= bit
        scratch.ratio[at] *= nodes.ratio[below]
    first = int(totals[4])
    for at in range(count):
        place = 0
        while place < held and scratch.players[place] != ask[0, at]:
            place += 1
        if place == held:
            scratch.players[held] = ask[0, at]
            held += 1
        if fill:
            groups.player[int(totals[2]) + place] = ask[0, at]
            groups.ask_player[first + at], groups.ask_ratio[first + at] = place, scratch.ratio[at]
            groups.ask_mask[first + at], groups.ask_want[first + at] = ask[1, at], ask[2, at]
    if fill:
        groups.value[int(totals[3])] = nodes.value[leaf]
        groups.ask_start[int(totals[3]) + 1] = first + count
    totals[3] += 1
    totals[4] += count
    return held
