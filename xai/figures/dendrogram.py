"""Dendrogram: how features join into groups, and the height at which the tree was cut."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from xai.figures.parts import axis, figure, height, number, paint, rows_axis
from xai.vocabulary import Floats


def draw(names: Sequence[str], links: Floats, threshold: float, distance: str) -> dict[str, Any]:
    """Draw the tree lying down, features on the left.

    Parameters
    ----------
    names : sequence of str, length d
    links : array of shape (d - 1, 4)
        As scipy's `linkage`: two clusters, the height at which they join, the size.
    threshold : float
        Clusters that join below it became one group.
    distance : str
        What the height is, for the axis.
    """
    leaves, place = _leaves(len(names), links), {}
    for position, leaf in enumerate(leaves):
        place[leaf] = (float(position), 0.0)
    below: tuple[list[float | None], list[float | None]] = ([], [])
    above: tuple[list[float | None], list[float | None]] = ([], [])
    rows = []
    for i, (left, right, at, _) in enumerate(links):
        (y0, x0), (y1, x1) = place[int(left)], place[int(right)]
        x, y = below if at <= threshold else above
        x += [x0, at, at, x1, None]
        y += [y0, y0, y1, y1, None]
        place[len(names) + i] = ((y0 + y1) / 2, float(at))
        rows.append([_named(int(left), names, links), _named(int(right), names, links), float(at)])
    shown = [names[leaf] for leaf in leaves]
    layout = {
        "height": height(len(names)),
        "xaxis": axis(distance, rangemode="tozero", zeroline=False),
        "yaxis": rows_axis(shown),
        "shapes": [_cut(threshold)],
        "meta": {"paint": {"shapes[0].line.color": "ink"}},
    }
    traces = [_lines(below, "accent", 3.0), _lines(above, "muted", 1.5)]
    return figure(
        traces,
        layout,
        least=360,
        finding=_finding(names, links, threshold),
        head=["First", "Second", "joined at"],
        rows=rows,
    )


def _lines(points: tuple[list[float | None], list[float | None]], role: str, width: float) -> Any:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": points[0],
        "y": points[1],
        "line": {"width": width},
        "hovertemplate": "%{x:.3f}<extra></extra>",
        "meta": paint(line__color=role),
    }


def _cut(threshold: float) -> dict[str, Any]:
    line = {"width": 1.5, "dash": "dash"}
    place = {"x0": threshold, "x1": threshold, "yref": "paper", "y0": 0, "y1": 1}
    return {"type": "line", "line": line} | place


def _leaves(count: int, links: Floats) -> list[int]:
    """Return the features in an order in which no branches cross."""
    if not len(links):
        return list(range(count))
    found, open_ = [], [count + len(links) - 1]
    while open_:
        node = open_.pop()
        if node < count:
            found.append(node)
        else:
            open_ += [int(links[node - count, 1]), int(links[node - count, 0])]
    return found


def _members(node: int, names: Sequence[str], links: Floats) -> list[str]:
    found, open_ = [], [node]
    while open_:
        at = open_.pop()
        if at < len(names):
            found.append(names[at])
        else:
            open_ += [int(links[at - len(names), 1]), int(links[at - len(names), 0])]
    return found


def _named(node: int, names: Sequence[str], links: Floats) -> str:
    return " + ".join(_members(node, names, links))


def _finding(names: Sequence[str], links: Floats, threshold: float) -> str:
    joined = np.flatnonzero(links[:, 2] <= threshold) if len(links) else np.zeros(0, dtype=int)
    groups = len(names) - len(joined)
    if not len(joined):
        return f"Cut at {number(threshold)}, each of the {len(names)} features stays alone."
    first = _named(len(names) + int(joined[0]), names, links)
    return (
        f"Cut at {number(threshold)}, {len(names)} features become {groups} groups; "
        f"the closest are {first}."
    )
