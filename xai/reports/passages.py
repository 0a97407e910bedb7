"""One text and the methods side by side: its words, and what each method says of every one."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import numpy as np

from xai.evaluation.agreement import CONTROL
from xai.figures.tokens import Piece, pieces, places, steps, values_of
from xai.reports.method import MethodResult
from xai.reports.results import Results
from xai.reports.walks import TITLE, UNIT, Walk, walk
from xai.vocabulary import Floats, Integers

MATTERS, KEPT = 8, 16
"""Strongest pieces of each method, and pieces of all together, around which a long text is
unfolded: many methods that disagree must not unfold it all."""


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
    line : str
        How the method went about this sample, where there is something to say.
    is_beside : bool
        Another view of a method that is there already.
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
    line: str = ""
    is_beside: bool = False

    @property
    def votes(self) -> bool:
        """Whether it counts among the methods: neither a control nor another view of one."""
        return not self.is_control and not self.is_beside


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

    def matters(self, strongest: int = MATTERS) -> list[int]:
        """Return the strongest pieces of the methods in turn, controls left out."""
        orders = [_strongest(one.values, strongest) for one in self.strands if one.votes]
        turns = itertools.zip_longest(*orders)
        found = dict.fromkeys(place for turn in turns for place in turn if place is not None)
        return sorted(list(found)[:KEPT])


@dataclass(frozen=True, slots=True)
class Choices:
    """How a text is shown."""

    by_token: bool = False
    by_sentence: bool = False
    with_special: bool = False
    own_scale: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Summed:
    """What one method says of a span of outputs: signed values add up, shares are averaged."""

    values: Floats
    errors: Floats | None
    base: float | None
    gap: float | None
    targets: list[str]


def passage(
    results: Results, sample: int, choices: Choices, outputs: tuple[int, int] = (0, 1)
) -> Passage:
    """Put the methods side by side on a span of outputs of one sample.

    Parameters
    ----------
    outputs : (first, one past the last)
        Of a language model: the tokens whose log-probability together is explained. Their
        context is what stands before the last of them.

    Raises
    ------
    KeyError
        If the sample is not among the explained.
    """
    facts = results.samples[sample]
    if "prompt_units" in facts:
        before = facts["prompt_units"] + outputs[1] - 1
        facts = {**facts, "tokens": facts["tokens"][:before]}
    found = pieces(
        facts,
        by_token=choices.by_token,
        by_sentence=choices.by_sentence,
        with_special=choices.with_special,
    )
    there = [
        (method, summed)
        for method in results.local_methods()
        if method.is_ragged and (summed := sum_outputs(method, sample, outputs)) is not None
    ]
    shared = [
        float(np.abs(values_of(found, summed.values)).max(initial=0.0))
        for method, summed in there
        if method.is_signed and method.family != CONTROL
    ]
    end = None if choices.own_scale else max(shared, default=0.0)
    strands = []
    for method, summed in there:
        strand = _strand(method, summed, found, end)
        walked = walk(method, sample)
        strands.append(strand if walked is None else replace(strand, line=walked.line(outputs)))
        if walked is not None:
            strands.append(_contribution(strand, walked, found, outputs))
    target = "".join(there[0][1].targets) if there else ""
    return Passage(found, strands, _dispute(strands, len(found)), target)


def sum_outputs(method: MethodResult, sample: int, outputs: tuple[int, int]) -> Summed | None:
    """Return what a method says of outputs first … last together; None if it lacks one."""
    ragged = method.ragged
    try:
        places = [ragged.at(sample, output) for output in range(*outputs)]
    except KeyError:
        return None
    if not places:
        return None
    stack = np.stack([ragged.values(place).astype(np.float64) for place in places])
    errors = ragged.error(places[0])
    return Summed(
        values=stack.sum(axis=0) if method.is_signed else stack.mean(axis=0),
        # Errors of different outputs share their draws: only a single one has an error.
        errors=None if errors is None or len(places) > 1 else errors.astype(np.float64),
        base=None if ragged.base is None else float(ragged.base[places].sum()),
        gap=None if ragged.gap is None else float(ragged.gap[places].sum()),
        targets=[ragged.targets[place] for place in places],
    )


def _strand(
    method: MethodResult, summed: Summed, found: list[Piece], shared: float | None
) -> Strand:
    values = values_of(found, summed.values)
    is_shared = method.is_signed and shared is not None
    end = shared if is_shared and shared is not None else float(np.abs(values).max(initial=0.0))
    errors = summed.errors
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
        total=float(summed.values.sum()),
        base=summed.base,
        gap=None if method.ragged.errors is not None else summed.gap,
        # Errors of the tokens of a word are not independent: only single tokens have one.
        error=None
        if errors is None or any(len(p.units) > 1 for p in found)
        else values_of(found, errors),
        note=str(method.notes.get("caution") or ""),
    )


def _strongest(values: Floats, most: int) -> list[int]:
    order = np.argsort(-np.abs(values), kind="stable")[:most]
    return [int(place) for place in order if values[place] != 0]


def _contribution(
    strand: Strand, walked: Walk, found: list[Piece], outputs: tuple[int, int]
) -> Strand:
    """Return the signed contributions of a method that shows shares."""
    chosen = slice(*outputs)
    values = values_of(found, walked.contributions[chosen].sum(axis=0))
    end = float(np.abs(values).max(initial=0.0))
    single = outputs[1] - outputs[0] == 1 and all(len(piece.units) == 1 for piece in found)
    errors = values_of(found, walked.errors[chosen].sum(axis=0)) if single else None
    largest = None if errors is None else float(np.nanmax(errors, initial=0.0))
    return replace(
        strand,
        title=TITLE.format(strand.title),
        unit=UNIT,
        is_signed=True,
        is_shared=False,
        is_beside=True,
        values=values,
        steps=steps(values, end),
        places=places(values),
        end=end,
        total=float(values.sum()),
        base=None,
        gap=None,
        error=errors,
        note="",
        line="signed, mean of a step"
        + ("" if largest is None else f"; standard error over probes up to {largest:.2g}"),
    )


def _dispute(strands: list[Strand], count: int) -> Floats:
    votes = np.array([strand.places for strand in strands if strand.votes])
    if len(votes) < 2 or count < 2:
        return np.zeros(count)
    return np.asarray((votes.max(axis=0) - votes.min(axis=0)) / (count - 1))
