"""Explanations without the names of their methods, for people to judge, and the units they mark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from xai.evaluation.players import pool
from xai.figures.bars import Bar, draw, scale_of
from xai.figures.overlay import png
from xai.figures.tokens import folded
from xai.methods.catalogue import IMAGES, TABULAR
from xai.reports import coloured
from xai.reports.gallery import maps
from xai.reports.method import MethodResult
from xai.reports.passages import Choices, Passage, passage
from xai.reports.results import Results
from xai.vocabulary import Floats

GRID = 8
"""Cells along each side of a picture: more would be tedious to mark."""
LONG = 160
STRONGEST = 8
"""Features that are listed because a method has them among its strongest."""


@dataclass(frozen=True, slots=True)
class Unit:
    """What a person can mark: a feature with its value, a word, a cell of a picture."""

    name: str
    shown: str = ""
    gap: str = ""


@dataclass(frozen=True, slots=True)
class Option:
    """One explanation under a letter; only what its kind of task needs is filled in.

    `words` is markup, `map` a PNG in base64.
    """

    letter: str
    bars: tuple[Bar | None, ...] = ()
    words: str = ""
    map: str = ""


@dataclass(frozen=True, slots=True)
class Lines:
    """A feature in a table of explanations: its name, its value, one bar per letter."""

    name: str
    shown: str
    bars: tuple[Bar | None, ...]


def can_be_asked(results: Results) -> list[MethodResult]:
    """Return the methods whose explanations people can judge: those of single samples."""
    return results.local_methods()


def units(results: Results, sample: int) -> list[Unit]:
    """Return what can be marked on a sample.

    Raises
    ------
    KeyError
        If the sample is not among the explained.
    """
    if results.kind == TABULAR:
        shown = results.inputs.display(results.sample_index(sample))
        return [Unit(n, s) for n, s in zip(results.inputs.names, shown, strict=True)]
    if results.kind == IMAGES:
        rows, columns = grid(results, sample)
        return [Unit(f"row {y + 1}, column {x + 1}") for y in range(rows) for x in range(columns)]
    return [Unit(piece.text, gap=piece.gap) for piece in _passage(results, sample).pieces]


def values(results: Results, slug: str, sample: int) -> Floats:
    """Return what a method says of each unit of a sample, shape (units,).

    A group of features gives its value to each of them; a word has the sum of its tokens, a cell
    the sum of its points.
    """
    if results.kind == TABULAR:
        method = results.method(slug)
        row = method.values[results.sample_index(sample)].astype(np.float64)
        found = np.zeros(len(results.inputs.names))
        for unit, group in enumerate(method.groups):
            found[list(group)] = row[unit]
        return found
    if results.kind == IMAGES:
        one = next(one for one in maps(results, sample, own_scale=True) if one.slug == slug)
        return pool(one.values, one.shape, grid(results, sample))
    strands = {strand.slug: strand for strand in _passage(results, sample).strands}
    return strands[slug].values


def grid(results: Results, sample: int) -> tuple[int, int]:
    """Return the cells of a picture that can be marked: (rows, columns)."""
    shapes = [one.shape for one in maps(results, sample, own_scale=True)]
    return min(GRID, max(s[0] for s in shapes)), min(GRID, max(s[1] for s in shapes))


def options(results: Results, sample: int, methods: Sequence[str]) -> list[Option]:
    """Return the explanations of these methods, in this order, under letters.

    Each is drawn on a scale of its own: numbers and units would tell one method from another.
    """
    letters = [chr(ord("A") + i) for i in range(len(methods))]
    if results.kind == TABULAR:
        return [
            Option(letter, bars=_bars(results, slug, sample))
            for letter, slug in zip(letters, methods, strict=True)
        ]
    if results.kind == IMAGES:
        drawn = {one.slug: one for one in maps(results, sample, own_scale=True)}
        return [
            Option(letter, map=png(one.values, one.shape, one.end, is_signed=one.is_signed))
            for letter, one in zip(letters, (drawn[slug] for slug in methods), strict=True)
        ]
    found = _passage(results, sample)
    strands = {strand.slug: strand for strand in found.strands}
    runs = _runs(found)
    return [
        Option(letter, words=coloured.words(found, strands[slug], runs))
        for letter, slug in zip(letters, methods, strict=True)
    ]


def lines(results: Results, sample: int, methods: Sequence[str]) -> list[Lines]:
    """Return the features that any of the methods has among its strongest, in their own order."""
    kept: set[int] = set()
    for slug in methods:
        size = np.abs(values(results, slug, sample))
        kept |= set(np.argsort(-size, kind="stable")[:STRONGEST].tolist())
    drawn = options(results, sample, methods)
    known = units(results, sample)
    return [
        Lines(known[i].name, known[i].shown, tuple(option.bars[i] for option in drawn))
        for i in sorted(kept)
    ]


def _bars(results: Results, slug: str, sample: int) -> tuple[Bar | None, ...]:
    found, is_signed = values(results, slug, sample), results.method(slug).is_signed
    scale = scale_of([found], signed=is_signed)
    return tuple(draw(float(value), scale, signed=is_signed) for value in found)


def _runs(found: Passage) -> coloured.Runs:
    count = len(found.pieces)
    return folded(found.matters(), count) if count > LONG else [(0, count)]


def _passage(results: Results, sample: int) -> Passage:
    written = results.samples[sample].get("outputs", ())
    return passage(results, sample, Choices(own_scale=True), (0, max(1, len(written))))
