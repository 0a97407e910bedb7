"""Facts of models, data and runs in plain words. Built into every template; nothing to load."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.html import escape
from django.utils.safestring import mark_safe

from xai.assets.sklearn_types import ALLOWED, PARTIAL

register = template.Library()

UNITS = {
    "margin": "The margin: log-odds before they become a probability",
    "probability": "A probability",
    "logit": "The logit of the class, before it becomes a probability",
    "value": "The predicted value, in its own unit",
}
CAPABILITIES = {
    "trees": "exact contributions by its own tree algorithm",
    "builtin": "importances stored in the file",
    "missing": "takes missing values",
    "probability": "gives probabilities",
}
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars", " ": "spaces"}


@register.filter
def unit(value: str) -> str:
    """Return what one unit of the explained output is."""
    return UNITS.get(value, value)


@register.filter
def capabilities(facts: Mapping[str, Any]) -> str:
    """Return what the model offers beyond predictions."""
    known = [CAPABILITIES.get(name, name) for name in facts.get("capabilities", ())]
    return "; ".join(known) or "predictions only"


@register.simple_tag
def trusted_types() -> list[str]:
    """Return the types that a `.skops` file may hold beyond those that skops itself trusts."""
    return sorted({*ALLOWED, PARTIAL})


@register.filter
def separator(value: str) -> str:
    """Return the name of a separator that cannot be seen."""
    return SEPARATORS.get(value, f"“{value}”")


@register.filter
def missing(facts: Mapping[str, Any]) -> str:
    """Return how many cells are empty, and where most."""
    holes = {c["name"]: c.get("missing") or 0 for c in facts.get("columns", ())}
    total = sum(holes.values())
    if not total:
        return "none"
    worst = max(holes, key=lambda name: holes[name])
    columns = sum(1 for count in holes.values() if count)
    return f"{total:,} in {columns} of {len(holes)} columns, most in {worst} ({holes[worst]:,})"


@register.filter
def codes(sentence: str) -> str:
    """Return a sentence as HTML, with its `names` set as code. Everything else is escaped."""
    return mark_safe(re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(sentence)))  # noqa: S308


@register.filter
def took(run: Any) -> float | None:
    """Return the seconds from the first work to the last."""
    if not (run.started and run.finished):
        return None
    return float((run.finished - run.started).total_seconds())
