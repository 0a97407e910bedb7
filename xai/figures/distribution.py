"""Distribution of one number per sample, with its mean and interval."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from xai.figures.parts import axis, empty, figure, number, paint
from xai.vocabulary import Floats

BINS = 30


def draw(
    values: Floats,
    title: str,
    limits: tuple[float, float],
    interval: tuple[float, float, float] | None = None,
) -> dict[str, Any]:
    """Draw how many samples have which value.

    Parameters
    ----------
    values : array of shape (n,)
        NaN where undefined; counted in the sentence, not drawn.
    title : str
        What the number is.
    limits : (low, high)
        The range that the number can take.
    interval : (mean, low, high) or None
        The mean over the samples and its 95 % interval.
    """
    known = values[np.isfinite(values)]
    missing = len(values) - len(known)
    if not len(known):
        return empty(f"{title}: undefined for all {missing} samples.")
    counts, edges = np.histogram(known, bins=BINS, range=limits)
    trace = {
        "type": "bar",
        "x": ((edges[:-1] + edges[1:]) / 2).tolist(),
        "y": counts.tolist(),
        "width": float(edges[1] - edges[0]) * 0.94,
        "customdata": [f"{number(a)} to {number(b)}" for a, b in pairwise(edges)],
        "hovertemplate": "%{customdata}: %{y} samples<extra></extra>",
        "meta": paint(marker__color="accent"),
    }
    layout: dict[str, Any] = {
        "height": 280,
        "xaxis": axis(title, range=list(limits)),
        "yaxis": axis("samples", rangemode="tozero"),
        "shapes": [],
        "bargap": 0,
    }
    if interval is not None and np.isfinite(interval[0]):
        layout |= _marks(interval)
    rows = [[words, int(y)] for words, y in zip(trace["customdata"], counts, strict=True) if y]
    return figure(
        [trace],
        layout,
        finding=_finding(title, known, missing),
        head=[title, "samples"],
        rows=rows,
    )


def _marks(interval: tuple[float, float, float]) -> dict[str, Any]:
    """Return the interval as a band and the mean as a line, painted by role."""
    mean, low, high = interval
    tall = {"yref": "paper", "y0": 0, "y1": 1, "type": "line"}
    shapes = [tall | {"x0": mean, "x1": mean, "line": {"width": 2}}]
    roles = {"shapes[0].line.color": "ink"}
    if np.isfinite(low) and np.isfinite(high):
        band = {"type": "rect", "x0": low, "x1": high, "opacity": 0.2, "line": {"width": 0}}
        shapes.append(tall | band)
        roles["shapes[1].fillcolor"] = "ink"
    return {"shapes": shapes, "meta": {"paint": roles}}


def _finding(title: str, known: Floats, missing: int) -> str:
    low, middle, high = np.percentile(known, [10, 50, 90])
    text = (
        f"{title}: half of the {len(known)} samples are above {number(middle)}; "
        f"eight in ten lie between {number(low)} and {number(high)}."
    )
    return f"{text} Undefined for {missing}." if missing else text
