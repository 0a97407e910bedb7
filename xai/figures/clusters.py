"""The strategic cluster graph: a point per sample, clusters outlined, neighbours joined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xai.figures.parts import Trace, axis, empty, figure, label, pack, paint
from xai.vocabulary import Floats, Integers

COLOURS = 12
"""Units with a colour of their own, those dominant most often; there are 15 colours for methods."""
NAMED = 15
"""Units of the map of units that carry their name."""
FADED = 0.15
_BARE: dict[str, Any] = {"visible": False}


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """The samples, n of them.

    Attributes
    ----------
    places : array of shape (n, 2)
    cluster : array of shape (n,)
    dominant : sequence of str
        The unit that speaks most for the decision; "" where none does.
    purity : array of shape (n,)
    correct : array of shape (n,)
        1, 0, or NaN where the truth is unknown.
    chosen : array of shape (n,) or None
        The others are drawn faintly; None for all.
    """

    samples: Integers
    places: Floats
    cluster: Integers
    dominant: Sequence[str]
    purity: Floats
    correct: Floats
    chosen: NDArray[np.bool_] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Outlined:
    """One cluster: its name, the corners around it, what drives it."""

    id: int
    name: str
    size: int
    accuracy: float | None
    is_flagged: bool
    outline: Floats
    drivers: str = ""


@dataclass(frozen=True, slots=True)
class Graph:
    """Clusters, their joints (a, b, weight), and the units that have a colour, most first."""

    clusters: Sequence[Outlined]
    edges: Sequence[tuple[int, int, float]] = ()
    coloured: Sequence[str] = field(default=())


def draw(points: Points, graph: Graph) -> dict[str, Any]:
    """Draw the graph; `customdata` of a point is its cluster and its sample."""
    if not len(points.samples):
        return empty("There are too few samples for a graph.")
    colours = {name: f"method-{i + 1}" for i, name in enumerate(graph.coloured[:COLOURS])}
    centres = {
        one.id: points.places[points.cluster == one.id].mean(axis=0) for one in graph.clusters
    }
    data = [_outline(one) for one in graph.clusters if len(one.outline) > 2]
    data += [_edge(centres[a], centres[b], weight) for a, b, weight in graph.edges]
    data += [_points(points, name, role) for name, role in colours.items()]
    others = np.array([name not in colours for name in points.dominant])
    if others.any():
        data.append(_trace(points, others, "other", "muted"))
    names = [_name(one, points.places[points.cluster == one.id]) for one in graph.clusters]
    layout = {
        "height": 560,
        "xaxis": axis(**_BARE),
        "yaxis": axis(**_BARE),
        "showlegend": True,
        "legend": {"orientation": "h", "y": -0.05, "title": {"text": "Dominant"}},
        "annotations": names,
        "meta": {"paint": {f"annotations[{i}].bgcolor": "surface" for i in range(len(names))}},
    }
    return figure(
        data, layout, least=320, finding=_finding(points, graph),
        head=["Cluster", "samples", "right", "driven by"],
        rows=[[one.name, one.size, one.accuracy, one.drivers] for one in graph.clusters],
    )  # fmt: skip


def draw_units(names: Sequence[str], places: Floats, weights: Floats) -> dict[str, Any]:
    """Draw the units: near where they act on the same samples alike, larger where they act more."""
    if not len(names):
        return empty("No unit is used.")
    order = np.argsort(-weights, kind="stable")
    size = 8 + 16 * np.sqrt(weights / (weights.max() or 1.0))
    shown = [
        label(names[i], 24) if i in set(order[:NAMED].tolist()) else "" for i in range(len(names))
    ]
    trace = {
        "type": "scatter",
        "mode": "markers+text",
        "x": pack(places[:, 0]),
        "y": pack(places[:, 1]),
        "text": shown,
        "textposition": "top center",
        "customdata": [label(name, 60) for name in names],
        "marker": {"size": pack(size), "opacity": 0.75},
        "cliponaxis": False,
        "hovertemplate": "%{customdata}<extra></extra>",
        "meta": paint(marker__color="accent"),
    }
    rows = [[names[i], float(weights[i])] for i in order]
    layout = {"height": 420, "xaxis": axis(**_BARE), "yaxis": axis(**_BARE)}
    finding = f"{names[order[0]]} acts most over all samples; units that lie close act alike."
    return figure(
        [trace], layout, finding=finding, least=320, head=["Unit", "mean size"], rows=rows
    )


def _points(points: Points, name: str, role: str) -> Trace:
    return _trace(points, np.array([found == name for found in points.dominant]), name, role)


def _trace(points: Points, mine: NDArray[np.bool_], name: str, role: str) -> Trace:
    where = np.flatnonzero(mine)
    faint = np.zeros(len(where)) if points.chosen is None else ~points.chosen[where]
    # The legend shows the first point: one that is right and chosen, if there is one.
    where = where[np.lexsort((points.correct[where] == 0, faint))]
    wrong = points.correct[where] == 0
    light = np.full(len(where), 0.85)
    if points.chosen is not None:
        light[~points.chosen[where]] = FADED
    return {
        "type": "scatter",
        "mode": "markers",
        "name": label(name, 30),
        "x": pack(points.places[where, 0]),
        "y": pack(points.places[where, 1]),
        "marker": {
            "size": pack(6 + 8 * points.purity[where]),
            "symbol": ["x" if is_wrong else "circle" for is_wrong in wrong],
            "opacity": pack(light),
        },
        "customdata": [[int(points.cluster[i]), int(points.samples[i])] for i in where],
        "text": [_hover(points, int(i)) for i in where],
        "hovertemplate": "%{text}<extra></extra>",
        "meta": paint(marker__color=role),
    }


def _hover(points: Points, i: int) -> str:
    known = {0.0: ", wrong", 1.0: ", right"}.get(float(points.correct[i]), "")
    unit = label(points.dominant[i], 40) if points.dominant[i] else "nothing speaks for it"
    return f"Row {points.samples[i]}: {unit} ({100 * points.purity[i]:.0f} %){known}"


def _outline(one: Outlined) -> Trace:
    x, y = one.outline[:, 0].tolist(), one.outline[:, 1].tolist()
    role, width, dash = ("bad", 2.5, "dash") if one.is_flagged else ("edge", 1.5, "solid")
    return {
        "type": "scatter",
        "mode": "lines",
        "x": [*x, x[0]],
        "y": [*y, y[0]],
        "line": {"width": width, "dash": dash},
        "fill": "toself",
        "hoverinfo": "skip",
        "showlegend": False,
        "meta": paint(line__color=role, fillcolor="sunken"),
    }


def _edge(a: Floats, b: Floats, weight: float) -> Trace:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": [float(a[0]), float(b[0])],
        "y": [float(a[1]), float(b[1])],
        "line": {"width": 1 + 8 * weight},
        "opacity": 0.5,
        "hoverinfo": "skip",
        "showlegend": False,
        "meta": paint(line__color="line"),
    }


def _name(one: Outlined, places: Floats) -> dict[str, Any]:
    text = label(one.name, 36) + (", mostly wrong" if one.is_flagged else "")
    top = float(places[:, 1].max())
    return {
        "text": text,
        "x": float(places[:, 0].mean()),
        "y": top,
        "yshift": 14,
        "showarrow": False,
    }


def _finding(points: Points, graph: Graph) -> str:
    count = len(graph.clusters)
    largest = max(graph.clusters, key=lambda one: one.size)
    if count == 1:
        text = f"All {len(points.samples)} samples are decided alike, by {largest.name}."
    else:
        text = (
            f"{len(points.samples)} samples fall into {count} clusters; the largest "
            f"({largest.size}) is driven by {largest.name}."
        )
    wrong = [one.name for one in graph.clusters if one.is_flagged]
    return f"{text} Mostly wrong: {', '.join(wrong)}." if wrong else text
