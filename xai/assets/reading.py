"""What every reader of tables gives back, and the limits that every one keeps."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from xai.assets.wording import quoted
from xai.errors import RefusedFile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xai.assets.columns import Findings
    from xai.assets.table import Table

ROWS = 2_000_000
CELLS = 200_000_000
COLUMNS = 20_000
NAME_LENGTH = 1_000
BYTES = 2 << 30
CELL_LIMIT = 1 << 20


@dataclass(frozen=True, slots=True)
class Reading:
    """A table and how it was read."""

    table: Table
    format: str
    separator: str = ""
    encoding: str = ""
    decimal: str = "."
    notes: list[str] = field(default_factory=list)


def checked_names(header: Sequence[str], findings: Findings) -> list[str]:
    """Return usable names of columns: unique, none empty, without control characters.

    Raises
    ------
    RefusedFile
        If there are too many, or two are the same.
    """
    if len(header) > COLUMNS:
        raise RefusedFile(
            f"The table has {len(header):,} columns; at most {COLUMNS:,} are read. "
            "Leave out the columns that the model does not use."
        )
    names = []
    for position, written in enumerate(header, start=1):
        name = "".join(c if c.isprintable() else " " for c in written)
        if len(name) > NAME_LENGTH:
            raise RefusedFile(
                f"The name of column {position} is longer than {NAME_LENGTH:,} characters. Is the "
                "first row a row of column names?"
            )
        if not name.strip():
            name = f"column {position}"
            findings.notes.append(f"Column {position} has no name; it is called {quoted(name)}.")
        names.append(name)
    for name, times in Counter(names).items():
        if times > 1:
            raise RefusedFile(
                f"The column name {quoted(name)} appears {times} times. "
                "Rename the columns so that each name is there once."
            )
    return names


def check_size(rows: int, columns: int) -> None:
    """Refuse a table that is too large to explain.

    Raises
    ------
    RefusedFile
        Above the limit of rows or cells.
    """
    if rows > ROWS:
        raise RefusedFile(
            f"The table has more than {ROWS:,} rows. Split it, or upload a sample of its rows."
        )
    if rows * columns > CELLS:
        raise RefusedFile(
            f"The table has more than {CELLS:,} cells ({columns:,} columns). Split it, or leave "
            "out rows or columns."
        )


def check_cells(name: str, cells: pa.Array) -> None:
    """Refuse text of more than a megabyte in one cell.

    Raises
    ------
    RefusedFile
        If there is one; it names the column.
    """
    longest = pc.max(pc.binary_length(cells)).as_py() or 0
    if longest > CELL_LIMIT:
        raise RefusedFile(
            f"A cell of column {quoted(name)} holds {longest:,} bytes; at most 1 MB is read. "
            "Shorten it, or look for a quotation mark that is never closed."
        )
