"""How many concepts: what they miss and how stable they are, by their number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from xai.figures.parts import Trace, axis, empty, figure, number, paint
from xai.vocabulary import Json

LINES = (("logit_error", "Logit error", "accent"), ("error", "Reconstruction error", "muted"),
         ("stability", "Stability", "good"))  # fmt: skip


def draw(points: Sequence[Mapping[str, Json]], chosen: int) -> dict[str, Any]:
    """Draw logit error, reconstruction error and stability over the number of concepts.

    Parameters
    ----------
    points : sequence of {"concepts", "logit_error", "error", "stability"}
        None where undefined.
    chosen : int
        The number that the run used.
    """
    if not points:
        return empty("The curves by number of concepts were not computed.")
    data = [_line(points, *line) for line in LINES]
    mark = {"type": "line", "x0": chosen, "x1": chosen, "yref": "paper", "y0": 0, "y1": 1,
            "line": {"width": 1.5, "dash": "dash"}}  # fmt: skip
    shown = sorted({chosen, *(int(one["concepts"]) for one in points)})
    layout = {
        "height": 340,
        "xaxis": axis("number of concepts", zeroline=False, tickvals=shown),
        "yaxis": axis("share", rangemode="tozero"),
        "showlegend": True,
        "legend": {"orientation": "h", "y": -0.3},
        "shapes": [mark],
        "meta": {"paint": {"shapes[0].line.color": "ink"}},
    }
    rows = [[one["concepts"], *(one[key] for key, _title, _role in LINES)] for one in points]
    return figure(
        data, layout, finding=_finding(points, chosen), least=300,
        head=["Concepts", *(title for _key, title, _role in LINES)], rows=rows,
    )  # fmt: skip


def _line(points: Sequence[Mapping[str, Json]], key: str, title: str, role: str) -> Trace:
    known = [one for one in points if one[key] is not None]
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": title,
        "x": [one["concepts"] for one in known],
        "y": [float(one[key]) for one in known],
        "line": {"width": 2.5, "dash": "dot" if key == "stability" else "solid"},
        "hovertemplate": f"{title}: %{{y:.2f}} with %{{x}} concepts<extra></extra>",
        "meta": paint(line__color=role, marker__color=role),
    }


def _finding(points: Sequence[Mapping[str, Json]], chosen: int) -> str:
    known = [one for one in points if one["logit_error"] is not None]
    if not known:
        return "The logit does not move with this layer, whatever the number of concepts."
    first, last = known[0], known[-1]
    return (
        f"{first['concepts']} concepts miss {number(first['logit_error'], 2)} of the logit, "
        f"{last['concepts']} miss {number(last['logit_error'], 2)}; this run used {chosen}. "
        "More concepts miss less, and at some point become arbitrary."
    )
