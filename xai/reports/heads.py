"""The attention heads of a run as pages read them: one sample at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow.parquet as pq

from xai.reports.method import MethodResult
from xai.reports.results import Results
from xai.vocabulary import Floats

BATCH = 8
"""Layers read at once: the maps of all texts do not fit into the memory of a page."""


@dataclass(frozen=True, slots=True, eq=False)
class HeadMaps:
    """The heads of one sample of t tokens: p layers of h heads.

    Attributes
    ----------
    maps : array of shape (p, h, t, t)
    entropy : array of shape (p, h)
        Share of the most that t tokens allow; NaN where undefined.
    effect : array of shape (p, h), or None
    """

    maps: Floats
    entropy: Floats
    effect: Floats | None


def method_of(results: Results) -> MethodResult | None:
    """Return the method that looked at heads, or None."""
    return next((method for method in results.methods if method.scope == "heads"), None)


def samples_of(method: MethodResult) -> list[int]:
    """Return the rows of the dataset whose heads are known."""
    column = pq.read_table(method.folder / "heads.parquet", columns=["sample"]).column(0)
    return list(dict.fromkeys(column.to_pylist()))


def read(method: MethodResult, sample: int) -> HeadMaps:
    """Return the heads of a sample.

    Raises
    ------
    KeyError
        If there are none.
    """
    maps, entropies, effects = [], [], []
    with pq.ParquetFile(method.folder / "heads.parquet") as file:
        for batch in file.iter_batches(BATCH):
            for place in np.flatnonzero(batch.column("sample").to_numpy() == sample):
                size = batch.column("tokens")[place].as_py()
                values = batch.column("maps")[place].values.to_numpy()
                maps.append(values.reshape(-1, size, size))
                entropies.append(_numbers(batch.column("entropy")[place].as_py()))
                effects.append(batch.column("effect")[place].as_py())
    if not maps:
        raise KeyError(str(sample))
    known = all(effect is not None for effect in effects)
    return HeadMaps(np.stack(maps), np.stack(entropies), np.array(effects) if known else None)


def labels_of(method: MethodResult, sample: int) -> dict[str, Floats]:
    """Return how alike each token is to each label's name, (t,); NaN where undefined."""
    table = pq.read_table(method.folder / "label_words.parquet").to_pylist()
    return {row["label"]: _numbers(row["values"]) for row in table if row["sample"] == sample}


def _numbers(values: list[float | None]) -> Floats:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
