"""What is foretold of gradient and attention methods on language models, and what they take."""

from __future__ import annotations

import pytest

from tests.workbench.test_generation import RECIPE, payload  # noqa: F401 - a fixture
from xai.methods import catalogue
from xai.methods.card import Size
from xai.runner.costs import SPOKEN, speed
from xai.workbench import generation

SLUGS = (
    "gradient_shap", "input_x_gradient", "attention_relevance", "attention_rollout",
    "attention_last",
)  # fmt: skip


@pytest.fixture(scope="module")
def posed(payload):  # noqa: F811 - a fixture
    return generation.pose(payload, RECIPE, 0, 0, 4)


def size_of():
    return Size(rows=4, features=0, background=0, outputs=4, units=6)


@pytest.mark.parametrize("slug", SLUGS)
def test_evaluations_are_foretold_where_nothing_is_adaptive(posed, slug):
    card, module = catalogue.card(slug, "text-generation"), catalogue.load(slug, "text-generation")
    params = card.read({})
    found = module.attribute(posed, module.Params(**params))
    # One of the four texts ends early, after three tokens.
    assert found.evaluations == pytest.approx(card.evaluations(params, size_of()), rel=0.1)


def test_integrated_gradients_are_foretold_within_a_factor_of_two(posed):
    slug = "integrated_gradients"
    card, module = catalogue.card(slug, "text-generation"), catalogue.load(slug, "text-generation")
    for given in ({}, {"steps": 40}, {"most": 20}, {"gap": 1.0}):
        params = card.read(given)
        found = module.attribute(posed, module.Params(**params)).evaluations
        foretold = card.evaluations(params, size_of())
        if given == {"gap": 1.0}:
            assert found <= foretold, "a wide gap ends sooner than is foretold"
        else:
            assert found / 2 <= foretold <= 2 * found, given


def test_a_way_back_weighs_more_than_a_forward():
    cards = catalogue.of("text-generation")
    assert all(cards[slug].weight >= 2 for slug in SLUGS)
    assert cards["occlusion"].weight == 1


def test_longer_texts_take_longer_than_those_the_speed_was_measured_on():
    long, short = (Size(1, 0, 0, outputs=10, units=units) for units in (200, 10))
    facts = {"kind": "text-generation", "speed": [{"per_second": 290.0}]}
    assert speed(facts, long) < speed(facts) < speed(facts, short)
    assert speed(facts, long) == pytest.approx(SPOKEN)
    assert speed(facts | {"kind": "text-classification"}, long) == 290
