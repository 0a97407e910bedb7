"""Rows against tables: a few comparisons and one table row per subtree, compiled by numba.

Codes, bounds and patterns are all of 16 bits (codes and bounds of 32 where a column has more
cuts), so that a comparison takes as many rows at once as the processor can. The functions take
plain arrays: a tuple of arrays would be counted at every step, which costs more than the step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from xai.methods.shapley.trees.subtrees import Groups

BLOCK = 1024
"""Rows at a time: their codes and sums stay in the processor's nearest caches."""


def look_up(codes: Any, groups: Groups, start: Any, table: Any, out: Any) -> None:
    """Add up the table rows of every row of `codes` (columns, n) into `out` (n, players)."""
    places = (groups.bit_start, groups.player_start, start)
    _look_up(codes, _holes(codes), *places, *_bits(groups), groups.player, table, out)


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


@njit(nogil=True, fastmath={"nsz", "contract", "arcp", "reassoc"})
def _look_up(  # type: ignore[no-untyped-def]
    codes, holes, bit_start, player_start, start,
    column, low, high, missing, told, answers, player, table, out,
):  # fmt: skip
    pattern = np.zeros(BLOCK, np.int16)
    total = np.zeros((out.shape[1], BLOCK), np.float32)
    for begin in range(0, codes.shape[1], BLOCK):
        m = min(BLOCK, codes.shape[1] - begin)
        total[:] = 0
        for g in range(len(bit_start) - 1):
            pattern[:] = 0
            for bit in range(bit_start[g], bit_start[g + 1]):
                x, one = codes[column[bit], begin : begin + m], np.int16(1 << (bit - bit_start[g]))
                if told[bit] >= 0:
                    _mark_told(x, answers[told[bit] :], one, pattern)
                else:
                    loose = holes[column[bit]] and missing[bit]
                    _mark(x, low[bit], high[bit], loose, one, pattern)
            size, at = 1 << (bit_start[g + 1] - bit_start[g]), start[g]
            for k in range(player_start[g], player_start[g + 1]):
                values, sums = table[at : at + size], total[player[k]]
                for r in range(m):
                    sums[r] += values[pattern[r]]
                at += size
        for k in range(out.shape[1]):
            for r in range(m):
                out[begin + r, k] = total[k, r]


@njit(nogil=True)
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


@njit(nogil=True)
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


@njit(nogil=True)
def _mark_told(codes, answers, one, pattern):  # type: ignore[no-untyped-def]
    """Set one bit of the pattern where the list of answers says so."""
    for r in range(len(codes)):
        if answers[codes[r]]:
            pattern[r] |= one
