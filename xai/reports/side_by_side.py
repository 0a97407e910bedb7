"""The methods of a run side by side: on one sample, or over all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from xai.evaluation.agreement import CONTROL
from xai.figures.lanes import Groups, Lane
from xai.reports.results import ImportanceRow, MethodResult, Results
from xai.vocabulary import Floats

NORMAL_95 = 1.96


def lanes_of_sample(results: Results, sample: int) -> list[Lane]:
    """Return one lane per method that explains this row of the dataset.

    Raises
    ------
    KeyError
        If the row is not among the explained.
    """
    position = results.sample_index(sample)
    return [_local(m, position) for m in results.local_methods() if position < len(m.values)]


def lanes_of_importance(results: Results, target: str = "") -> list[Lane]:
    """Return one lane per importance: mean |value| of local methods, then the global methods.

    Parameters
    ----------
    target : str
        Only the samples for which this output is explained; "" for all. Global methods do not
        tell targets apart and are left out then.
    """
    rows = [row for row in results.importance if not target or row.scope == "local"]
    return [_mean(results, row, target) for row in rows]


def targets(results: Results) -> dict[str, int]:
    """Return what is explained and for how many samples, the most frequent first."""
    return dict(Counter(results.predictions.targets).most_common())


def rows_of(method: MethodResult, target: str) -> np.ndarray:
    """Return which rows of a method explain this target; all if it is empty."""
    if not target:
        return np.ones(len(method.values), dtype=bool)
    return np.array([found == target for found in method.targets], dtype=bool)


def _local(method: MethodResult, position: int) -> Lane:
    values = method.values[position].astype(np.float64)
    low = high = None
    if method.error is not None:
        half = NORMAL_95 * method.error[position].astype(np.float64)
        low, high = values - half, values + half
    return Lane(
        slug=method.slug,
        title=method.title,
        family=method.family or method.slug,
        unit=method.unit,
        values=values,
        low=low,
        high=high,
        members=method.members,
        is_signed=method.is_signed,
        is_shared=method.is_signed,
        is_control=method.family == CONTROL,
    )


def _mean(results: Results, row: ImportanceRow, target: str) -> Lane:
    method = results.method(row.method.partition(":")[0])
    values, low, high = row.values, row.low, row.high
    if target:
        values, low, high = _mean_of(method.values[rows_of(method, target)])
    return Lane(
        slug=row.method,
        title=row.title,
        family=method.family or row.method,
        unit=row.unit,
        values=values,
        low=low,
        high=high,
        members=method.members or _by_name(row.names, results.inputs.names),
        is_signed=False,
        is_shared=row.scope == "local" and method.is_signed,
        is_control=method.family == CONTROL,
    )


def _mean_of(values: np.ndarray) -> tuple[Floats, Floats | None, Floats | None]:
    sizes = np.abs(values.astype(np.float64))
    if not len(sizes):
        return np.full(values.shape[1], np.nan), None, None
    mean = sizes.mean(axis=0)
    if len(sizes) < 2:
        return mean, None, None
    half = NORMAL_95 * sizes.std(axis=0, ddof=1) / np.sqrt(len(sizes))
    return mean, np.maximum(mean - half, 0.0), mean + half


def _by_name(names: Sequence[str], features: Sequence[str]) -> Groups | None:
    """Return where each name stands among the features, nowhere if it is none; None if equal."""
    if tuple(names) == tuple(features):
        return None
    at = {name: position for position, name in enumerate(features)}
    return tuple((at[name],) if name in at else () for name in names)
