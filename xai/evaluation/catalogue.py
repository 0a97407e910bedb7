"""The measures of agreement as the product shows them; the order is the order on the page."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from xai.vocabulary import Json

DEFAULT = "kendall"


@dataclass(frozen=True, slots=True)
class Measure:
    """One way to compare two explanations of the same sample.

    Attributes
    ----------
    meaning : str
        What a value says, for people.
    low, high : float
        The range that the measure can take; `high` is perfect agreement.
    chance : float or None
        What two unrelated orders give on average; None where it depends on the number of units.
    needs_sign : bool
        Undefined when one of the two methods gives no sign.
    """

    slug: str
    title: str
    meaning: str
    low: float
    high: float = 1.0
    chance: float | None = 0.0
    needs_sign: bool = False
    better: str = "high"

    def as_json(self) -> dict[str, Json]:
        """Return plain data, ready for `json.dumps`."""
        return asdict(self)


_CARDS = (
    Measure(
        "kendall",
        "Kendall τ-b",
        "Of all pairs of units, how many more are put in the same order of strength than in "
        "opposite order. 1: same order, 0: unrelated, −1: reversed. Ties are allowed for.",
        -1.0,
    ),
    Measure(
        "weighted",
        "Weighted τ",
        "Kendall's τ in which an exchange near the top of the order counts more than one near "
        "its end. 1: same order, 0: unrelated, −1: reversed.",
        -1.0,
    ),
    Measure(
        "top_kendall",
        "Top-k τ",
        "Kendall's τ of the 5 strongest units of one method with those of the other (Fagin). 1: "
        "the same ones in the same order, −1: reversed or all different.",
        -1.0,
        chance=None,
    ),
    Measure(
        "spearman",
        "Spearman ρ",
        "Correlation of the two orders of strength; large moves of a unit count more than in "
        "Kendall's τ. 1: same order, 0: unrelated, −1: reversed.",
        -1.0,
    ),
    Measure(
        "pearson",
        "Pearson r",
        "Correlation of the values themselves, sign included: small values that change places "
        "hardly matter. Undefined for methods without a sign.",
        -1.0,
        needs_sign=True,
    ),
    Measure(
        "signed_kendall",
        "Kendall τ-b, signed",
        "Kendall's τ-b of the values themselves, from the most positive to the most negative, "
        "instead of their strength. Undefined for methods without a sign.",
        -1.0,
        needs_sign=True,
    ),
    Measure(
        "jaccard",
        "Top-k Jaccard",
        "Of the units that either method puts among its k strongest, the share that both do. "
        "k is a quarter of the units, at most 10.",
        0.0,
        chance=None,
    ),
    Measure(
        "overlap",
        "Top-k overlap beyond chance",
        "Share of the k strongest units that two methods have in common, rescaled so that 0 is "
        "what two unrelated orders share and 1 is the same k units.",
        -1.0,
    ),
    Measure(
        "feature",
        "Feature agreement",
        "Share of the k strongest units that two methods have in common. Chance alone gives k of "
        "all units: read it beside the random order.",
        0.0,
        chance=None,
    ),
    Measure(
        "rank",
        "Rank agreement",
        "Share of the k strongest units that both methods have, and put at the same place.",
        0.0,
        chance=None,
    ),
    Measure(
        "signed",
        "Signed agreement",
        "Share of the k strongest units that both methods have, and give the same sign. "
        "Undefined for methods without a sign.",
        0.0,
        chance=None,
        needs_sign=True,
    ),
    Measure(
        "signed_rank",
        "Signed rank agreement",
        "Share of the k strongest units that both methods have, put at the same place and give "
        "the same sign. Undefined for methods without a sign.",
        0.0,
        chance=None,
        needs_sign=True,
    ),
    Measure(
        "rbo",
        "Rank-biased overlap",
        "Average overlap of the two orders from the top down, where deeper places count less and "
        "less; the first k places carry 86 % of the weight.",
        0.0,
        chance=None,
    ),
    Measure(
        "sign",
        "Sign agreement",
        "Of the units that either method puts among its k strongest, the share to which both give "
        "the same sign. Undefined for methods without a sign.",
        0.0,
        chance=0.5,
        needs_sign=True,
    ),
)

CATALOGUE: dict[str, Measure] = {card.slug: card for card in _CARDS}
