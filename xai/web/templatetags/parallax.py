"""Numbers as people read them. Built into every template; nothing to load."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

from django import template
from django.utils.timezone import now

register = template.Library()
_DIRECT = 1e9
"""From here on, a power of ten is easier to read."""


@register.filter
def size(value: Any) -> str:
    """Return bytes as "1.4 MB"."""
    number = float(value or 0)
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000:
            return (
                f"{number:.0f} {unit}" if unit == "B" or number >= 100 else f"{number:.1f} {unit}"
            )
        number /= 1000
    return f"{number:.1f} TB"


@register.filter
def count(value: Any) -> str:
    """Return a count as "12,345" or "1.2 million"; a dash if there is none."""
    if value is None or value == "":
        return "–"
    number = float(value)
    if number < 1_000_000:
        return f"{number:,.0f}" if number >= 10 or number == int(number) else f"{number:.1f}"
    for limit, word in ((1e9, "million"), (1e12, "billion")):
        if number < limit:
            return f"{number / limit * 1000:.1f} {word}"
    return f"{number:.1e}"


@register.filter
def duration(value: Any) -> str:
    """Return seconds as "3 min 20 s"; a dash if unknown."""
    if value is None or value == "" or not math.isfinite(float(value)):
        return "–"
    seconds = float(value)
    if seconds < 1:
        return "< 1 s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if minutes < 10 and rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours < 48 else f"{hours // 24} days"


@register.filter
def short(value: str) -> str:
    """Return the first 12 digits of a hash."""
    return str(value)[:12]


@register.filter
def figure(value: Any) -> str:
    """Return a number of a table with four significant digits; a dash if there is none."""
    if value is None or value == "":
        return "–"
    number = float(value)
    if not math.isfinite(number) or abs(number) >= _DIRECT:
        return f"{number:.3e}"
    if number == int(number) or abs(number) >= 1e4:
        return f"{number:,.0f}"
    return f"{number:.4g}"


@register.filter
def ago(moment: datetime | None) -> str:
    """Return how long ago something was, in its largest unit."""
    if moment is None:
        return "–"
    seconds = (now() - moment).total_seconds()
    if seconds < 60:
        return "just now"
    for limit, length, unit in ((3600, 60, "min"), (86_400, 3600, "h"), (86_400 * 60, 86_400, "d")):
        if seconds < limit:
            return f"{seconds // length:.0f} {unit} ago"
    return f"{moment:%Y-%m-%d}"
