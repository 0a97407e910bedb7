"""Addresses and colours of the result pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import template

from xai.methods.catalogue import CATALOGUE
from xai.reports import phrasing
from xai.web.progress import title_of

if TYPE_CHECKING:
    from xai.web.comparison import State
    from xai.web.landed import Landed
    from xai.web.models import Job
    from xai.web.overall import View

register = template.Library()
_COLOURS = 16


@register.simple_tag
def address(state: State, **changes: Any) -> str:
    """Return the address of the same page in another state."""
    return state.address(**changes)


@register.simple_tag
def figure_address(landed: Landed, name: str, **choices: Any) -> str:
    """Return the address of a figure."""
    return landed.figure(name, **choices)


@register.filter
def colour(slug: str) -> str:
    """Return the class that gives a method its colour, the same on every page."""
    method = slug.removeprefix("self:").partition(":")[0]
    return f"m{CATALOGUE[method].colour if method in CATALOGUE else _COLOURS}"


@register.filter
def job_title(job: Job) -> str:
    """Return what a job is called."""
    return title_of(job)


@register.filter
def kept(state: View, names: str) -> list[tuple[str, str]]:
    """Return those of these words of the address that are set: a form keeps them as they are."""
    return [(name, getattr(state, name)) for name in names.split() if getattr(state, name)]


@register.filter
def p_value(value: float) -> str:
    """Return a p-value with two digits, never as 0."""
    return "< 0.0001" if value < 1e-4 else f"{value:.2g}"


@register.filter
def percent(value: float) -> str:
    """Return a share in percent."""
    return phrasing.percent(value)
