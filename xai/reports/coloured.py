"""Running text in the colours of its attributions, as markup for pages and reports alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from xai.figures.tokens import Piece, steps
from xai.reports.markup import Html, join, tag
from xai.reports.passages import Passage, Strand

Runs = Sequence[tuple[int, int]]


def words(passage: Passage, strand: Strand, runs: Runs) -> Html:
    """Return the text in the colours of one method.

    Parameters
    ----------
    runs : sequence of (start, stop)
        The stretches shown; what lies between is counted.
    """
    classes = [_class(int(step), is_signed=strand.is_signed) for step in strand.steps]
    return join(_parts(passage.pieces, classes, runs))


def dispute(passage: Passage, runs: Runs) -> Html:
    """Return the text in the colours of the dispute."""
    classes = [f"u{step}" if step else "" for step in steps(passage.dispute, 1.0)]
    return join(_parts(passage.pieces, classes, runs))


def _class(step: int, *, is_signed: bool) -> str:
    if step == 0:
        return ""
    if not is_signed:
        return f"u{abs(step)}"
    return f"r{step}" if step > 0 else f"l{-step}"


def _parts(pieces: Sequence[Piece], classes: Sequence[str], runs: Runs) -> Iterator[Html]:
    at, was_second = 0, False
    for start, stop in [*runs, (len(pieces), len(pieces))]:
        if start > at:
            yield tag("span", f" … {start - at} more … ", class_="skip")
        for place in range(start, stop):
            piece = pieces[place]
            if piece.is_second and not was_second:
                yield tag("span", " ‖ ", class_="turn", aria_hidden="true")
            was_second = piece.is_second
            gap = "" if place == start == 0 else piece.gap
            name = f"w {classes[place]}{' special' if piece.is_special else ''}"
            yield Html(gap)
            yield tag("span", piece.text, class_=" ".join(name.split()), data_i=place)
        at = stop
