"""Bars for the cells of a table: numbers between 0 and 100, drawn by the page as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

WIDTH = 100.0
LEAST = 0.4
"""Width of the thinnest visible bar: a value that is not zero is never drawn as nothing."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar in a cell that is 100 wide.

    Attributes
    ----------
    zero, start, width : float
        Where zero is, where the bar begins, how wide it is.
    sign : "raises", "lowers" or "size"
        "size" for a value without a sign.
    low, high : float or None
        Ends of the whisker.
    clipped : bool
        The bar or its whisker is longer than the scale shows.
    """

    zero: float
    start: float
    width: float
    sign: Literal["raises", "lowers", "size"]
    low: float | None = None
    high: float | None = None
    clipped: bool = False


@dataclass(frozen=True, slots=True)
class Scale:
    """From `low` to `high`, in units of the values; zero is always inside."""

    low: float
    high: float

    def place(self, value: float) -> float:
        """Return where a value lies between 0 and 100, kept inside."""
        share = (value - self.low) / (self.high - self.low)
        return float(min(max(share, 0.0), 1.0)) * WIDTH

    def holds(self, value: float) -> bool:
        """Whether a value is on the scale."""
        slack = 1e-9 * (self.high - self.low)
        return self.low - slack <= value <= self.high + slack


def scale_of(values: Sequence[np.ndarray], *, signed: bool) -> Scale:
    """Return a scale that holds every value: both sides alike if signed, else around zero."""
    known = [array[np.isfinite(array)] for array in values]
    low = min((float(array.min()) for array in known if len(array)), default=0.0)
    high = max((float(array.max()) for array in known if len(array)), default=0.0)
    if signed:
        most = max(-low, high) or 1.0
        return Scale(-most, most)
    return Scale(min(low, 0.0), max(high, 0.0) or (0.0 if low < 0 else 1.0))


def draw(
    value: float, scale: Scale, *, signed: bool, low: float | None = None, high: float | None = None
) -> Bar | None:
    """Return the bar of one value, or None if there is no value.

    Parameters
    ----------
    low, high : float or None
        Ends of the whisker, in units of the value; None for no whisker.
    """
    if not np.isfinite(value):
        return None
    zero, tip = scale.place(0.0), scale.place(value)
    start, width = min(zero, tip), abs(tip - zero)
    if value and width < LEAST:
        start, width = (zero - LEAST if value < 0 else zero), LEAST
    sign: Literal["raises", "lowers", "size"] = "lowers" if value < 0 else "raises"
    ends = [value, *(end for end in (low, high) if end is not None)]
    return Bar(
        zero=round(zero, 2),
        start=round(start, 2),
        width=round(width, 2),
        sign=sign if signed else "size",
        low=None if low is None else round(scale.place(low), 2),
        high=None if high is None else round(scale.place(high), 2),
        clipped=not all(scale.holds(end) for end in ends),
    )
