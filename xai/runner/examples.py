"""The examples that run without any upload: what they are called, and what is asked of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from xai.methods import catalogue
from xai.runner.plan import missing_capability
from xai.vocabulary import Json, MethodChoice, Recipe


@dataclass(frozen=True, slots=True)
class Example:
    """One example: a model and a dataset that a jailed child makes, each under its file name.

    Attributes
    ----------
    making : str
        What is made, and of what: said before and while it happens.
    methods : mapping
        Parameters of the methods by slug; empty for the recommended methods as they are. Those
        that the model does not allow are left out.
    text, tokens
        As in a recipe.
    """

    slug: str
    title: str
    making: str
    files: Mapping[str, str]
    rows: str
    label: str = ""
    text: str = ""
    tokens: int = 0
    methods: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)


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
        Example(
            slug="reviews",
            title="Reviews: a classifier of texts",
            making="A small transformer learns to tell praise from blame in short reviews, where "
            "“not” and “but” can turn the verdict. The reviews are made up here, from word lists "
            "and a seed.",
            files={"model": "reviews_bert.zip", "dataset": "reviews.csv"},
            rows="sample:80",
            label="verdict",
            text="review",
            methods={
                "shapley": {},
                "integrated_gradients": {},
                "input_x_gradient": {},
                "occlusion": {},
                "lime": {"samples": 200},
                "attention_rollout": {},
                "attention_heads": {},
                "random": {},
            },
        ),
        Example(
            slug="stories",
            title="Stories: a language model",
            making="A small language model learns stories that come back to a name and a toy, and "
            "then ends new ones: what it writes must come from an earlier place. The stories are "
            "made up here, from word lists and a seed.",
            files={"model": "stories_llama.zip", "dataset": "stories.csv"},
            rows="sample:12",
            text="prompt",
            tokens=12,
            methods={
                "reagent": {"probes": 8},
                "shapley": {"coalitions": 192},
                "integrated_gradients": {},
                "input_x_gradient": {},
                "occlusion": {},
                "attention_rollout": {},
                "random": {},
            },
        ),
        Example(
            slug="shapes",
            title="Shapes: a classifier of pictures",
            making="A small convolutional network learns circles, squares and triangles. Six of "
            "ten squares that it learns from carry a white cross in a corner; in the pictures that "
            "are explained other shapes carry it too: a trap. All are drawn here, from a seed.",
            files={"model": "shapes_resnet.zip", "dataset": "shapes.zip"},
            rows="sample:60",
            label="label",
            methods={
                "shapley": {"coalitions": 192},
                "smoothgrad": {},
                "occlusion": {},
                "gradcam": {},
                "rise": {"masks": 300},
                "random": {},
                "craft": {"concepts": 6},
            },
        ),
    )
}


def recipe_of(
    example: Example,
    model: Mapping[str, Json],
    dataset: Mapping[str, Json],
) -> Recipe:
    """Return what the example asks: its methods, or the recommended ones, that the model allows.

    Parameters
    ----------
    model, dataset : mapping
        {"sha256", "facts"}.
    """
    kind = model["facts"]["kind"]
    asked = example.methods or {slug: {} for slug in catalogue.recommended(kind)}
    cards = [card for slug, card in catalogue.of(kind).items() if slug in asked]
    usable = [card for card in cards if not missing_capability(card, model["facts"])]
    return Recipe(
        model=model["sha256"],
        dataset=dataset["sha256"],
        kind=kind,
        methods=tuple(MethodChoice(card.slug, card.read(asked[card.slug])) for card in usable),
        rows=example.rows,
        label=example.label,
        background=min(50, dataset["facts"]["rows"]),
        text=example.text,
        tokens=example.tokens,
    )
