"""Deletion and insertion curves of methods, with the random order as a band."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from xai.figures.parts import Trace, axis, empty, figure, label, paint
from xai.vocabulary import Json


@dataclass(frozen=True, slots=True)
class Curve:
    """The mean output of one method at each step, with its interval; None where undefined.

    Attributes
    ----------
    role : str
        The colour by name, for example "method-3".
    is_reference : bool
        Drawn as a thin line.
    is_band : bool
        Its interval is drawn as a band.
    """

    title: str
    role: str
    mean: Sequence[float | None]
    low: Sequence[float | None]
    high: Sequence[float | None]
    is_reference: bool = False
    is_band: bool = False


def draw(steps: Sequence[float], curves: Sequence[Curve], way: str, output: str) -> dict[str, Any]:
    """Draw one curve per method over the share of the units.

    Parameters
    ----------
    steps : sequence of float
        Shares from 0 to 1.
    way : str
        "deletion": units are taken away; "insertion": they are put back.
    output : str
        What is explained, for people.
    """
    known = [c for c in curves if all(value is not None for value in c.mean)]
    if not known:
        return empty("No curve could be measured.")
    shares = [100 * share for share in steps]
    # Bands first: nothing is drawn over a line.
    data = [t for c in known if c.is_band for t in _band(shares, c)]
    data += [_line(shares, c) for c in sorted(known, key=lambda c: not c.is_reference)]
    verb = "taken away" if way == "deletion" else "kept"
    layout = {
        "height": 400,
        "xaxis": axis(f"% of the units {verb}", range=[0, 100]),
        "yaxis": axis(f"mean of {output}"),
        "showlegend": True,
        "legend": {"orientation": "h", "y": -0.25},
    }
    return figure(
        data, layout, finding=_finding(known, way),
        head=["% of the units", *(c.title for c in known)],
        rows=[
            [f"{share:g}", *(c.mean[at] for c in known)] for at, share in enumerate(shares)
        ],
    )  # fmt: skip


def _line(shares: Sequence[float], curve: Curve) -> Trace:
    name = label(curve.title, 40)
    return {
        "type": "scatter",
        "mode": "lines" if curve.is_reference else "lines+markers",
        "name": name,
        "x": list(shares),
        "y": [float(value or 0.0) for value in curve.mean],
        "line": {"width": 1.5 if curve.is_reference else 2.5,
                 "dash": _dash(curve)},
        "marker": {"size": 6},
        "customdata": [_bounds(curve, at) for at in range(len(shares))],
        "hovertemplate": f"{name}<br>%{{x}} %: %{{y:.3g}}%{{customdata}}<extra></extra>",
        "meta": paint(line__color=curve.role, marker__color=curve.role),
    }  # fmt: skip


def _dash(curve: Curve) -> str:
    return "solid" if not curve.is_reference else "dash" if curve.is_band else "dot"


def _band(shares: Sequence[float], curve: Curve) -> list[Trace]:
    if any(value is None for value in (*curve.low, *curve.high)):
        return []
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "x": [*shares, *reversed(shares)],
            "y": [*curve.high, *reversed(curve.low)],
            "fill": "toself",
            "line": {"width": 0},
            "opacity": 0.25,
            "hoverinfo": "skip",
            "showlegend": False,
            "meta": paint(fillcolor=curve.role),
        }
    ]


def _bounds(curve: Curve, at: int) -> str:
    low, high = curve.low[at], curve.high[at]
    return "" if low is None or high is None else f" (95 %: {low:.3g} to {high:.3g})"


def _finding(curves: Sequence[Curve], way: str) -> str:
    methods = [c for c in curves if not c.is_reference]
    if not methods:
        return "Only the references could be measured."
    areas = [_mean(c.mean) for c in methods]
    best = int(np.argmin(areas) if way == "deletion" else np.argmax(areas))
    verb = "falls furthest" if way == "deletion" else "stays highest"
    what = "are taken away" if way == "deletion" else "alone are kept"
    return (
        f"On average the output {verb} when the units that {methods[best].title} calls most "
        f"important {what}."
    )


def _mean(values: Sequence[Json]) -> float:
    return float(np.mean([float(value) for value in values]))
