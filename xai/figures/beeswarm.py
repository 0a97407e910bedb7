"""Beeswarm: the attributions of every sample, one row per feature, coloured by its value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from xai.figures.parts import (
    Trace,
    axis,
    empty,
    figure,
    height,
    number,
    pack,
    paint,
    rows_axis,
    signed,
)
from xai.vocabulary import Floats

MOST_POINTS = 2_000
"""Points per row above which points that lie together become one, its size their count."""
BINS = 80
REACH = 0.38
"""How far a point may lie from the middle of its row."""
LARGEST, SMALLEST = 15.0, 4.0


def draw(
    features: Sequence[str], values: Floats, colours: Floats, unit: str, shown: int = 20
) -> dict[str, Any]:
    """Draw the features that are strongest on average, strongest on top.

    Parameters
    ----------
    values : array of shape (n, features)
        Attributions.
    colours : array of shape (n, features)
        Values of the features themselves; NaN where they have no order (categories, missing).
    unit : str
        Of the attributions.
    """
    strength = np.nan_to_num(np.abs(values)).mean(axis=0) if len(values) else np.zeros(0)
    order = np.argsort(-strength, kind="stable")[:shown]
    if not len(order):
        return empty("There is no sample to draw.")
    names = [features[i] for i in order]
    rows = [_row(values[:, i], _quantiles(colours[:, i])) for i in order]
    layout = {
        "height": height(len(order)),
        "xaxis": axis(f"attribution ({unit})", zeroline=True),
        "yaxis": rows_axis(names),
        "coloraxis": {
            "cmin": 0.0,
            "cmax": 1.0,
            "colorbar": {
                "title": {"text": "value of the feature", "side": "right"},
                "tickvals": [0, 1],
                "ticktext": ["low", "high"],
                "thickness": 12,
            },
        },
        "meta": paint(coloraxis__colorscale="sequential"),
    }
    return figure(
        _traces(rows),
        layout,
        least=460,
        finding=_finding(names, values[:, order], unit),
        head=["Feature", "lowest", "25 %", "median", "75 %", "highest"],
        rows=[
            [name, *np.nanpercentile(values[:, i], [0, 25, 50, 75, 100])]
            for name, i in zip(names, order, strict=True)
        ],
    )


def _traces(rows: Sequence[tuple[Floats, ...]]) -> list[Trace]:
    """Return one trace for coloured points and one for those without an order."""
    y = np.concatenate([np.full(len(row[0]), i) + row[1] for i, row in enumerate(rows)])
    x, colour, size = (np.concatenate([row[part] for row in rows]) for part in (0, 2, 3))
    known = np.isfinite(colour)
    return [
        _trace(x[part], y[part], size[part], colour[part] if has else None)
        for part, has in ((known, True), (~known, False))
        if part.any()
    ]


def _trace(x: Floats, y: Floats, size: Floats, colour: Floats | None) -> Trace:
    marker: dict[str, Any] = {"size": pack(size), "opacity": 0.8, "line": {"width": 0}}
    if colour is not None:
        marker |= {"color": pack(colour), "coloraxis": "coloraxis"}
    trace = {
        "type": "scatter",
        "mode": "markers",
        "x": pack(x),
        "y": pack(y),
        "marker": marker,
        "hovertemplate": "%{x:+.3g}<extra></extra>",
    }
    return trace if colour is not None else trace | {"meta": paint(marker__color="muted")}


def _row(values: Floats, colours: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Return x, offset from the row's middle, colour and size of the points of one feature."""
    known = np.isfinite(values)
    values, colours = values[known], colours[known]
    if len(values) > MOST_POINTS:
        return _binned(values, colours)
    bins = _bins(values)
    # Within a bin, points are laid out from the middle: 0, +1, −1, +2, −2 steps.
    order = np.argsort(bins, kind="stable")
    _, starts, counts = np.unique(bins[order], return_index=True, return_counts=True)
    nth = np.empty(len(values))
    nth[order] = np.arange(len(values)) - np.repeat(starts, counts)
    steps = np.ceil(nth / 2) * np.where(nth % 2, 1, -1)
    widest = max(float(counts.max(initial=1)) / 2, 12.0)
    return values, steps / widest * REACH, colours, np.full(len(values), 6.0)


def _binned(values: Floats, colours: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    bins = _bins(values)
    found, where, counts = np.unique(bins, return_inverse=True, return_counts=True)
    known = np.isfinite(colours)
    total = np.bincount(where, weights=np.where(known, colours, 0.0), minlength=len(found))
    share = np.bincount(where, weights=known.astype(float), minlength=len(found))
    with np.errstate(invalid="ignore", divide="ignore"):
        colour = total / share
    x = np.bincount(where, weights=values, minlength=len(found)) / counts
    size = SMALLEST + (LARGEST - SMALLEST) * np.sqrt(counts / counts.max())
    return x, np.zeros(len(found)), colour, size


def _bins(values: Floats) -> np.ndarray:
    low, high = values.min(initial=np.inf), values.max(initial=-np.inf)
    if not high > low:
        return np.zeros(len(values), dtype=np.int64)
    found = ((values - low) / (high - low) * BINS).astype(np.int64)
    return np.asarray(np.minimum(found, BINS - 1))


def _quantiles(column: Floats) -> Floats:
    """Return where each value lies among all, 0 to 1, so that an outlier does not bleach all."""
    known = np.isfinite(column)
    ordered = np.sort(column[known])
    share = np.full(len(column), np.nan)
    if len(ordered) and ordered[-1] > ordered[0]:
        left = np.searchsorted(ordered, column[known], side="left")
        right = np.searchsorted(ordered, column[known], side="right") - 1
        share[known] = (left + right) / 2 / max(len(ordered) - 1, 1)
    elif len(ordered):
        share[known] = 0.5
    return share


def _finding(names: Sequence[str], values: Floats, unit: str) -> str:
    mean = float(np.nanmean(np.abs(values[:, 0])))
    low, high = np.nanmin(values[:, 0]), np.nanmax(values[:, 0])
    return (
        f"{names[0]} moves the output most: by {number(mean)} ({unit}) on average, "
        f"between {signed(low)} and {signed(high)}."
    )
