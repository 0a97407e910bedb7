"""One picture and the methods side by side: a map per method, on one scale where units agree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from xai.evaluation.agreement import CONTROL
from xai.reports.method import MethodResult
from xai.reports.results import Results
from xai.vocabulary import Floats

SHARPEST = 99.5
"""Percentile of |value| at the end of the scale: single pixels do not wash out the rest."""


@dataclass(frozen=True, slots=True, eq=False)
class Map:
    """What one method says of a picture.

    Attributes
    ----------
    values : array of shape (height * width,)
        Row by row, in units of the score.
    end : float
        Value at the end of the colour scale.
    is_shared : bool
        The scale is that of all complete methods of the same grid.
    """

    slug: str
    title: str
    unit: str
    is_signed: bool
    is_control: bool
    is_shared: bool
    values: Floats
    shape: tuple[int, int]
    end: float
    total: float
    base: float | None
    gap: float | None
    note: str


def maps(results: Results, sample: int, *, own_scale: bool) -> list[Map]:
    """Return the maps of a picture, in the order of the methods.

    Methods that hide parts spread a part's value over its pixels, gradients do not: sums over a
    place can be compared, peaks cannot. So scales are shared only if that is asked for.

    Raises
    ------
    KeyError
        If the picture is not among the explained.
    """
    there = [method for method in results.local_methods() if method.is_ragged]
    found = [_values(method, sample) for method in there]
    ends = [_end(values) for values, _ in found]
    signed = [m.is_signed and m.family != CONTROL for m in there]
    shared = max(
        (end for end, is_signed in zip(ends, signed, strict=True) if is_signed), default=0.0
    )
    return [
        _map(method, sample, end if own_scale or not method.is_signed else shared, not own_scale)
        for method, end in zip(there, ends, strict=True)
    ]


def _values(method: MethodResult, sample: int) -> tuple[Floats, tuple[int, int]]:
    ragged = method.ragged
    place = ragged.at(sample)
    height, width = (*ragged.shape(place), 1)[:2]
    return ragged.values(place).astype(np.float64), (height, width)


def _end(values: Floats) -> float:
    return float(np.percentile(np.abs(values), SHARPEST)) if len(values) else 0.0


def _map(method: MethodResult, sample: int, end: float, is_shared: bool) -> Map:  # noqa: FBT001
    values, shape = _values(method, sample)
    ragged = method.ragged
    place = ragged.at(sample)
    return Map(
        slug=method.slug,
        title=method.title,
        unit=method.unit,
        is_signed=method.is_signed,
        is_control=method.family == CONTROL,
        is_shared=is_shared and method.is_signed,
        values=values,
        shape=shape,
        end=end or float(np.abs(values).max(initial=0.0)),
        total=float(values.sum()),
        base=None if ragged.base is None else float(ragged.base[place]),
        gap=None if ragged.gap is None or ragged.errors is not None else float(ragged.gap[place]),
        note=str(method.notes.get("caution") or ""),
    )
