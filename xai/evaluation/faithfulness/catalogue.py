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
    role : {"main", "further", "descriptive"}
        "descriptive" says what an explanation looks like, not how good it is: `better` is "".
    """

    slug: str
    title: str
    meaning: str
    better: Literal["high", "low", ""]
    is_tested: bool = True
    role: Literal["main", "further", "descriptive"] = "main"

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
        role="further",
    ),
    Measure(
        "normal_sufficiency",
        "Sufficiency, normalised",
        "1 if the most important units alone give the whole output, 0 if they give no more than "
        "nothing. For probabilities; undefined where taking everything away lowers nothing.",
        "high",
        is_tested=False,
        role="further",
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
    Measure(
        "randomisation",
        "Likeness after randomisation",
        "How alike the order of strength stays when the weights of the model are shuffled and it "
        "knows nothing any more: Spearman's ρ without its sign, mean over shuffles. An explanation "
        "of the model has to change: lower is better, as low as two random orders.",
        "low",
        is_tested=False,
    ),
    Measure(
        "mu_fidelity",
        "µ-fidelity",
        "Sets of a fifth of the units are taken away: Spearman's ρ between the fall of the output "
        "and the sum of the values. Higher is better; random values give about 0.",
        "high",
        is_tested=False,
        role="further",
    ),
    Measure(
        "mu_correlation",
        "Faithfulness correlation",
        "As µ-fidelity, by Pearson's r: large falls count more than the order of small ones.",
        "high",
        is_tested=False,
        role="further",
    ),
    Measure(
        "infidelity",
        "Infidelity, normalised",
        "Random sets of units are taken away: squared error of the fall that the values foretell, "
        "scaled as well as can be. In squares of the output. Lower is better.",
        "low",
        is_tested=False,
        role="further",
    ),
    Measure(
        "left_out",
        "τ with leaving out one",
        "Kendall's τ-b between the values and how far the output falls without each unit alone. "
        "It says how alike a method is to leaving out one, which is no proof of either.",
        "high",
        is_tested=False,
        role="further",
    ),
    Measure(
        "important_gap",
        "Gap under noise, important",
        "How far the output moves, up or down, when noise is put on the most important quarter of "
        "the features (PGI). Higher is better.",
        "high",
        is_tested=False,
        role="further",
    ),
    Measure(
        "unimportant_gap",
        "Gap under noise, the rest",
        "How far the output moves when noise is put on all but the most important quarter of the "
        "features (PGU). Lower is better.",
        "low",
        is_tested=False,
        role="further",
    ),
    Measure(
        "stability",
        "Relative instability",
        "Largest relative move of the explanation, over the relative move of the input (RIS). It "
        "explodes where values are near 0, and is undefined where a 0 moves. Lower is steadier.",
        "low",
        is_tested=False,
        role="further",
    ),
    Measure(
        "gini",
        "Gini coefficient",
        "How unequally strength is spread: 0 evenly, near 1 if few units hold everything. It "
        "describes an explanation; sparse is not better.",
        "",
        is_tested=False,
        role="descriptive",
    ),
    Measure(
        "entropy",
        "Entropy of strength",
        "Entropy of the shares of strength, in nats: ln(units) if all are equal, 0 if one unit "
        "holds everything. It describes an explanation; simple is not better.",
        "",
        is_tested=False,
        role="descriptive",
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
