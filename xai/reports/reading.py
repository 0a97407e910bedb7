"""Read the files of finished jobs: Parquet to arrays, kept by path and time of writing.

Results never change once they are there, so what was read is shared and must not be written to.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from xai.vocabulary import Floats, Integers, Json

KEPT = 48
"""Files kept in memory; 10,000 explanations of 30 features are 1.2 MB."""

Singles = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Explanations:
    """The content of attributions.parquet and errors.parquet of one job.

    Attributes
    ----------
    values : array of shape (n, units)
    base : array of shape (n,) or None
    gap : array of shape (n,) or None
        The column `error`: largest standard error, or completeness gap.
    error : array of shape (n, units) or None
        Standard error of each value.
    """

    samples: Integers
    targets: list[str]
    values: Singles
    base: Floats | None
    gap: Floats | None
    error: Singles | None


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """What the model says for each chosen row; `labels` and `correct` are None where unknown.

    Attributes
    ----------
    probabilities : array of shape (n,) or None
        Of the target.
    outputs : array of shape (n, k)
    """

    samples: Integers
    targets: list[str]
    values: Floats
    probabilities: Floats | None
    labels: list[str | None]
    correct: list[bool | None]
    predicted: list[str]
    outputs: Floats

    @property
    def has_labels(self) -> bool:
        """Whether the truth is known for at least one row."""
        return any(label is not None for label in self.labels)


@dataclass(frozen=True, slots=True, eq=False)
class Inputs:
    """The features of each chosen row.

    Attributes
    ----------
    numbers : array of shape (n, d)
        Numbers as they are, categories as codes, NaN for missing.
    """

    names: tuple[str, ...]
    columns: tuple[Json, ...]
    numbers: Floats
    shown: pa.ChunkedArray

    def display(self, row: int) -> list[str]:
        """Return one row as a person reads it."""
        return list(self.shown[row].as_py())

    def category_names(self, column: int) -> list[str]:
        """Return the words behind the codes of a column, or nothing if it holds numbers."""
        return list(self.columns[column].get("categories", [])) if self.columns else []


@dataclass(frozen=True, slots=True, eq=False)
class ImportanceTable:
    """The content of importance.parquet: rows of one job, variants one after another."""

    methods: list[str]
    names: list[str]
    values: Floats
    low: Floats
    high: Floats


def read_json(path: Path) -> dict[str, Any]:
    """Return the content of a JSON file; do not change it."""
    return _json(path, stamp(path))


def read_explanations(folder: Path, units: int) -> Explanations:
    """Return the explanations of a local method with this many units."""
    errors = folder / "errors.parquet"
    return _explanations(folder, units, stamp(folder / "attributions.parquet"), errors.exists())


def read_predictions(folder: Path) -> Predictions:
    """Return what the model says for each row."""
    return _predictions(folder / "predictions.parquet", stamp(folder / "predictions.parquet"))


def read_inputs(folder: Path, names: tuple[str, ...]) -> Inputs:
    """Return the features of each row."""
    return _inputs(folder, names, stamp(folder / "inputs.parquet"))


def read_importance(folder: Path) -> ImportanceTable:
    """Return the importances that a job wrote."""
    return _importance(folder / "importance.parquet", stamp(folder / "importance.parquet"))


def stamp(path: Path) -> int:
    """Return what changes when a file is written again."""
    return path.stat().st_mtime_ns


@lru_cache(maxsize=256)
def _json(path: Path, _stamp: int) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


@lru_cache(maxsize=KEPT)
def _explanations(folder: Path, units: int, _stamp: int, has_errors: bool) -> Explanations:  # noqa: FBT001 - part of the cache's key
    table = pq.read_table(
        folder / "attributions.parquet",
        columns=["sample", "target", "values", "base", "error"],
        read_dictionary=["target"],
    )
    error = None
    if has_errors:
        column = pq.read_table(folder / "errors.parquet", columns=["values"]).column("values")
        error = _matrix(column, units, np.float32)
    return Explanations(
        samples=_numbers(table.column("sample")),
        targets=_words(table.column("target")),
        values=_matrix(table.column("values"), units, np.float32),
        base=_optional(table.column("base")),
        gap=_optional(table.column("error")),
        error=error,
    )


@lru_cache(maxsize=KEPT)
def _predictions(path: Path, _stamp: int) -> Predictions:
    table = pq.read_table(path)
    outputs = table.column("outputs")
    width = len(outputs[0]) if len(outputs) else 0
    targets = table.column("target").to_pylist()
    known = "predicted" in table.column_names
    return Predictions(
        samples=_numbers(table.column("sample")),
        targets=targets,
        values=_numbers(table.column("value")),
        probabilities=_optional(table.column("probability")),
        labels=table.column("label").to_pylist(),
        correct=table.column("correct").to_pylist(),
        predicted=table.column("predicted").to_pylist() if known else targets,
        outputs=_matrix(outputs, width, np.float64),
    )


@lru_cache(maxsize=KEPT)
def _inputs(folder: Path, names: tuple[str, ...], _stamp: int) -> Inputs:
    table = pq.read_table(folder / "inputs.parquet")
    return Inputs(
        names=names,
        columns=tuple(read_json(folder / "job.json").get("columns", ())),
        numbers=_matrix(table.column("numbers"), len(names), np.float64),
        shown=table.column("display"),
    )


@lru_cache(maxsize=KEPT)
def _importance(path: Path, _stamp: int) -> ImportanceTable:
    table = pq.read_table(path)
    return ImportanceTable(
        methods=table.column("method").to_pylist(),
        names=table.column("name").to_pylist(),
        values=_numbers(table.column("value")),
        low=_numbers(table.column("low")),
        high=_numbers(table.column("high")),
    )


def _words(column: pa.ChunkedArray) -> list[str]:
    """Return a column of few different words: much faster than one word at a time."""
    found: list[str] = []
    for chunk in column.chunks:
        words = np.array(chunk.dictionary.to_pylist(), dtype=object)
        found += words[chunk.indices.to_numpy()].tolist()
    return found


def _numbers(column: pa.ChunkedArray) -> NDArray[Any]:
    """Return a column as an array nobody may write to; null becomes NaN."""
    array: NDArray[Any] = column.to_numpy()
    array.setflags(write=False)
    return array


def _optional(column: pa.ChunkedArray) -> Floats | None:
    return None if column.null_count == len(column) else _numbers(column)


def _matrix(column: pa.ChunkedArray, width: int, kind: type[np.floating[Any]]) -> NDArray[Any]:
    """Return a column of lists of equal length as a matrix nobody may write to."""
    lists = column.combine_chunks()
    if isinstance(lists, pa.ChunkedArray):
        lists = pa.concat_arrays(lists.chunks)
    flat = lists.flatten().to_numpy(zero_copy_only=False)
    matrix = np.ascontiguousarray(flat, dtype=kind).reshape(len(column), width)
    matrix.setflags(write=False)
    return matrix
