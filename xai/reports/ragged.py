"""Explanations whose units differ by sample, read from the files of a finished job."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from xai.reports.reading import Singles, stamp
from xai.vocabulary import Floats, Integers, Json

KEPT = 24
"""Files kept in memory."""


@dataclass(frozen=True, eq=False)
class Ragged:
    """The content of attributions.parquet and errors.parquet of one job, e explanations.

    Attributes
    ----------
    samples, outputs : array of shape (e,)
        Row of the dataset; 0 for a classifier, else the index of the generated token.
    flat : array of shape (sum of lengths,)
        Explanation i has the values `flat[offsets[i] : offsets[i + 1]]`.
    errors : array like `flat`, or None
        Standard error of each value.
    base, gap : array of shape (e,), or None
    """

    samples: Integers
    outputs: Integers
    targets: list[str]
    offsets: Integers
    flat: Singles
    errors: Singles | None
    base: Floats | None
    gap: Floats | None
    _names: pa.ChunkedArray = field(repr=False)
    _shapes: pa.ChunkedArray = field(repr=False)

    def __len__(self) -> int:
        """Return the number of explanations."""
        return len(self.samples)

    def at(self, sample: int, output: int = 0) -> int:
        """Return the position of an explanation; KeyError if there is none."""
        return self._places[int(sample), int(output)]

    def of(self, sample: int) -> list[int]:
        """Return the positions of all explanations of a sample, by output."""
        return self._of_samples.get(int(sample), [])

    def values(self, position: int) -> Singles:
        """Return one explanation, shape (u,)."""
        return self.flat[self.offsets[position] : self.offsets[position + 1]]

    def error(self, position: int) -> Singles | None:
        """Return the standard errors of one explanation, shape (u,)."""
        if self.errors is None:
            return None
        return self.errors[self.offsets[position] : self.offsets[position + 1]]

    def names(self, position: int) -> list[str]:
        """Return the names of the units of one explanation; empty for a picture."""
        return list(self._names[position].as_py())

    def shape(self, position: int) -> tuple[int, ...]:
        """Return (units,), or (height, width) of a picture."""
        return tuple(self._shapes[position].as_py())

    @cached_property
    def _of_samples(self) -> dict[int, list[int]]:
        found: dict[int, list[int]] = {}
        for place, sample in enumerate(self.samples.tolist()):
            found.setdefault(sample, []).append(place)
        return found

    @cached_property
    def _places(self) -> dict[tuple[int, int], int]:
        pairs = zip(self.samples.tolist(), self.outputs.tolist(), strict=True)
        return {pair: place for place, pair in enumerate(pairs)}


def read_ragged(folder: Path) -> Ragged:
    """Return the explanations of a finished job."""
    errors = folder / "errors.parquet"
    return _ragged(folder, stamp(folder / "attributions.parquet"), errors.exists())


def read_samples(folder: Path) -> dict[int, Json]:
    """Return what a page shows of each sample, by row of the dataset."""
    return _samples(folder / "samples.parquet", stamp(folder / "samples.parquet"))


@lru_cache(maxsize=KEPT)
def _ragged(folder: Path, _stamp: int, has_errors: bool) -> Ragged:  # noqa: FBT001 - of the key
    table = pq.read_table(folder / "attributions.parquet")
    values = _joined(table.column("values"))
    errors = None
    if has_errors:
        column = pq.read_table(folder / "errors.parquet", columns=["values"]).column("values")
        errors = _fixed(_joined(column).flatten().to_numpy(zero_copy_only=False))
    base, gap = table.column("base"), table.column("error")
    lengths = values.value_lengths().to_numpy(zero_copy_only=False)
    return Ragged(
        samples=table.column("sample").to_numpy(),
        outputs=table.column("output").to_numpy().astype(np.int64),
        targets=table.column("target").to_pylist(),
        offsets=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        flat=_fixed(values.flatten().to_numpy(zero_copy_only=False)),
        errors=errors,
        base=None if base.null_count == len(base) else base.to_numpy(),
        gap=None if gap.null_count == len(gap) else gap.to_numpy(),
        _names=table.column("names"),
        _shapes=table.column("shape"),
    )


@lru_cache(maxsize=KEPT)
def _samples(path: Path, _stamp: int) -> dict[int, Json]:
    table = pq.read_table(path)
    pairs = zip(table.column("sample").to_pylist(), table.column("facts").to_pylist(), strict=True)
    return {sample: json.loads(facts) for sample, facts in pairs}


def _joined(column: pa.ChunkedArray) -> pa.ListArray:
    lists = column.combine_chunks()
    return pa.concat_arrays(lists.chunks) if isinstance(lists, pa.ChunkedArray) else lists


def _fixed(array: np.ndarray) -> np.ndarray:
    array = np.ascontiguousarray(array, dtype=np.float32)
    array.setflags(write=False)
    return array
