"""Numbers of blind comparisons, written as in the report."""

from __future__ import annotations

from django import template
from django.utils.safestring import SafeString

from xai.reports import phrasing
from xai.reports.markup import Html, text

register = template.Library()


@register.filter
def two(value: float | None) -> str:
    """Return two decimals; a dash if there is no value."""
    return "–" if value is None else phrasing.two(value)


@register.filter
def share(value: float | None) -> str:
    """Return a share in percent; a dash if there is none."""
    return "–" if value is None else phrasing.percent(value)


@register.filter
def markup(words: str) -> SafeString:
    """Return markup that was made by us; anything else is escaped."""
    return SafeString(words if isinstance(words, Html) else text(words))
