"""One text and the methods side by side: its words, and what each method says of every one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from xai.evaluation.agreement import CONTROL
from xai.figures.tokens import Piece, pieces, places, steps, values_of
from xai.reports.method import MethodResult
from xai.reports.results import Results
from xai.vocabulary import Floats, Integers

MATTERS = 8
"""Strongest pieces of each method around which a long text is unfolded."""


@dataclass(frozen=True, slots=True, eq=False)
class Strand:
    """What one method says of the pieces of a text.

    Attributes
    ----------
    values, steps, places : array of shape (pieces,)
        Sum over the tokens of a piece; its step of colour; its place by |value|.
    end : float
        Value at the end of the colour scale.
    is_shared : bool
        Its scale is the common one of the methods in the unit of the score.
    total, base, gap : float or None
        Sum of all values, those of hidden pieces included; where the method starts; what is left.
    """

    slug: str
    title: str
    unit: str
    is_signed: bool
    is_control: bool
    is_shared: bool
    values: Floats
    steps: Integers
    places: Integers
    end: float
    total: float
    base: float | None
    gap: float | None
    error: Floats | None
    note: str


@dataclass(frozen=True, slots=True, eq=False)
class Passage:
    """A text, its strands, and how far apart they put each piece.

    Attributes
    ----------
    dispute : array of shape (pieces,)
        Largest place minus smallest over the methods, controls left out, as a share of what is
        possible; zeros with fewer than two methods.
    """

    pieces: list[Piece]
    strands: list[Strand]
    dispute: Floats
    target: str

    def matters(self) -> list[int]:
        """Return the pieces that any method, controls left out, has among its strongest."""
        found: set[int] = set()
        for strand in self.strands:
            if not strand.is_control:
                found |= set(np.flatnonzero(strand.places <= MATTERS).tolist())
        return sorted(found)


@dataclass(frozen=True, slots=True)
class Choices:
    """How a text is shown."""

    by_token: bool = False
    with_special: bool = False
    own_scale: bool = False


def passage(results: Results, sample: int, choices: Choices, output: int = 0) -> Passage:
    """Put the methods side by side on one output of one sample.

    Raises
    ------
    KeyError
        If the sample is not among the explained.
    """
    facts = results.samples[sample]
    found = pieces(facts, by_token=choices.by_token, with_special=choices.with_special)
    there = [m for m in results.local_methods() if m.is_ragged and _has(m, sample, output)]
    read = [_values(method, sample, output, found) for method in there]
    shared = [v for m, v in zip(there, read, strict=True) if m.is_signed and m.family != CONTROL]
    end = max((float(np.abs(values).max(initial=0.0)) for values in shared), default=0.0)
    strands = [
        _strand(method, sample, output, found, None if choices.own_scale else end)
        for method in there
    ]
    target = there[0].ragged.targets[there[0].ragged.at(sample, output)] if there else ""
    return Passage(found, strands, _dispute(strands, len(found)), target)


def _has(method: MethodResult, sample: int, output: int) -> bool:
    try:
        method.ragged.at(sample, output)
    except KeyError:
        return False
    return True


def _values(method: MethodResult, sample: int, output: int, found: list[Piece]) -> Floats:
    ragged = method.ragged
    return values_of(found, ragged.values(ragged.at(sample, output)).astype(np.float64))


def _strand(
    method: MethodResult, sample: int, output: int, found: list[Piece], shared: float | None
) -> Strand:
    ragged = method.ragged
    at = ragged.at(sample, output)
    values = _values(method, sample, output, found)
    is_shared = method.is_signed and shared is not None
    end = shared if is_shared and shared is not None else float(np.abs(values).max(initial=0.0))
    errors = ragged.error(at)
    return Strand(
        slug=method.slug,
        title=method.title,
        unit=method.unit,
        is_signed=method.is_signed,
        is_control=method.family == CONTROL,
        is_shared=is_shared,
        values=values,
        steps=steps(values, end),
        places=places(values),
        end=end,
        total=float(ragged.values(at).astype(np.float64).sum()),
        base=None if ragged.base is None else float(ragged.base[at]),
        gap=None if ragged.gap is None or ragged.errors is not None else float(ragged.gap[at]),
        # Errors of the tokens of a word are not independent: only single tokens have one.
        error=None if errors is None or any(len(p.units) > 1 for p in found)
        else values_of(found, errors.astype(np.float64)),
        note=str(method.notes.get("caution") or ""),
    )  # fmt: skip


def _dispute(strands: list[Strand], count: int) -> Floats:
    votes = np.array([strand.places for strand in strands if not strand.is_control])
    if len(votes) < 2 or count < 2:
        return np.zeros(count)
    return np.asarray((votes.max(axis=0) - votes.min(axis=0)) / (count - 1))
