"""A map of methods: close to each other where they order the units alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from xai.figures.parts import axis, empty, figure, label, paint
from xai.vocabulary import Floats


def draw(
    titles: Sequence[str], roles: Sequence[str], agreement: Floats, measure: str
) -> dict[str, Any]:
    """Draw methods as points, by classical scaling of 1 − agreement.

    Parameters
    ----------
    roles : sequence of str
        The colour of each by name.
    agreement : array of shape (m, m)
        Mean agreement of every two; 1 on the diagonal, NaN where undefined.
    """
    if len(titles) < 3 or not np.isfinite(agreement).all():
        return empty("A map needs three methods that can all be compared.")
    distances = 1 - agreement
    places, share = scaled(distances)
    reach = float(np.abs(places).max()) * 1.3 or 1.0
    data = [
        {
            "type": "scatter",
            "mode": "markers+text",
            "x": [float(x)],
            "y": [float(y)],
            "text": [label(title, 30)],
            "textposition": "top center",
            "marker": {"size": 14},
            "hoverinfo": "text",
            "meta": paint(marker__color=role),
        }
        for (x, y), title, role in zip(places, titles, roles, strict=True)
    ]
    off = distances + np.diag(np.full(len(titles), np.inf))
    a, b = divmod(int(off.argmin()), len(titles))
    finding = (
        f"Closest on the map's scale are {titles[a]} and {titles[b]} ({measure} "
        f"{agreement[a, b]:.2f}). The two directions show {share:.0%} of the differences."
    )
    blank: dict[str, Any] = {"showticklabels": False, "zeroline": False, "range": [-reach, reach]}
    layout = {"height": 380, "xaxis": axis(**blank), "yaxis": axis(**blank)}
    rows = [
        [titles[i], titles[j], float(agreement[i, j])]
        for i in range(len(titles))
        for j in range(i + 1, len(titles))
    ]
    return figure(data, layout, finding=finding, head=["Method", "and", measure], rows=rows)


def scaled(distances: Floats) -> tuple[Floats, float]:
    """Return places (m, 2) by classical scaling (Torgerson 1952), and the share they show."""
    m = len(distances)
    centre = np.eye(m) - 1 / m
    values, vectors = np.linalg.eigh(-centre @ distances**2 @ centre / 2)
    first, size = np.argsort(-values)[:2], np.abs(values).sum()
    places = vectors[:, first] * np.sqrt(np.maximum(values[first], 0))
    share = float(np.maximum(values[first], 0).sum() / size) if size > 0 else 1.0
    return places, share
