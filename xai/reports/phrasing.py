"""Numbers and names inside sentences: plain text, never markup."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from xai.figures.parts import number, plain

__all__ = ["between", "counted", "listed", "named", "number", "percent", "share"]

NAME_LENGTH = 60


def named(name: str) -> str:
    """Return a name from the data in quotes, without unseen signs, and cut if it is very long."""
    shown = plain(name)
    if len(shown) > NAME_LENGTH:
        shown = shown[: NAME_LENGTH - 1] + "…"
    return f"“{shown}”"


def percent(value: float) -> str:
    """Return a share in percent: two digits below ten, never a rounded 0 % or 100 %."""
    amount = 100 * value
    if 0 < amount < 0.1:
        return "under 0.1 %"
    if 99.9 < amount < 100:
        return "over 99.9 %"
    text = f"{amount:.1f}" if amount < 10 or amount > 99 else f"{amount:.0f}"
    return f"{text.removesuffix('.0')} %"


def share(part: int, whole: int) -> str:
    """Return "13 of 60"."""
    return f"{part:,} of {whole:,}"


def between(low: float | None, high: float | None, form: str = "number") -> str:
    """Return "95 % interval 0.1 to 0.3", or that there is none."""
    if low is None or high is None or not (np.isfinite(low) and np.isfinite(high)):
        return "too few rows for an interval"
    if form == "percent":
        return f"95 % interval {percent(low)} to {percent(high)}"
    if form == "two":
        return f"95 % interval {two(low)} to {two(high)}"
    return f"95 % interval {number(low)} to {number(high)}"


def two(value: float) -> str:
    """Return a correlation: two decimals, a true minus sign, no −0.00."""
    return f"{round(value, 2) + 0.0:.2f}".replace("-", "−")


def counted(count: int, thing: str, things: str = "") -> str:
    """Return "1 row" or "12 rows"."""
    return f"{count:,} {thing if count == 1 else things or thing + 's'}"


def listed(items: Sequence[str], *, most: int = 6) -> str:
    """Return "a, b and c"; what is over `most` is counted."""
    shown = list(items[:most])
    if len(items) > most:
        shown = [*items[: most - 1], f"{len(items) - most + 1} more"]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
