"""Matrix of methods: the cells of a table, each with its interval and a step of tint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from xai.vocabulary import Json

STEPS = 6
"""Steps of the sequential scale, beside the first one, which has the colour of the page."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One pair of methods.

    Attributes
    ----------
    a, b : str
        Slugs; equal on the diagonal.
    mean, interval : str
        As a person reads them; a dash where undefined.
    step : int
        0 to 6: how far the mean is from nothing in common to perfect agreement.
    samples, undefined : int
        How many samples the mean is over, and for how many it does not exist.
    """

    a: str
    b: str
    mean: str
    interval: str
    step: int
    samples: int = 0
    undefined: int = 0


def draw(
    rows: Sequence[str], columns: Sequence[str], pairs: Sequence[Mapping[str, Json]], high: float
) -> list[list[Cell]]:
    """Return one list of cells per row.

    Parameters
    ----------
    rows, columns : sequences of str
        Slugs of methods or of reference rows.
    pairs : sequence of mappings
        {"a", "b", "mean", "low", "high", "samples", "undefined"} of one measure, in either order.
    high : float
        The value of perfect agreement.
    """
    known: dict[tuple[str, str], Mapping[str, Json]] = {}
    for pair in pairs:
        known[pair["a"], pair["b"]] = known[pair["b"], pair["a"]] = pair
    return [[_cell(a, b, known.get((a, b)), high) for b in columns] for a in rows]


def _cell(a: str, b: str, pair: Mapping[str, Json] | None, high: float) -> Cell:
    if pair is None:
        return Cell(a, b, "–", "", 0)
    mean = _float(pair["mean"])
    low, top = _float(pair["low"]), _float(pair["high"])
    interval = f"{_text(low)} to {_text(top)}" if np.isfinite(low + top) else ""
    share = min(max(mean / high, 0.0), 1.0) if np.isfinite(mean) else 0.0
    return Cell(
        a,
        b,
        _text(mean),
        interval,
        round(share * STEPS),
        samples=int(pair["samples"]),
        undefined=int(pair["undefined"]),
    )


def _float(value: Json) -> float:
    return float("nan") if value is None else float(value)


def _text(value: float) -> str:
    return f"{value + 0.0:.2f}".replace("-", "−") if np.isfinite(value) else "–"
