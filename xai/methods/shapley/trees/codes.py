"""Rows as small whole numbers: what a comparison with any cut of the ensemble needs to know.

A number becomes how many of its column's cuts lie below it, so x ≤ cut number i is code ≤ i:
exact, whatever the precision of the library, and half the memory of the numbers themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from xai.trees import NUMBER, ZERO

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xai.trees import Trees
    from xai.vocabulary import Floats

    Codes = NDArray[np.int16] | NDArray[np.int32]

MISSING = -1
"""Code of NaN in a column of numbers."""


@dataclass(frozen=True)
class Coder:
    """How rows are coded, and the ensemble's conditions in codes.

    Attributes
    ----------
    cuts : dict from column to sorted cuts; absent where only categories or nothing is compared
    categories : dict from column to how many categories are told apart
    rank : int array of shape (nodes,)
        A number goes left if code < rank.
    start : int array of shape (nodes,)
        Where the node's answers to categories begin in `answers`; -1 for numbers.
    answers : uint8 array
        Does code 0, 1, …, any other, missing go left.
    kind : the integer type of codes
    """

    cuts: dict[int, Floats]
    categories: dict[int, int]
    rank: NDArray[np.int32]
    start: NDArray[np.int64]
    answers: NDArray[np.uint8]
    kind: type[np.signedinteger[Any]]
    is_single: bool
    zero_is_missing: NDArray[np.bool_]

    def encode(self, rows: Floats) -> Codes:
        """Return codes, shape (columns, n), from rows of shape (n, columns)."""
        found = np.zeros((rows.shape[1], len(rows)), dtype=self.kind)
        for column in sorted({*self.cuts, *self.categories}):
            x = rows[:, column]
            if column in self.categories:
                found[column] = self._categories(x, self.categories[column])
                continue
            if self.is_single:
                x = x.astype(np.float32).astype(np.float64)
            missing = np.isnan(x)
            if self.zero_is_missing[column]:
                missing |= np.abs(x) <= ZERO
            found[column] = np.searchsorted(self.cuts[column], x, side="left")
            found[column, missing] = MISSING
        return found

    def lengths(self) -> NDArray[np.int32]:
        """Return how many answers each column's categories have; 0 for numbers."""
        found = np.zeros(len(self.zero_is_missing), np.int32)
        for column, count in self.categories.items():
            found[column] = count + 2
        return found

    @staticmethod
    def _categories(x: Floats, known: int) -> NDArray[np.int64]:
        missing = np.isnan(x)
        code = np.trunc(np.where(missing, -1.0, x))
        code = np.where((code >= 0) & (code < known), code, known)
        return np.asarray(np.where(missing, known + 1, code), dtype=np.int64)


def coder_of(trees: Trees) -> Coder | None:
    """Return the coder of an ensemble; None where a column is both a number and a category."""
    inner = trees.left >= 0
    is_category = inner & (trees.choice != NUMBER)
    columns = set(trees.column[inner & ~is_category].tolist())
    if columns & set(trees.column[is_category].tolist()):
        return None
    cuts = {c: np.unique(trees.cut[inner & (trees.column == c)]) for c in sorted(columns)}
    rank = np.zeros(len(trees.left), np.int32)
    for column, known in cuts.items():
        here = inner & (trees.column == column)
        rank[here] = np.searchsorted(known, trees.cut[here]) + 1
    categories, start, answers = _answers(trees, is_category)
    largest = max([*(len(c) for c in cuts.values()), *(k + 2 for k in categories.values()), 0])
    return Coder(
        cuts=cuts,
        categories=categories,
        rank=rank,
        start=start,
        answers=answers,
        kind=np.int16 if largest < np.iinfo(np.int16).max else np.int32,
        is_single=trees.is_single,
        zero_is_missing=trees.zero_is_missing,
    )


def _answers(
    trees: Trees, is_category: NDArray[np.bool_]
) -> tuple[dict[int, int], NDArray[np.int64], NDArray[np.uint8]]:
    """Write what each category node does, all of a column over the same categories."""
    known: dict[int, int] = {}
    nodes = np.flatnonzero(is_category)
    for node in nodes:
        column, size = int(trees.column[node]), len(trees.choices[trees.choice[node]]) - 1
        known[column] = max(known.get(column, 0), size)
    start, parts, at = np.full(len(trees.left), -1, np.int64), [], 0
    for node in nodes:
        count, told = known[int(trees.column[node])], trees.choices[trees.choice[node]]
        row = np.full(count + 2, told[-1], np.uint8)
        row[: len(told) - 1] = told[:-1]
        row[-1] = trees.missing_left[node]
        start[node], at = at, at + len(row)
        parts.append(row)
    return known, start, np.concatenate(parts) if parts else np.zeros(1, np.uint8)
