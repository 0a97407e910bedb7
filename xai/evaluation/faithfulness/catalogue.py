"""The measures of faithfulness as the product shows them; the order is the order on the page."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

from xai.vocabulary import Json

DEFAULT = "gap"
RANDOM, LEAVE_ONE_OUT = "random", "leave-one-out"
"""References that are measured beside the methods."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One way to say how faithful an explanation is.

    Attributes
    ----------
    meaning : str
        What a value says, for people.
    is_tested : bool
        Whether methods are compared in pairs by it, under every baseline.
    """

    slug: str
    title: str
    meaning: str
    better: Literal["high", "low"]
    is_tested: bool = True

    def as_json(self) -> dict[str, Json]:
        """Return plain data, ready for `json.dumps`."""
        return asdict(self)


_CARDS = (
    Measure(
        "gap",
        "Insertion − deletion",
        "Area under the insertion curve minus area under the deletion curve: how much higher the "
        "output stays when the most important units are kept than when they are taken away. A "
        "random order gives 0 on average.",
        "high",
    ),
    Measure(
        "deletion",
        "Deletion",
        "Mean output while units are taken away, the most important first. A faithful order makes "
        "it fall fast, so lower is better.",
        "low",
    ),
    Measure(
        "insertion",
        "Insertion",
        "Mean output while units are put back, the most important first. A faithful order makes "
        "it rise fast, so higher is better.",
        "high",
    ),
    Measure(
        "comprehensiveness",
        "Comprehensiveness",
        "How much the output falls when the most important 5, 10, 20 and 50 % of the units are "
        "taken away, on average. Higher is better.",
        "high",
    ),
    Measure(
        "sufficiency",
        "Sufficiency",
        "How much the output falls when only the most important 5, 10, 20 and 50 % of the units "
        "are kept, on average. Lower is better: they are enough.",
        "low",
    ),
    Measure(
        "normal_comprehensiveness",
        "Comprehensiveness, normalised",
        "Comprehensiveness as a share of what taking everything away does. For probabilities; "
        "undefined where taking everything away lowers nothing.",
        "high",
        is_tested=False,
    ),
    Measure(
        "normal_sufficiency",
        "Sufficiency, normalised",
        "1 if the most important units alone give the whole output, 0 if they give no more than "
        "nothing. For probabilities; undefined where taking everything away lowers nothing.",
        "high",
        is_tested=False,
    ),
    Measure(
        "completeness",
        "Completeness gap",
        "By how much the values miss the output that they should add up to, as a share of it. "
        "Only for methods that promise to add up. Lower is better.",
        "low",
        is_tested=False,
    ),
    Measure(
        "sensitivity",
        "Max-sensitivity",
        "How far the explanation moves, as a share of its length, when the inputs move by at most "
        "2 % of their spread: the largest of several moves. Lower is steadier.",
        "low",
        is_tested=False,
    ),
)

CATALOGUE: dict[str, Measure] = {card.slug: card for card in _CARDS}
OF_CURVES = tuple(CATALOGUE)[:7]
"""What the masked passes alone give; the rest needs more of the method."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """What stands in for a unit that is taken away."""

    slug: str
    title: str
    meaning: str

    def as_json(self) -> dict[str, Json]:
        """Return plain data, ready for `json.dumps`."""
        return asdict(self)
