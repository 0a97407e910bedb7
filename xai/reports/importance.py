"""Global importance: what each method says of each unit over all explained rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from xai.reports import reading
from xai.reports.method import MethodResult
from xai.vocabulary import Floats

NORMAL_95 = 1.96


@dataclass(frozen=True, slots=True, eq=False)
class ImportanceRow:
    """Global importance of every unit by one method (or one variant of it), in `unit`.

    Attributes
    ----------
    values : array of shape (units,)
    low, high : array of shape (units,) or None
        A 95 % interval over the samples.
    """

    method: str
    title: str
    unit: str
    names: tuple[str, ...]
    values: Floats
    low: Floats | None
    high: Floats | None
    scope: str = "local"


def mean_size(method: MethodResult) -> ImportanceRow:
    """Return mean |value| per unit, with the 95 % interval of a mean over the samples."""
    sizes = np.abs(method.values.astype(np.float64))
    n = len(sizes)
    mean = sizes.mean(axis=0) if n else np.zeros(sizes.shape[1])
    low = high = None
    if n > 1:
        half = NORMAL_95 * sizes.std(axis=0, ddof=1) / np.sqrt(n)
        low, high = np.maximum(mean - half, 0.0), mean + half
    return ImportanceRow(method.slug, method.title, method.unit, method.names, mean, low, high)


def own_importance(method: MethodResult) -> list[ImportanceRow]:
    """Return one row per variant of a global method ("builtin:gain", "builtin:split count")."""
    table = reading.read_importance(method.folder)
    labels = np.array(table.methods, dtype=object)
    units = method.job.get("units", {})
    rows = []
    for label in dict.fromkeys(table.methods):
        kept = np.flatnonzero(labels == label)
        variant = label.partition(":")[2]
        low, high = table.low[kept], table.high[kept]
        known = bool(np.isfinite(low).any())
        rows.append(
            ImportanceRow(
                method=label,
                title=f"{method.title}: {variant}" if variant else method.title,
                unit=str(units.get(label, method.unit)),
                names=tuple(table.names[row] for row in kept),
                values=table.values[kept],
                low=low if known else None,
                high=high if known else None,
                scope="global",
            )
        )
    return rows
