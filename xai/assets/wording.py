"""Names and lists inside the sentences that files' readers write for people."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# Control characters, and the marks that turn the direction of text and so disguise it.
_UNSEEMLY = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def clean(text: str, limit: int = 200) -> str:
    """Return text without control characters, cut to `limit` characters."""
    text = _UNSEEMLY.sub(" ", text[: 4 * limit])
    return text if len(text) <= limit else text[: limit - 1] + "…"


def quoted(text: str) -> str:
    """Return a name or value from a file, marked as such: `age`."""
    return f"`{clean(text, 60)}`"


def listed(texts: Sequence[str], limit: int = 8) -> str:
    """Join as a person would: "a, b and c", or "a, b and 7 more"."""
    shown = list(texts)
    if len(shown) > limit:
        shown[limit - 1 :] = [f"{len(shown) - limit + 1} more"]
    return " and ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else "".join(shown)


def count(number: int, noun: str) -> str:
    """Return "1 row", "12 rows", "1,200 rows"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
