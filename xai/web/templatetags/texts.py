"""Words as spans: one class per step of colour, every text escaped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import template
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from xai.figures.parts import number, signed
from xai.figures.tokens import STEPS
from xai.reports import coloured

if TYPE_CHECKING:
    from xai.reports.coloured import Runs
    from xai.reports.passages import Passage, Strand

register = template.Library()


@register.simple_tag
def words_of(passage: Passage, strand: Strand, runs: Runs) -> SafeString:
    """Return the text in the colours of one method."""
    return SafeString(coloured.words(passage, strand, runs))


@register.simple_tag
def dispute_of(passage: Passage, runs: Runs) -> SafeString:
    """Return the text in the colours of the dispute."""
    return SafeString(coloured.dispute(passage, runs))


@register.filter
def amounts(strand: Strand) -> str:
    """Return the values as a person reads them, separated by spaces."""
    show = signed if strand.is_signed else number
    return " ".join(
        show(float(value)).replace(" ", "\N{NO-BREAK SPACE}") for value in strand.values
    )


@register.filter
def ranks(strand: Strand) -> str:
    """Return the places, separated by spaces."""
    return " ".join(map(str, strand.places.tolist()))


@register.simple_tag
def scale_steps(kind: str) -> SafeString:
    """Return the steps of a colour scale, from one end to the other."""
    if kind == "signed":
        names = [f"l{STEPS - i}" if i < STEPS else f"r{i - STEPS}" for i in range(2 * STEPS + 1)]
        names[STEPS] = ""
    else:
        names = ["", *(f"u{i}" for i in range(1, STEPS + 1))]
    return format_html_join("", '<i class="w {}"></i>', ((name,) for name in names))
