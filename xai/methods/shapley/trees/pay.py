"""When tables pay, and how long they take: one rule for the method and for its estimate."""

from __future__ import annotations

SETUP = 1e9
"""Nanoseconds to read compiled code and build: tables pay when the library would take longer."""
LEAST_ROWS = 50
"""Rows of a run below which the trees are not even counted."""
PACE, PAIR_PACE = 0.05, 0.2
"""Nanoseconds per row and unit of `Trees.work`: 0.02 to 0.06, and 0.08 to 0.3 with interactions."""
CELL = 600.0
"""Nanoseconds per row and feature to code it, check the values against the score and keep them."""


def pays(rows: int, work: float, pace: float) -> bool:
    """Tell whether a run of `rows` rows uses tables: by its size and the trees alone.

    Every shard and every machine agree, so they take the same way.

    Parameters
    ----------
    work, pace : float
        `Trees.work` of the largest output; `Ensemble.pace`.
    """
    return rows >= LEAST_ROWS and rows * work * pace >= SETUP


def seconds(rows: int, features: int, work: float, *, of_pairs: bool) -> float:
    """Return how long tables take, building included."""
    each = (PACE + PAIR_PACE * of_pairs) * work + CELL * features
    return (SETUP + rows * each) / 1e9
