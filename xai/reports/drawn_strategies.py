"""The two figures of the strategies page, from the graph of a method."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from xai.evaluation.strategies import Strategies
from xai.figures import clusters
from xai.figures.parts import empty
from xai.reports import strategies
from xai.reports.explained import methods_of
from xai.reports.results import Results
from xai.vocabulary import Floats

CORNERS_MOST = 200


def graph(results: Results, slug: str, cluster: str, corners: str) -> dict[str, Any]:
    """Return the graph; what is not in the cluster, or within the corners, is drawn faintly.

    Raises
    ------
    KeyError, ValueError
        If there is no such method.
    """
    found = _of(results, slug)
    if found is None:
        return empty("There are too few samples for a graph.")
    chosen = found.cluster == int(cluster) if cluster else around(found.places, corners)
    points = clusters.Points(
        samples=found.samples,
        places=found.places,
        cluster=found.cluster,
        dominant=[found.names[i] if i >= 0 else "" for i in found.dominant],
        purity=found.purity,
        correct=found.correct,
        chosen=chosen if chosen is not None and chosen.any() else None,
    )
    outlined = [
        clusters.Outlined(
            one.id, one.name, one.size, one.accuracy, one.is_flagged, one.outline,
            ", ".join(name for name, _own, _rest in one.units),
        )
        for one in found.clusters
    ]  # fmt: skip
    coloured = [one.unit for one in found.strategies]
    return clusters.draw(points, clusters.Graph(outlined, found.edges, coloured))


def units(results: Results, slug: str) -> dict[str, Any]:
    """Return the map of the units themselves."""
    found = _of(results, slug)
    if found is None:
        return empty("There are too few samples for a map.")
    values = strategies.vectors(results, results.method(slug)).values
    return clusters.draw_units(found.names, found.units, np.abs(np.nan_to_num(values)).mean(axis=0))


def around(places: Floats, corners: str) -> NDArray[np.bool_] | None:
    """Return which places (n, 2) lie within corners "x,y;x,y;…"; None if these are none."""
    try:
        polygon = np.array([pair.split(",") for pair in corners.split(";")], dtype=np.float64)
    except ValueError:
        return None
    if polygon.ndim != 2 or polygon.shape[1] != 2 or not 3 <= len(polygon) <= CORNERS_MOST:
        return None
    if not np.isfinite(polygon).all():
        return None
    inside = np.zeros(len(places), dtype=bool)
    x, y = places[:, 0], places[:, 1]
    # Count how often a ray to the right crosses an edge: odd is inside.
    for (ax, ay), (bx, by) in zip(polygon, np.roll(polygon, 1, axis=0), strict=True):
        if ay != by:
            crosses = ((ay > y) != (by > y)) & (x < (bx - ax) * (y - ay) / (by - ay) + ax)
            inside ^= crosses
    return inside


def _of(results: Results, slug: str) -> Strategies | None:
    found = {method.slug: method for method in methods_of(results)}
    return strategies.of(results, found[slug])
