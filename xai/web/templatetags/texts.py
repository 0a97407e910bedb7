"""Words as spans: one class per step of colour, every text escaped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from xai.figures.parts import plain, signed
from xai.figures.tokens import STEPS, steps

if TYPE_CHECKING:
    from xai.figures.tokens import Piece
    from xai.reports.passages import Passage, Strand

register = template.Library()
Runs = Sequence[tuple[int, int]]


@register.simple_tag
def words_of(passage: Passage, strand: Strand, runs: Runs) -> SafeString:
    """Return the text in the colours of one method."""
    classes = [_class(int(step), is_signed=strand.is_signed) for step in strand.steps]
    return _spans(passage.pieces, classes, runs)


@register.simple_tag
def dispute_of(passage: Passage, runs: Runs) -> SafeString:
    """Return the text in the colours of the dispute."""
    classes = [f"u{step}" if step else "" for step in steps(passage.dispute, 1.0)]
    return _spans(passage.pieces, classes, runs)


@register.filter
def amounts(strand: Strand) -> str:
    """Return the values as a person reads them, separated by spaces."""
    return " ".join(signed(float(v)) if strand.is_signed else f"{v:.3g}" for v in strand.values)


@register.filter
def ranks(strand: Strand) -> str:
    """Return the places, separated by spaces."""
    return " ".join(map(str, strand.places.tolist()))


@register.simple_tag
def scale_steps(kind: str) -> SafeString:
    """Return the steps of a colour scale, from one end to the other."""
    if kind == "signed":
        names = [
            *(f"l{i}" for i in range(STEPS, 0, -1)),
            "",
            *(f"r{i}" for i in range(1, STEPS + 1)),
        ]
    else:
        names = ["", *(f"u{i}" for i in range(1, STEPS + 1))]
    return format_html_join("", '<i class="w {}"></i>', ((name,) for name in names))


def _class(step: int, *, is_signed: bool) -> str:
    if step == 0:
        return ""
    if not is_signed:
        return f"u{abs(step)}"
    return f"r{step}" if step > 0 else f"l{-step}"


def _spans(pieces: Sequence[Piece], classes: Sequence[str], runs: Runs) -> SafeString:
    return format_html_join("", "{}", ((part,) for part in _parts(pieces, classes, runs)))


def _parts(pieces: Sequence[Piece], classes: Sequence[str], runs: Runs) -> Iterator[SafeString]:
    at, was_second = 0, False
    for start, stop in [*runs, (len(pieces), len(pieces))]:
        if start > at:
            hidden = int(np.subtract(start, at))
            yield format_html('<span class="skip"> … {} more … </span>', hidden)
        for place in range(start, stop):
            piece = pieces[place]
            if piece.is_second and not was_second:
                yield format_html('<span class="turn" aria-hidden="true"> ‖ </span>')
            was_second = piece.is_second
            gap = "" if place == start == 0 else piece.gap
            name = f"w {classes[place]}{' special' if piece.is_special else ''}".strip()
            yield format_html(
                '{}<span class="{}" data-i="{}">{}</span>', gap, name, place, plain(piece.text)
            )
        at = stop
