"""A table as every method sees it: one matrix of numbers, and what each column means."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from xai.errors import MissingColumn
from xai.vocabulary import Floats

if TYPE_CHECKING:
    from collections.abc import Sequence

Kind = Literal["number", "category", "boolean"]
BOOLEANS = ("False", "True")
MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Attributes
    ----------
    categories : tuple of str
        What the codes of a category or boolean stand for; empty for a number.
    is_integer : bool
        True for a number whose present values are all whole.
    """

    name: str
    kind: Kind
    categories: tuple[str, ...] = ()
    is_integer: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows and columns of a dataset.

    Attributes
    ----------
    matrix : array of shape (rows, columns)
        Numbers as they are, categories and booleans as codes into their column's `categories`,
        NaN for missing.
    """

    columns: tuple[Column, ...]
    matrix: Floats = field(repr=False)

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.matrix)

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the columns, in order."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> int:
        """Return the position of the column with exactly this name.

        Raises
        ------
        MissingColumn
            If there is none.
        """
        for position, column in enumerate(self.columns):
            if column.name == name:
                return position
        raise MissingColumn(f"The data has no column `{name}`.")

    def take(self, rows: Sequence[int] | np.ndarray) -> Table:
        """Return the table of these rows, in this order."""
        return Table(self.columns, self.matrix[np.asarray(rows, dtype=np.int64)])

    def select(self, positions: Sequence[int]) -> Table:
        """Return the table of these columns, in this order."""
        chosen = list(positions)
        return Table(tuple(self.columns[p] for p in chosen), self.matrix[:, chosen])

    def display(self, row: int) -> list[str]:
        """Return one row as a person reads it: "39", "Private", "missing"."""
        return [
            show(column, value)
            for column, value in zip(self.columns, self.matrix[row].tolist(), strict=True)
        ]


def show(column: Column, value: float) -> str:
    """Return one encoded value of a column as a person reads it."""
    if np.isnan(value):
        return MISSING
    if column.kind != "number":
        return column.categories[int(value)]
    return plain_number(value)


def plain_number(value: float) -> str:
    """Return the shortest text that reads back as this number, whole numbers without ".0"."""
    # From 2^53 on neighbouring whole numbers share one float: digits would be invented.
    if value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return repr(float(value))
