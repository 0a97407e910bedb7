"""The attention heads of a run as pages read them: one sample at a time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from xai.reports.method import MethodResult
from xai.reports.results import Results
from xai.vocabulary import Floats

FILES = ("heads.parquet", "label_words.parquet", "label_attention.parquet")
"""The last only where the model shows how its labels attend."""
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


def files_of(method: MethodResult) -> list[Path]:
    """Return the tables that there are."""
    return [method.folder / name for name in FILES if (method.folder / name).exists()]


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
    return _by_label(method, "label_words.parquet", sample)


def attended_of(method: MethodResult, sample: int) -> dict[str, Floats]:
    """Return how each label attends to each token by the model itself, (t,); {} if not shown."""
    name = "label_attention.parquet"
    return _by_label(method, name, sample) if (method.folder / name).exists() else {}


def smaller(one: Floats, side: int) -> Floats:
    """Return a map of at most `side` rows, of each square of cells the largest."""
    step = -(-len(one) // side)
    if step < 2:
        return one
    places = np.arange(0, len(one), step)
    return np.asarray(np.maximum.reduceat(np.maximum.reduceat(one, places, axis=0), places, axis=1))


def _by_label(method: MethodResult, name: str, sample: int) -> dict[str, Floats]:
    table = pq.read_table(method.folder / name).to_pylist()
    return {row["label"]: _numbers(row["values"]) for row in table if row["sample"] == sample}


def _numbers(values: list[float | None]) -> Floats:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
