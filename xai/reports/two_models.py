"""Two models explained on the same data: what was found, and what may be said of it."""

from __future__ import annotations

from dataclasses import dataclass

from xai.reports.nouns import nouns
from xai.reports.phrasing import between, counted, listed, named, number, percent, two
from xai.reports.sentence import Sentence
from xai.vocabulary import Json

LEVEL, PAIRS_LEAST = 0.05, 6
"""Rows on which exactly one of two models is right, from which a p of 0.05 can be reached."""
PAGE = "two-models"


@dataclass(frozen=True, slots=True)
class Score:
    """How right one model is on the common labelled rows.

    Attributes
    ----------
    value, low, high : float
        Share of right answers with Wilson's interval, or mean absolute error with a bootstrap one.
    """

    name: str
    value: float
    low: float
    high: float
    labelled: int


@dataclass(frozen=True, slots=True)
class Alike:
    """One method on both models: Kendall's τ-b of the strengths, mean over the common rows.

    Attributes
    ----------
    overlap : float or None
        Top-k overlap beyond chance.
    random : float or None
        A random order against the second model's.
    itself : float or None
        The method against itself with another seed, on the first model.
    """

    slug: str
    title: str
    tau: float | None
    low: float | None
    high: float | None
    overlap: float | None
    random: float | None
    itself: float | None
    samples: int
    undefined: int


@dataclass(frozen=True, slots=True)
class Differing:
    """A row for which the two models answer differently."""

    sample: int
    first: str
    second: str
    label: str | None
    right: str


@dataclass(frozen=True, slots=True)
class TwoModels:
    """Everything that the view shows; the first model is that of the run it was opened from.

    Attributes
    ----------
    only_first, only_second : int
        Labelled rows on which only that model is right; 0 for regressions.
    p : float or None
        McNemar's exact test of these two; None where nothing can be tested.
    differ : int
        Rows with another answer; for regressions, those with another value.
    gap : float or None
        For regressions, the mean distance of the two predictions.
    """

    kind: str
    is_regression: bool
    names: tuple[str, str]
    rows: int
    only_here: tuple[int, int]
    scores: tuple[Score, ...]
    only_first: int
    only_second: int
    p: float | None
    differ: int
    gap: float | None
    alike: tuple[Alike, ...]
    left_out: tuple[str, ...]
    differing: tuple[Differing, ...]

    def as_json(self) -> dict[str, Json]:
        """Return the numbers, by name."""
        return {name: getattr(self, name) for name in self.__slots__}


def sentences(found: TwoModels) -> list[Sentence]:
    """Say how the two models compare; nothing is called better that no test shows."""
    return [*_performance(found), *_answers(found), *_explanations(found), *_limits(found)]


def _performance(found: TwoModels) -> list[Sentence]:
    if len(found.scores) < 2:
        rows = counted(found.rows, nouns(found.kind).row)
        text = f"No label is known for the {rows} in common: how right each is, is not known."
        return [Sentence(text, PAGE, "#performance", topic="performance")]
    first, second = found.scores
    show = number if found.is_regression else percent
    form = "number" if found.is_regression else "percent"
    verb = "is off by" if found.is_regression else "is right on"
    text = (
        f"{named(first.name)} {verb} {show(first.value)} "
        f"({between(first.low, first.high, form)}), {named(second.name)} {show(second.value)} "
        f"({between(second.low, second.high, form)}), on the same "
        f"{counted(first.labelled, 'labelled ' + nouns(found.kind).row)}."
    )
    said = [Sentence(text, PAGE, "#performance", topic="performance")]
    return said if found.is_regression else [*said, _tested(found)]


def _tested(found: TwoModels) -> Sentence:
    a, b, row = found.only_first, found.only_second, nouns(found.kind).row
    text = f"Only the first is right on {counted(a, row)}, only the second on {counted(b, row)}"
    if found.p is None or a + b < PAIRS_LEAST:
        text += f": with {a + b} of them no test can tell the two apart."
    elif found.p <= LEVEL:
        better = named(found.names[0 if a > b else 1])
        text += f": {better} is right significantly more often (McNemar's exact p {_p(found.p)})."
    else:
        text += f": no difference is shown (McNemar's exact p {_p(found.p)})."
    return Sentence(text, PAGE, "#performance", topic="performance")


def _p(value: float) -> str:
    return "below 0.0001" if value < 1e-4 else f"{value:.2g}"


def _answers(found: TwoModels) -> list[Sentence]:
    row = nouns(found.kind).row
    if found.is_regression and found.gap is not None:
        text = (
            f"Their predictions lie {number(found.gap)} apart on average over "
            f"{counted(found.rows, row)}."
        )
    else:
        text = (
            f"They answer differently on {found.differ:,} of {counted(found.rows, row)} "
            f"({percent(found.differ / max(found.rows, 1))})."
        )
    return [Sentence(text, PAGE, "#differing", topic="performance")]


def _explanations(found: TwoModels) -> list[Sentence]:
    known = [one for one in found.alike if one.tau is not None]
    if not known:
        return []
    words = nouns(found.kind)
    each = [
        f"{one.title} at τ {two(one.tau or 0.0)} ({between(one.low, one.high, 'two')}"
        + (f"; itself with another seed {two(one.itself)}" if one.itself is not None else "")
        + ")"
        for one in known
    ]
    text = (
        f"On the same {words.rows} the two models' explanations order the {words.units} alike, by "
        f"{listed(each)}; a random order reaches about {two(known[0].random or 0.0)}."
    )
    said = [Sentence(text, PAGE, "#alike", topic="agreement")]
    chance = [one.title for one in known if one.low is None or one.low <= 0]
    if chance:
        text = (
            f"By {listed(chance)} ({len(chance)} of {len(known)} methods) the two models' orders "
            "are not shown to be more alike than chance: they rely on different things, or the "
            "method is too noisy to tell."
        )
        said.append(Sentence(text, PAGE, "#alike", "warn", "agreement"))
    return said


def _limits(found: TwoModels) -> list[Sentence]:
    words = nouns(found.kind)
    text = (
        f"Only the {counted(found.rows, words.row)} that both runs explain are compared"
        f" ({found.only_here[0]:,} and {found.only_here[1]:,} are in one run alone). Two models "
        "can be right for different reasons, and alike explanations do not make both right."
    )
    return [Sentence(text, PAGE, "#performance")]
