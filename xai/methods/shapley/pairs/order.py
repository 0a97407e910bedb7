"""How pairs are counted and ordered: (0, 1), (0, 2), …, (1, 2), …; light enough for a web form."""

from __future__ import annotations

from xai.errors import InvalidParameter

MOST_FEATURES = 100
"""Features up to which pairs are offered: 4,950 of them, more than anybody looks through."""
MOST_NUMBERS = 25_000_000
"""Rows × pairs of one run: 100 MB on disk."""


def count(units: int) -> int:
    """Count the pairs of so many features."""
    return units * (units - 1) // 2


def check(rows: int, units: int) -> None:
    """Refuse what would fill memory and disk.

    Raises
    ------
    InvalidParameter
        If there are too many features, or rows × pairs is too large.
    """
    if units > MOST_FEATURES:
        raise InvalidParameter(
            f"Interaction values are offered for at most {MOST_FEATURES} features, and this model "
            f"has {units}. Run Shapley values without interactions."
        )
    if rows * count(units) > MOST_NUMBERS:
        raise InvalidParameter(
            f"Interaction values of {rows:,} rows and {count(units):,} pairs of features are more "
            f"than the {MOST_NUMBERS:,} numbers that are kept. Choose at most "
            f"{MOST_NUMBERS // count(units):,} rows, or run without interactions."
        )
