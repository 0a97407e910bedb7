"""Ranges: one row per name, and on it a point with its interval for each series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from xai.figures.parts import FRAME_HEIGHT, Trace, axis, figure, label, number, paint, rows_axis
from xai.vocabulary import Floats

ROW, STEP = 22, 0.7
"""Pixels of a point's line; the share of a row that its series share."""
SYMBOLS = ("circle", "diamond", "square", "triangle-up")


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """Points of one colour; NaN where a name has none.

    Attributes
    ----------
    role : str
        The colour by name, for example "accent" or "method-1".
    values, low, high : array of shape (rows,)
        `low` and `high` are the ends of the thin line; None without one.
    inner_low, inner_high : array of shape (rows,) or None
        The ends of a thick line inside of it: the middle half of many values.
    symbol : int
        Which sign: two series differ by more than their colour.
    """

    title: str
    role: str
    values: Floats
    low: Floats | None = None
    high: Floats | None = None
    inner_low: Floats | None = None
    inner_high: Floats | None = None
    symbol: int = 0


def draw(
    names: Sequence[str],
    series: Sequence[Series],
    title: str,
    finding: str,
    *,
    marks: Sequence[float] = (),
    shared: bool = False,
) -> dict[str, Any]:
    """Draw the points of all series, the first name on top.

    Parameters
    ----------
    title : str
        What the numbers are, for the axis.
    finding : str
        What the figure shows, in a sentence with its number.
    marks : sequence of float
        Values with a line through all rows; they are always seen.
    shared : bool
        All series of a name lie on one line: where no name has two, or one lies on the other.
    """
    lanes = 1 if shared else len(series)
    data: list[Trace] = []
    for at, one in enumerate(series):
        shift = STEP * ((at + 0.5) / lanes - 0.5) if lanes > 1 else 0.0
        rows: Floats = np.arange(len(names), dtype=np.float64) + shift
        data += _lines(rows, one)
        data.append(_points(names, rows, one))
    across = {
        "type": "line",
        "yref": "paper",
        "y0": 0,
        "y1": 1,
        "line": {"width": 1, "dash": "dot"},
    }
    layout = {
        "height": FRAME_HEIGHT + max(len(names), 2) * max(ROW * lanes, 26) + 30 * (len(series) > 1),
        "xaxis": axis(title, rangemode="tozero" if 0 in marks else "normal", zeroline=False),
        "yaxis": rows_axis(names),
        "showlegend": len(series) > 1,
        "legend": {"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0},
        "shapes": [across | {"x0": mark, "x1": mark} for mark in marks],
        "meta": {"paint": {f"shapes[{i}].line.color": "ink" for i in range(len(marks))}},
    }
    return figure(
        data, layout, least=340, finding=finding,
        head=["", *(f"{one.title}{_ends(one)}" for one in series)],
        rows=[[name, *(_cell(one, at) for one in series)] for at, name in enumerate(names)],
    )  # fmt: skip


def _lines(rows: Floats, one: Series) -> list[Trace]:
    found = []
    for low, high, width in ((one.low, one.high, 1.5), (one.inner_low, one.inner_high, 7.0)):
        if low is None or high is None:
            continue
        x: list[float | None] = []
        y: list[float | None] = []
        for row, a, b in zip(rows, low, high, strict=True):
            if np.isfinite(a) and np.isfinite(b):
                x += [float(a), float(b), None]
                y += [float(row), float(row), None]
        found.append(
            {
                "type": "scatter",
                "mode": "lines",
                "x": x,
                "y": y,
                "hoverinfo": "skip",
                "showlegend": False,
                "line": {"width": width},
                "opacity": 1.0 if width < 2 else 0.45,
                "meta": paint(line__color=one.role),
            }
        )
    return found


def _points(names: Sequence[str], rows: Floats, one: Series) -> Trace:
    known = np.isfinite(one.values)
    shown = [f"{label(name)}: {_cell(one, at)}" for at, name in enumerate(names)]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": label(one.title, 40),
        "x": one.values[known].tolist(),
        "y": rows[known].tolist(),
        "customdata": [text for text, is_known in zip(shown, known, strict=True) if is_known],
        "hovertemplate": "%{customdata}<extra></extra>",
        "marker": {"size": 10, "symbol": SYMBOLS[one.symbol]},
        "meta": paint(marker__color=one.role),
    }


def _ends(one: Series) -> str:
    return "" if one.low is None else " (low to high)"


def _cell(one: Series, at: int) -> str:
    text = number(float(one.values[at]))
    if one.low is None or one.high is None or not np.isfinite(one.low[at]):
        return text
    return f"{text} ({number(float(one.low[at]))} to {number(float(one.high[at]))})"
