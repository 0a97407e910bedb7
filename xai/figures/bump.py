"""Bump chart: the place of each feature in the order of each method."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from xai.figures.parts import Trace, axis, figure, height, label, paint, ticks, wrapped
from xai.vocabulary import Floats

MOVED = 3
"""How many of the features that move most are drawn in colour."""
SHOWN, TALLEST = 20, 900


def draw(
    methods: Sequence[str], features: Sequence[str], places: Floats, shown: int = SHOWN
) -> dict[str, Any]:
    """Draw one line per feature through its places, for the features strongest on average.

    Parameters
    ----------
    methods, features : sequences of str
    places : array of shape (methods, features)
        1 for the strongest; NaN where a method does not rank a feature.
    """
    order = np.argsort(_mean_place(places), kind="stable")[:shown]
    places, names = _untied(places)[:, order], [features[i] for i in order]
    spread = _spread(places)
    loud = {int(i) for i in np.argsort(-spread, kind="stable")[:MOVED] if spread[i]}
    data = [_line(name, methods, places[:, i], is_loud=i in loud) for i, name in enumerate(names)]
    # Plotly draws a second axis only if a trace lies on it.
    data.append({"type": "scatter", "x": [None], "y": [None], "yaxis": "y2", "hoverinfo": "skip"})
    most = int(np.nanmax(places, initial=1.0))
    layout = {
        "height": min(height(most), TALLEST),
        "xaxis": _top(methods),
        "yaxis": _side(names, places[0], most),
        "yaxis2": _side(names, places[-1], most) | {"overlaying": "y", "side": "right"},
    }
    return figure(
        data,
        layout,
        finding=_finding(methods, names, places, spread),
        head=["Feature", *methods],
        least=280 + 100 * len(methods),
        rows=[[name, *map(_whole, places[:, i])] for i, name in enumerate(names)],
    )


def _line(name: str, methods: Sequence[str], places: Floats, *, is_loud: bool) -> Trace:
    shown, role = label(name, 60), "accent" if is_loud else "muted"
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": shown,
        "x": list(range(len(methods))),
        "y": [None if np.isnan(place) else float(place) for place in places],
        "text": [
            f"{shown}<br>{label(method)}: place {place:.0f}"
            for method, place in zip(methods, places, strict=True)
        ],
        "hoverinfo": "text",
        "line": {"width": 3 if is_loud else 1.5, "shape": "spline", "smoothing": 0.6},
        "marker": {"size": 8},
        "meta": paint(line__color=role, marker__color=role),
    }


def _top(methods: Sequence[str]) -> dict[str, Any]:
    found = axis(**ticks(methods), side="top", range=[-0.1, len(methods) - 0.9], tickangle=0)
    return found | {"ticktext": [wrapped(method) for method in methods]}


def _side(names: Sequence[str], places: Floats, most: int) -> dict[str, Any]:
    """Return an axis with each feature's name at its place."""
    known = [(place, name) for place, name in zip(places, names, strict=True) if np.isfinite(place)]
    return axis(
        type="linear",
        tickmode="array",
        tickvals=[float(place) for place, _ in known],
        ticktext=[f"{label(name)}  {place:.0f}" for place, name in known],
        range=[most + 0.5, 0.5],
        zeroline=False,
        showgrid=False,
    )


def _whole(place: float) -> int | None:
    return int(place) if np.isfinite(place) else None


def _untied(places: Floats) -> Floats:
    """Return places without ties: the first column named wins."""
    order = np.argsort(np.argsort(places, axis=1, kind="stable"), axis=1, kind="stable") + 1.0
    return np.where(np.isnan(places), np.nan, order)


def _mean_place(places: Floats) -> Floats:
    known = np.isfinite(places)
    total = np.where(known, places, 0.0).sum(axis=0)
    return np.asarray(np.where(known.any(axis=0), total / np.maximum(known.sum(axis=0), 1), np.inf))


def _spread(places: Floats) -> Floats:
    high = np.where(np.isnan(places), -np.inf, places).max(axis=0)
    low = np.where(np.isnan(places), np.inf, places).min(axis=0)
    return np.asarray(np.where(np.isfinite(high - low), high - low, 0.0))


def _finding(methods: Sequence[str], names: Sequence[str], places: Floats, spread: Floats) -> str:
    if len(methods) < 2:
        return f"The order of the features by {methods[0]}, the only method here."
    most = int(np.argmax(spread))
    if not spread[most]:
        return f"All {len(methods)} methods put the {len(names)} features in the same order."
    column = places[:, most]
    first, last = int(np.nanargmin(column)), int(np.nanargmax(column))
    return (
        f"{names[most]} moves most: place {column[first]:.0f} by {methods[first]}, "
        f"place {column[last]:.0f} by {methods[last]}."
    )
