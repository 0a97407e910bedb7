"""The examples that run without any upload: what they are called, and what is asked of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from xai.methods import catalogue
from xai.runner.plan import missing_capability
from xai.vocabulary import Json, MethodChoice, Recipe


@dataclass(frozen=True, slots=True)
class Example:
    """One example: a model and a dataset that a jailed child makes, each under its file name."""

    slug: str
    title: str
    making: str
    files: Mapping[str, str]
    label: str
    rows: str


EXAMPLES = {
    one.slug: one
    for one in (
        Example(
            slug="breast-cancer",
            title="Breast cancer: a forest on a table",
            making="A random forest learns to tell benign from malignant tumours on data that "
            "ships with scikit-learn. Then both files are inspected like any upload.",
            files={"model": "breast_cancer_forest.skops", "dataset": "breast_cancer_test.csv"},
            label="diagnosis",
            rows="sample:50",
        ),
    )
}


def recipe_of(
    example: Example,
    model: Mapping[str, Json],
    dataset: Mapping[str, Json],
) -> Recipe:
    """Return what the example asks: the recommended methods that this model allows.

    Parameters
    ----------
    model, dataset : mapping
        {"sha256", "facts"}.
    """
    kind = model["facts"]["kind"]
    cards = [catalogue.card(slug, kind) for slug in catalogue.recommended(kind)]
    usable = [card for card in cards if not missing_capability(card, model["facts"])]
    return Recipe(
        model=model["sha256"],
        dataset=dataset["sha256"],
        kind=kind,
        methods=tuple(MethodChoice(card.slug, card.read({})) for card in usable),
        rows=example.rows,
        label=example.label,
        background=min(50, dataset["facts"]["rows"]),
    )
