"""Rows against tables: a few comparisons and one table row per subtree, compiled by numba.

Codes, bounds and patterns are all of 16 bits (codes and bounds of 32 where a column has more
cuts), so that a comparison takes as many rows at once as the processor can. The functions take
plain arrays: a tuple of arrays would be counted at every step, which costs more than the step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

from xai.methods.shapley.trees.fill import MOST_COLUMNS, QUADRATURE

if TYPE_CHECKING:
    from xai.methods.shapley.trees.subtrees import Groups

BLOCK = 1024
"""Rows at a time: their codes and sums stay in the processor's nearest caches."""
BLOCK_SUMS = 1 << 17
"""Sums at a time, of all rows together."""


def look_up(
    codes: Any, groups: Groups, start: Any, table: Any, out: Any, *, of_pairs: bool
) -> None:
    """Add up the table rows of every row of `codes` (columns, n) into `out` (n, players).

    A subtree without a table is a single leaf below many columns; its values are integrated.
    `of_pairs`: the groups' players are pairs of players, in the order of `pairs.py`.
    """
    places = (groups.bit_start, groups.player_start, groups.leaf_start, start)
    leaves = (groups.value, groups.ask_start, groups.ask_ratio, QUADRATURE)
    # Of pairs there are many: fewer rows at a time keep their sums in the cache.
    block = max(64, min(BLOCK, BLOCK_SUMS // max(out.shape[1], 1)))
    given = (*places, *_bits(groups), groups.player, *leaves, table, out, block, of_pairs)
    _look_up(codes, _holes(codes), *given)


def patterns(codes: Any, groups: Groups) -> Any:
    """Return the bits of every row of `codes` in every subtree, shape (subtrees, n)."""
    out = np.zeros((len(groups.bit_start) - 1, codes.shape[1]), np.int16)
    _patterns(codes, _holes(codes), groups.bit_start, *_bits(groups), out)
    return out


def _holes(codes: Any) -> Any:
    return (codes < 0).any(axis=1)


def _bits(groups: Groups) -> tuple[Any, ...]:
    return (groups.bit_column, groups.bit_low, groups.bit_high, groups.bit_missing,
        groups.bit_answers, groups.answers)  # fmt: skip


@njit(nogil=True, cache=True, fastmath={"nsz", "contract", "arcp", "reassoc"})
def _look_up(  # type: ignore[no-untyped-def]
    codes, holes, bit_start, player_start, leaf_start, start, column, low, high, missing, told,
    answers, player, value, ask_start, ratio, quadrature, table, out, block, of_pairs,
):  # fmt: skip
    pattern, one = np.zeros(block, np.int16), np.int16(1)
    fits, product = np.zeros((MOST_COLUMNS, block), np.int16), np.zeros(block, np.float32)
    ups = np.zeros((MOST_COLUMNS, block), np.float32)
    total = np.zeros((out.shape[1], block), np.float32)
    for begin in range(0, codes.shape[1], block):
        m = min(block, codes.shape[1] - begin)
        total[:] = 0
        for g in range(len(bit_start) - 1):
            pattern[:] = 0
            has_table = start[g + 1] > start[g]
            for bit in range(bit_start[g], bit_start[g + 1]):
                x, place = codes[column[bit], begin : begin + m], bit - bit_start[g]
                marked = pattern if has_table else fits[place]
                if not has_table:
                    marked[:] = 0
                mark = np.int16(1 << place) if has_table else one
                if told[bit] >= 0:
                    _mark_told(x, answers[told[bit] :], mark, marked)
                else:
                    loose = holes[column[bit]] and missing[bit]
                    _mark(x, low[bit], high[bit], loose, mark, marked)
            if not has_table:
                leaf = leaf_start[g]
                if leaf < leaf_start[g + 1] and ask_start[leaf] < ask_start[leaf + 1]:
                    asked = ratio[ask_start[leaf] : ask_start[leaf + 1]]
                    names = player[player_start[g] : player_start[g + 1]]
                    held = (value[leaf], asked, quadrature[len(asked)])
                    _integrate_either(*held, fits, product, ups, names, total, of_pairs)
                continue
            size, at = 1 << (bit_start[g + 1] - bit_start[g]), start[g]
            for k in range(player_start[g], player_start[g + 1]):
                values, sums = table[at : at + size], total[player[k]]
                for r in range(m):
                    sums[r] += values[pattern[r]]
                at += size
        for k in range(out.shape[1]):
            for r in range(m):
                out[begin + r, k] = total[k, r]


@njit(nogil=True, cache=True)
def _integrate_either(  # type: ignore[no-untyped-def]
    value, asked, rule, fits, product, ups, names, total, of_pairs
):
    if of_pairs:
        _integrate_pairs(value, asked, rule, fits, product, ups, names, total)
    else:
        _integrate(value, asked, rule, fits, product, names, total)


@njit(nogil=True, cache=True, fastmath={"nsz", "contract", "arcp", "reassoc"})
def _integrate(value, ratios, rule, fits, product, names, total):  # type: ignore[no-untyped-def]
    """Add a leaf's path-dependent values; its players are its columns, in the order of bits."""
    for q in range((len(ratios) + 1) // 2):
        u = rule[0, q]
        product[:] = np.float32(value * rule[1, q])
        for k in range(len(ratios)):
            given, refused = np.float32(ratios[k] * (1 - u) + u), np.float32(ratios[k] * (1 - u))
            fit = fits[k]
            for r in range(len(product)):
                product[r] *= given if fit[r] else refused
        for k in range(len(ratios)):
            up = np.float32((1 - ratios[k]) / (ratios[k] * (1 - u) + u))
            down, fit, sums = np.float32(-1 / (1 - u)), fits[k], total[names[k]]
            for r in range(len(product)):
                sums[r] += product[r] * (up if fit[r] else down)


@njit(nogil=True, cache=True, fastmath={"nsz", "contract", "arcp", "reassoc"})
def _integrate_pairs(value, ratios, rule, fits, product, ups, names, total):  # type: ignore[no-untyped-def]
    """Add a leaf's path-dependent interactions; `names` are of its pairs of columns, in order."""
    for q in range((len(ratios) + 1) // 2):
        u, pair = rule[0, q], 0
        product[:] = np.float32(value * rule[1, q])
        for k in range(len(ratios)):
            inside, out = np.float32(ratios[k] * (1 - u) + u), np.float32(ratios[k] * (1 - u))
            up, down = np.float32(1 - ratios[k]) / inside, np.float32(-1 / (1 - u))
            fit, mine = fits[k], ups[k]
            for r in range(len(product)):
                product[r] *= inside if fit[r] else out
                mine[r] = up if fit[r] else down
        for k in range(len(ratios)):
            for j in range(k + 1, len(ratios)):
                mine, theirs, sums = ups[k], ups[j], total[names[pair]]
                pair += 1
                for r in range(len(product)):
                    sums[r] += product[r] * mine[r] * theirs[r]


@njit(nogil=True, cache=True)
def _patterns(  # type: ignore[no-untyped-def]
    codes, holes, bit_start, column, low, high, missing, told, answers, out,
):  # fmt: skip
    for g in range(len(bit_start) - 1):
        for bit in range(bit_start[g], bit_start[g + 1]):
            x, one = codes[column[bit]], np.int16(1 << (bit - bit_start[g]))
            if told[bit] >= 0:
                _mark_told(x, answers[told[bit] :], one, out[g])
            else:
                loose = holes[column[bit]] and missing[bit]
                _mark(x, low[bit], high[bit], loose, one, out[g])


@njit(nogil=True, cache=True)
def _mark(codes, low, high, loose, one, pattern):  # type: ignore[no-untyped-def]
    """Set one bit of the pattern where low ≤ code < high, or where missing counts as fitting."""
    zero = np.int16(0)
    if loose:
        for r in range(len(codes)):
            fits = (codes[r] < 0) | ((codes[r] >= low) & (codes[r] < high))
            pattern[r] |= one if fits else zero
    else:
        for r in range(len(codes)):
            pattern[r] |= one if (codes[r] >= low) & (codes[r] < high) else zero


@njit(nogil=True, cache=True)
def _mark_told(codes, answers, one, pattern):  # type: ignore[no-untyped-def]
    """Set one bit of the pattern where the list of answers says so."""
    for r in range(len(codes)):
        if answers[codes[r]]:
            pattern[r] |= one
