"""Tables as JSON lines: one object a line, its keys the columns."""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from xai.assets.columns import Findings, from_categories, from_numbers
from xai.assets.reading import BYTES, CELL_LIMIT, Reading, check_cells, check_size, checked_names
from xai.assets.table import BOOLEANS, Column, Table
from xai.assets.wording import count, listed, quoted
from xai.errors import RefusedFile

if TYPE_CHECKING:
    from pathlib import Path

    from xai.vocabulary import Floats

LONGEST_LINE = 8 << 20
MOST_KEYS = 1_000


@dataclass(slots=True)
class _Rows:
    """What the lines held: for every key the rows that have it, and their values."""

    cells: dict[str, tuple[list[int], list[Any]]] = field(default_factory=dict)
    count: int = 0
    bad: dict[str, list[int]] = field(default_factory=dict)
    nested: Counter[str] = field(default_factory=Counter)
    doubled: int = 0


def read(path: Path) -> Reading:
    """Read a table from JSON lines. Lines that are no objects are left out and told.

    Raises
    ------
    RefusedFile
        If no line holds an object of plain values, or the file is too large.
    """
    rows = _read(path)
    findings = Findings(notes=_notes(rows))
    names = checked_names(list(rows.cells), findings)
    pairs = [
        _column(name, *cells, rows.count, findings)
        for name, cells in zip(names, rows.cells.values(), strict=True)
    ]
    matrix = np.empty((rows.count, len(pairs)), order="F")
    for position, (_, values) in enumerate(pairs):
        matrix[:, position] = values
    table = Table(tuple(column for column, _ in pairs), matrix)
    return Reading(table, "jsonl", encoding="utf-8", notes=findings.sentences())


def strings(path: Path, names: tuple[str, ...]) -> dict[str, list[str | None]]:
    """Return the cells of some columns as text, None where there is none."""
    rows = _read(path)
    found: dict[str, list[str | None]] = {}
    for name in names:
        cells: list[str | None] = [None] * rows.count
        for row, value in zip(*rows.cells.get(name, ([], [])), strict=True):
            cells[row] = _shown(value)
        found[name] = cells
    return found


def _read(path: Path) -> _Rows:
    if path.stat().st_size > BYTES:
        raise RefusedFile("The file is larger than 2 GB. Split it, or upload a sample of its rows.")
    rows = _Rows()
    with path.open("rb") as file:
        number = 0
        while line := file.readline(LONGEST_LINE + 1):
            number += 1
            if len(line) > LONGEST_LINE:
                raise RefusedFile(
                    f"Line {number:,} is longer than {LONGEST_LINE >> 20} MB. Write one object a "
                    "line, and shorten long texts."
                )
            if line.strip():
                _take(line, number, rows)
    if not rows.count:
        raise RefusedFile(
            "No line of this file holds a JSON object with plain values, such as "
            '{"text": "…", "label": "…"}. Write one object a line.'
        )
    check_size(rows.count, len(rows.cells))
    return rows


def _take(line: bytes, number: int, rows: _Rows) -> None:
    """Take one line into the rows, or note why not."""
    try:
        found = json.loads(line.removeprefix(b"\xef\xbb\xbf"), object_pairs_hook=_Pairs)
    except (ValueError, RecursionError):
        rows.bad.setdefault("no JSON, or nested too deep", []).append(number)
        return
    if not isinstance(found, _Pairs):
        rows.bad.setdefault("no object", []).append(number)
        return
    plain = {key: value for key, value in found if not isinstance(value, (list, _Pairs))}
    rows.nested.update(key for key, value in found if isinstance(value, (list, _Pairs)))
    if not plain:
        rows.bad.setdefault("without a plain value", []).append(number)
        return
    rows.doubled += len({key for key, _ in found}) != len(found)
    for key, value in plain.items():
        places, values = rows.cells.setdefault(key, ([], []))
        if value is not None:
            places.append(rows.count)
            values.append(value)
    if len(rows.cells) > MOST_KEYS:
        raise RefusedFile(
            f"The lines have more than {MOST_KEYS:,} different keys. Give every line the same keys."
        )
    rows.count += 1
    check_size(rows.count, len(rows.cells))


class _Pairs(list[tuple[str, Any]]):
    """The keys and values of an object, told apart from a list."""


def _notes(rows: _Rows) -> list[str]:
    notes = [
        f"Left out {count(len(lines), 'line')} that {'is' if len(lines) == 1 else 'are'} {why}: "
        f"{listed([f'{line:,}' for line in lines], 5)}."
        for why, lines in rows.bad.items()
    ]
    if rows.nested:
        names = [quoted(name) for name in rows.nested]
        notes.append(f"Values that are lists or objects are left out: {listed(names)}.")
    if rows.doubled:
        notes.append(
            f"In {count(rows.doubled, 'line')} a key stands twice; the last value is taken."
        )
    return notes


def _column(
    name: str, places: list[int], values: list[Any], length: int, findings: Findings
) -> tuple[Column, Floats]:
    kinds = {type(value) for value in values}
    if kinds <= {bool} and kinds:
        cells = np.full(length, np.nan)
        cells[places] = values
        return Column(name, "boolean", BOOLEANS), cells
    if kinds <= {int, float}:
        cells = np.full(length, np.nan)
        cells[places] = [_number(value) for value in values]
        return from_numbers(name, cells, findings)
    if len(kinds) > 1:
        findings.notes.append(
            f"Column {quoted(name)} mixes text with numbers or true and false, so it is read as "
            "categories."
        )
    texts: list[str | None] = [None] * length
    for place, value in zip(places, values, strict=True):
        texts[place] = _shown(value)
    array = pa.array(texts, pa.string())
    check_cells(name, array)
    return from_categories(name, array.dictionary_encode())


def _number(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _shown(value: Any) -> str | None:
    """Return a cell as text; half a pair of surrogates, which no encoding holds, is replaced."""
    if isinstance(value, str):
        text = value[: CELL_LIMIT + 1]
        return text.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return json.dumps(value)
