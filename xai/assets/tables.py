"""Datasets in: a CSV or Parquet file to a table, and the facts that its page shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xai.assets import sniff
from xai.assets.table import Column, Table, show
from xai.assets.wording import clean
from xai.errors import RefusedFile

if TYPE_CHECKING:
    from pathlib import Path

    from xai.assets.reading import Reading
    from xai.vocabulary import Floats, Json

DETAILED = 300
CATEGORIES = 50
BALANCED = 20
SENTENCE = 20
"""Characters from which on the values of a column may be sentences."""


def read_table(path: Path) -> Table:
    """Read a dataset; the kind of file is judged by its content.

    Raises
    ------
    RefusedFile
        If it is no table, too large or damaged: one sentence, with the way to mend it.
    """
    return _read(path).table


def describe_table(path: Path) -> dict[str, Json]:
    """Return the facts of a dataset, as the web side keeps and shows them.

    Columns beyond the first 300 are counted, not described; texts are cut to 200 characters.

    Raises
    ------
    RefusedFile
        As `read_table`.
    """
    reading = _read(path)
    table = reading.table
    shown = table.select(range(min(len(table.columns), DETAILED)))
    return {
        "kind": "table",
        "format": reading.format,
        "rows": len(table),
        "column_count": len(table.columns),
        "columns": [
            _facts(column, shown.matrix[:, position])
            for position, column in enumerate(shown.columns)
        ],
        "separator": reading.separator,
        "encoding": reading.encoding,
        "decimal": reading.decimal,
        "first_rows": [
            [clean(text) for text in shown.display(row)] for row in range(min(len(table), 10))
        ],
        "notes": [clean(note, 500) for note in reading.notes],
    }


def _read(path: Path) -> Reading:
    found = sniff.sniff(path)
    sniff.expect(found, "dataset")
    # Imported here: pyarrow's readers are not needed to look at a model.
    if found == "parquet":
        from xai.assets import parquet  # noqa: PLC0415

        return parquet.read(path)
    if found == "jsonl":
        from xai.assets import jsonlines  # noqa: PLC0415

        return jsonlines.read(path)
    if found != "csv":
        raise RefusedFile(f"This is {sniff.DATASETS[found]}, which is no table.")
    from xai.assets import delimited  # noqa: PLC0415

    return delimited.read(path)


def _facts(column: Column, values: Floats) -> dict[str, Json]:
    present = values[~np.isnan(values)]
    distinct, counts = np.unique(present, return_counts=True)
    is_number = column.kind == "number" and present.size > 0
    text = _text(column, distinct, counts) if column.kind == "category" else None
    # Sentences are no choices, and would make the facts as long as the data.
    is_open = text is not None and bool(text["is_likely"]) and distinct.size > CATEGORIES
    return {
        "name": column.name,
        "kind": column.kind,
        "is_integer": column.is_integer,
        "missing": int(values.size - present.size),
        "distinct": int(distinct.size),
        "categories": [] if is_open else [clean(word) for word in column.categories[:CATEGORIES]],
        "text": text,
        "low": float(present.min()) if is_number else None,
        "high": float(present.max()) if is_number else None,
        "mean": _mean(present) if is_number else None,
        "balance": _balance(column, distinct, counts),
    }


def _text(column: Column, distinct: Floats, counts: np.ndarray) -> dict[str, Json] | None:
    """Return how long the words of a column are, and whether they read like sentences."""
    if not distinct.size:
        return None
    words = [column.categories[int(code)] for code in distinct]
    lengths = np.array([len(word) for word in words])
    spaced = np.array([word.strip().count(" ") >= 2 for word in words])
    mean = float(np.average(lengths, weights=counts))
    is_likely = mean >= SENTENCE and np.average(spaced, weights=counts) >= 0.5
    return {
        "mean_length": round(mean, 1),
        "longest": int(lengths.max()),
        "is_likely": bool(is_likely),
    }


def _mean(values: Floats) -> float | None:
    # Values near the largest float overflow when summed; JSON has no infinity.
    with np.errstate(over="ignore"):
        mean = float(values.mean())
    return mean if np.isfinite(mean) else None


def _balance(column: Column, distinct: Floats, counts: np.ndarray) -> list[list[Json]]:
    """Return [text, count] of each value where there are few, most frequent first."""
    is_few = distinct.size <= BALANCED and (column.kind != "number" or column.is_integer)
    if not is_few:
        return []
    pairs = sorted(zip(distinct, counts, strict=True), key=lambda pair: (-pair[1], pair[0]))
    return [[clean(show(column, value)), int(times)] for value, times in pairs]
