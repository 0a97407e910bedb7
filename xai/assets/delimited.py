"""Tables as text: CSV and its relatives."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv

from xai.assets import dialect as dialects
from xai.assets.columns import Findings, from_text
from xai.assets.reading import BYTES, Reading, check_cells, check_size, checked_names
from xai.assets.table import Column, Table
from xai.assets.wording import count, listed, quoted
from xai.errors import RefusedFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from xai.assets.dialect import Dialect

# One record must fit into one block.
_BLOCK = 16 << 20


def read(path: Path) -> Reading:
    """Read a table from text.

    Raises
    ------
    RefusedFile
        If it is no table, or too large; the sentence names the line or column.
    """
    if path.stat().st_size > BYTES:
        raise RefusedFile("The file is larger than 2 GB. Split it, or upload a sample of its rows.")
    dialect = dialects.detect(path)
    findings = Findings(notes=_header_notes(dialect))
    names = checked_names(dialect.header, findings)
    if dialect.is_quoted_oddly:
        _refuse_open_quote(path, dialect)
    parts = _parts(path, dialect, len(names))
    columns: list[Column] = []
    matrix = np.empty((sum(len(part) for part in parts[0]), len(names)), order="F")
    for position, name in enumerate(names):
        texts = pa.chunked_array(parts[position], pa.string()).combine_chunks()
        parts[position] = []
        column, matrix[:, position] = from_text(name, texts, dialect.decimal, findings)
        columns.append(column)
    return Reading(
        Table(tuple(columns), matrix), "csv", dialect.separator,
        dialect.encoding.removesuffix("-sig"), dialect.decimal, findings.sentences(),
    )  # fmt: skip


def strings(path: Path, names: tuple[str, ...]) -> dict[str, list[str | None]]:
    """Return the cells of some columns exactly as they are written."""
    dialect = dialects.detect(path)
    header = checked_names(dialect.header, Findings())
    parts = _parts(path, dialect, len(header))
    found: dict[str, list[str | None]] = {}
    for name in names:
        cells = pa.chunked_array(parts[header.index(name)], pa.string())
        found[name] = cells.to_pylist()
    return found


def _parts(path: Path, dialect: Dialect, width: int) -> list[list[pa.Array]]:
    """Return for every column its pieces of text."""
    parts: list[list[pa.Array]] = [[] for _ in range(width)]
    rows = 0
    try:
        with path.open("rb") as file:
            for batch in _batches(file, dialect, width):
                rows += batch.num_rows
                check_size(rows, width)
                for position, cells in enumerate(batch.columns):
                    check_cells(dialect.header[position], cells)
                    parts[position].append(cells)
    except pa.ArrowInvalid as error:
        raise _explained(path, dialect, width) from error
    if not rows:
        raise RefusedFile(
            f"The table has a first row ({listed([quoted(n) for n in dialect.header], 4)}) "
            "but no data below it."
        )
    return parts


def _batches(file: object, dialect: Dialect, width: int) -> Iterator[pa.RecordBatch]:
    # Names of our own, because those of the file may be strange.
    names = [str(position) for position in range(width)]
    is_utf8 = dialect.encoding.startswith("utf-8")
    yield from arrow_csv.open_csv(
        file,
        arrow_csv.ReadOptions(
            use_threads=False,
            block_size=_BLOCK,
            column_names=names,
            skip_rows=dialect.blank_lines,
            skip_rows_after_names=1,
            encoding="utf8" if is_utf8 else dialect.encoding,
        ),
        arrow_csv.ParseOptions(delimiter=dialect.separator, newlines_in_values=True),
        arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            strings_can_be_null=False,
            check_utf8=False,
        ),
    )


def _explained(path: Path, dialect: Dialect, width: int) -> RefusedFile:
    """Read up to the first bad record and say what is wrong there."""
    line = [1]
    try:
        with dialects.records(path, dialect, is_strict=False) as (records, line):
            for record in records:
                if len(record) != width:
                    return RefusedFile(
                        f"Line {line[0]:,} has {count(len(record), 'value')}, the first row has "
                        f"{count(width, 'column')}. Check that line for a missing or extra "
                        f"{_spoken(dialect.separator)}."
                    )
    except csv.Error as error:
        return RefusedFile(_sentence(error, line[0]))
    return RefusedFile(
        "The rows cannot be told apart. Save the table again as CSV in UTF-8, with a comma "
        "between values and quotation marks around text."
    )


def _refuse_open_quote(path: Path, dialect: Dialect) -> None:
    line = [1]
    try:
        with dialects.records(path, dialect, is_strict=True) as (records, line):
            for _ in records:
                pass
    except csv.Error as error:
        if "unexpected end" in str(error) or "limit" in str(error):
            raise RefusedFile(_sentence(error, line[0])) from error


def _sentence(error: csv.Error, line: int) -> str:
    if "unexpected end" in str(error):
        return f"The quotation mark opened on line {line:,} is never closed. Close or remove it."
    if "limit" in str(error):
        return (
            f"Line {line:,} holds a cell of more than 1 MB. Shorten it, or look for a quotation "
            "mark that is never closed."
        )
    return f"Line {line:,} cannot be read: text follows a closing quotation mark. Mend the quotes."


def _header_notes(dialect: Dialect) -> list[str]:
    notes = []
    if dialect.encoding in {"cp1252", "latin-1"}:
        notes.append(
            "The text is not UTF-8; it was read as Windows-1252 (Western European). "
            "If letters with accents look wrong, save the file as UTF-8."
        )
    if dialect.decimal == ",":
        notes.append("Numbers are written with a decimal comma: 3,14 is read as 3.14.")
    if all(_is_number(name) for name in dialect.header):
        notes.append(
            f"The first row ({listed([quoted(name) for name in dialect.header], 4)}) is read as "
            "column names, but looks like data. If so, add a row of names above it."
        )
    return notes


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _spoken(separator: str) -> str:
    return {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}[separator]
