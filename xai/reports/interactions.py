"""The interactions of a run as pages read them: all samples together, and one sample."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow.parquet as pq

from xai.reports.method import MethodResult
from xai.reports.results import Results
from xai.vocabulary import Floats

BATCH = 256
"""Samples read at once: the pairs of all do not fit into the memory of a page."""


@dataclass(frozen=True, slots=True, eq=False)
class Strengths:
    """Over all samples: a symmetric matrix over d features, zero on the diagonal.

    Attributes
    ----------
    size : array of shape (d, d)
        Mean |interaction|.
    mean : array of shape (d, d)
        Mean interaction: near 0 where the pair helps in some samples and harms in others.
    """

    size: Floats
    mean: Floats


@dataclass(frozen=True, slots=True, eq=False)
class PairValues:
    """The interactions of one sample, (pairs,) in the order (0, 1), (0, 2), …, (1, 2), …."""

    target: str
    values: Floats
    errors: Floats | None


def method_of(results: Results) -> MethodResult | None:
    """Return the first method with interactions, or None."""
    found = (m for m in results.local_methods() if (m.folder / "pairs.parquet").exists())
    return next(found, None)


def strengths(method: MethodResult) -> Strengths:
    """Return the mean size and the mean of every pair's interaction."""
    table = pq.read_table(method.folder / "pairs.parquet", columns=["size", "mean"])
    return Strengths(*(_square(table.column(n).to_numpy(), method) for n in ("size", "mean")))


def of_sample(method: MethodResult, sample: int) -> PairValues:
    """Return the interactions of one sample.

    Raises
    ------
    KeyError
        If it was not explained.
    """
    with pq.ParquetFile(method.folder / "interactions.parquet") as file:
        columns = ["sample", "target", "values", "errors"]
        for batch in file.iter_batches(BATCH, columns=columns):
            at = np.flatnonzero(batch.column("sample").to_numpy() == sample)
            if len(at):
                values, errors = (batch.column(n)[int(at[0])].values for n in ("values", "errors"))
                return PairValues(
                    str(batch.column("target")[int(at[0])].as_py()),
                    values.to_numpy().astype(np.float64),
                    None if errors is None else errors.to_numpy().astype(np.float64),
                )
    raise KeyError(str(sample))


def _square(values: Floats, method: MethodResult) -> Floats:
    width = len(method.names)
    found = np.zeros((width, width))
    found[np.triu_indices(width, 1)] = values
    return found + found.T
