"""Dependence: the attribution of one feature against its value, coloured by another feature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from xai.figures.parts import Trace, axis, empty, figure, label, number, pack, paint, signed
from xai.vocabulary import Floats

MOST_POINTS, CELLS, SLICES = 2_000, 50, 10
SPREAD = 0.25
"""Half the width of the column of points above a category."""


@dataclass(frozen=True, slots=True)
class Column:
    """A feature: its name, its numbers, and the words of its codes if it is a category."""

    name: str
    numbers: Floats
    words: tuple[str, ...] = ()


def draw(feature: Column, values: Floats, other: Column | None, unit: str) -> dict[str, Any]:
    """Draw one point per sample; above 2,000, one per cell of a grid, its size their count.

    Parameters
    ----------
    values : array of shape (n,)
        Attributions of `feature`.
    other : Column or None
        What colours the points; a category without order is coloured by the order of its codes.
    """
    known = np.isfinite(feature.numbers) & np.isfinite(values)
    if not known.any():
        return empty(f"{feature.name} has no known value in these samples.")
    x, y = feature.numbers[known], values[known]
    colour = None if other is None else other.numbers[known]
    table = _table(feature, x, y)
    place = x + _sideways(len(x)) if feature.words else x
    trace = _points(place, y, colour) if len(x) <= MOST_POINTS else _cells(x, y, colour)
    layout = {
        "xaxis": axis(label(feature.name, 60), **_ticks(feature), zeroline=False),
        "yaxis": axis(f"attribution ({unit})", zeroline=True),
    }
    if other is not None:
        trace["marker"] |= {"coloraxis": "coloraxis"}
        layout |= {"coloraxis": _bar(other), "meta": paint(coloraxis__colorscale="sequential")}
    else:
        trace["meta"] = paint(marker__color="accent")
    return figure(
        [trace],
        layout,
        least=420,
        finding=_finding(feature.name, table, len(values) - int(known.sum())),
        head=[feature.name, "mean attribution", "samples"],
        rows=table,
    )


def _points(x: Floats, y: Floats, colour: Floats | None) -> Trace:
    marker: dict[str, Any] = {"size": 7, "opacity": 0.75}
    if colour is not None:
        marker["color"] = pack(colour)
    return {
        "type": "scatter",
        "mode": "markers",
        "x": pack(x),
        "y": pack(y),
        "marker": marker,
        "hovertemplate": "%{x}: %{y:+.3g}<extra></extra>",
    }


def _cells(x: Floats, y: Floats, colour: Floats | None) -> Trace:
    cell = _slot(x, CELLS) * CELLS + _slot(y, CELLS)
    _, where, counts = np.unique(cell, return_inverse=True, return_counts=True)

    def mean(array: Floats) -> Floats:
        known = np.isfinite(array)
        total = np.bincount(where, weights=np.where(known, array, 0.0), minlength=len(counts))
        share = np.bincount(where, weights=known.astype(float), minlength=len(counts))
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(total / share)

    trace = _points(mean(x), mean(y), None if colour is None else mean(colour))
    trace["marker"]["size"] = pack(3 + 11 * np.sqrt(counts / counts.max()))
    trace["customdata"] = pack(counts)
    trace["hovertemplate"] = "%{x}: %{y:+.3g}, %{customdata} samples<extra></extra>"
    return trace


def _slot(array: Floats, slots: int) -> np.ndarray:
    low, high = array.min(), array.max()
    width = (high - low) or 1.0
    return np.asarray(np.minimum(((array - low) / width * slots).astype(np.int64), slots - 1))


def _sideways(n: int) -> Floats:
    """Return steps that spread n points evenly, the same on every draw (golden ratio)."""
    return np.asarray(((np.arange(n) * 0.6180339887) % 1.0 - 0.5) * 2 * SPREAD)


def _ticks(feature: Column) -> dict[str, Any]:
    if not feature.words:
        return {"type": "linear"}
    return {
        "type": "linear",
        "tickmode": "array",
        "tickvals": list(range(len(feature.words))),
        "ticktext": [label(word, 16) for word in feature.words],
    }


def _bar(other: Column) -> dict[str, Any]:
    title = {"text": label(other.name, 24), "side": "right"}
    bar: dict[str, Any] = {"title": title, "thickness": 12}
    if 0 < len(other.words) <= 12:
        bar |= {
            "tickvals": list(range(len(other.words))),
            "ticktext": [label(word, 16) for word in other.words],
        }
    return {"colorbar": bar}


def _span(values: Floats) -> str:
    low, high = number(values.min()), number(values.max())
    return low if low == high else f"{low} to {high}"


def _table(feature: Column, x: Floats, y: Floats) -> list[list[Any]]:
    """Return the mean attribution per category, or per tenth of the samples."""
    if feature.words:
        codes = x.astype(np.int64)
        groups = [(feature.words[code], codes == code) for code in np.unique(codes)]
    else:
        edges = np.unique(np.quantile(x, np.linspace(0, 1, SLICES + 1)))
        slot = np.clip(np.searchsorted(edges, x, side="right") - 1, 0, max(len(edges) - 2, 0))
        groups = [(_span(x[slot == s]), slot == s) for s in np.unique(slot)]
    return [[name, float(y[part].mean()), int(part.sum())] for name, part in groups]


def _finding(name: str, table: Sequence[Sequence[Any]], missing: int) -> str:
    low, high = min(table, key=lambda row: row[1]), max(table, key=lambda row: row[1])
    text = (
        f"{name} lowers the output most at {low[0]} ({signed(low[1])} on average) "
        f"and raises it most at {high[0]} ({signed(high[1])})."
        if len(table) > 1
        else f"{name} has one value here: {low[0]}, with {signed(low[1])} on average."
    )
    return f"{text} Left out for want of a value: {missing}." if missing else text
