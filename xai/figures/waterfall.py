"""Waterfall: from the base value to the output, one step per feature."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from xai.figures.parts import axis, figure, height, label, number, paint, rows_axis, signed
from xai.vocabulary import Floats

SHOWN = 14
NAME, VALUE = 18, 11
"""Longest name and value beside a step."""


def draw(
    names: Sequence[str],
    shown: Sequence[str],
    values: Floats,
    base: float,
    unit: str,
) -> dict[str, Any]:
    """Draw the strongest steps first and all others as one.

    Parameters
    ----------
    names : sequence of str
        What each step is: a feature or a group.
    shown : sequence of str
        The value of the feature, as a person reads it; "" for a group.
    values : array of shape (units,)
    base : float
        Where the method starts.
    """
    order = np.argsort(-np.abs(values), kind="stable")
    first, rest = order[:SHOWN], order[SHOWN:]
    steps = [(_joined(names[i], shown[i]), float(values[i])) for i in first]
    ticks = [_joined(_cut(names[i], NAME), _cut(shown[i], VALUE)) for i in first]
    if len(rest):
        steps.append((f"{len(rest)} others", float(values[rest].sum())))
        ticks.append(steps[-1][0])
    total = base + float(values.sum())
    labels = ["base value", *(name for name, _ in steps), "sum"]
    amounts = [base, *(value for _, value in steps), total]
    trace = {
        "type": "waterfall",
        "orientation": "h",
        "measure": ["absolute", *["relative"] * len(steps), "total"],
        "x": amounts,
        "y": list(range(len(labels))),
        "text": [number(base), *(signed(value) for _, value in steps), number(total)],
        "hovertext": [label(name, 80) for name in labels],
        "hoverinfo": "text+x",
        "textposition": "outside",
        "cliponaxis": False,
        "connector": {"line": {"width": 1}},
        "meta": paint(
            increasing__marker__color="raises",
            decreasing__marker__color="lowers",
            totals__marker__color="muted",
            connector__line__color="line",
        ),
    }
    layout = {
        "height": height(len(labels)),
        "xaxis": axis(unit, range=_range(base, amounts[1:-1]), zeroline=False),
        "yaxis": rows_axis(["base value", *ticks, "sum"]),
    }
    return figure(
        [trace],
        layout,
        least=420,
        finding=_finding(steps, base, total, unit),
        head=["Step", unit],
        rows=[[name, value] for name, value in zip(labels, amounts, strict=True)],
    )


def _joined(name: str, shown: str) -> str:
    return f"{name} = {shown}" if shown else name


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _range(base: float, steps: Sequence[float]) -> list[float]:
    """Return limits around the path: a bar from zero would hide steps that are small beside it."""
    path = base + np.concatenate([[0.0], np.cumsum(steps)])
    low, high = float(path.min()), float(path.max())
    margin = 0.15 * ((high - low) or 1.0)
    return [low - margin, high + margin]


def _finding(steps: Sequence[tuple[str, float]], base: float, total: float, unit: str) -> str:
    if not steps:
        return f"The base value is {number(base)} ({unit}); there is no step."
    name, value = steps[0]
    return (
        f"From the base value {number(base)} to {number(total)} ({unit}); the largest step is "
        f"{name} with {signed(value)}."
    )
