"""Texts and pictures explained again: the same where nothing changed, else as of a new network."""

from __future__ import annotations

from contextlib import nullcontext

import numpy as np
import pytest

from tests.methods.scenes import Corner, problem, scene
from tests.workbench.test_text_arena import found  # noqa: F401 - fixtures
from tests.workbench.test_texts import explain, payload, posed, recipe  # noqa: F401 - fixtures
from xai.evaluation.faithfulness.catalogue import CATALOGUE
from xai.evaluation.faithfulness.contest import Contestant, Field, contest
from xai.vocabulary import MethodChoice, Recipe
from xai.workbench import picture_arena
from xai.workbench.again import Again
from xai.workbench.faithful_further import Measuring, look_further
from xai.workbench.picture_problem import Scene

EVERYTHING = np.arange(5)


@pytest.mark.parametrize("slug", ["occlusion", "input_x_gradient", "attention_rollout"])
def test_a_text_moved_a_little_is_explained_nearly_the_same(slug, found, posed):  # noqa: F811
    whole = explain(slug, posed).values
    moved = found.retold("moved", 0, slug, {}, EVERYTHING)
    again = found.retold("moved", 0, slug, {}, EVERYTHING)
    for before, one, other in zip(whole, moved, again, strict=True):
        assert one.shape == (before.shape[1],)
        np.testing.assert_array_equal(one.values, other.values)
        np.testing.assert_allclose(one.values, before, atol=0.1 * np.abs(before).max() + 1e-4)
    assert any((one.values != before).any() for before, one in zip(whole, moved, strict=True))


def test_a_redrawn_network_is_explained_otherwise_and_then_as_it_was(found, posed):  # noqa: F811
    before = explain("occlusion", posed).values
    redrawn = found.retold("redrawn", 0, "occlusion", {}, EVERYTHING)
    assert found.spent() > 0
    alike = [
        np.allclose(one.values, values, rtol=1e-2)
        for one, values in zip(redrawn, before, strict=True)
        if values.any()
    ]
    assert not any(alike)
    for values, again in zip(explain("occlusion", posed).values, before, strict=True):
        np.testing.assert_array_equal(values, again)


@pytest.fixture
def measuring():
    """Measure a method of the model, and one that only looks at the picture."""
    made = scene(Corner(slope=8.0), n=6)
    posed_ = problem(made)

    def again(of, pixels, _params):
        own = Scene(
            made.network, pixels, made.baselines[of], made.targets[of], made.players[: len(of)],
            made.shape,
        )  # fmt: skip
        return problem(own, rows=of)

    arena = picture_arena.arena(posed_, made, again, lambda *_: None)
    values = explain_pictures("occlusion", posed_)
    cells = [np.bincount(p, v[0]) for p, v in zip(made.players, values, strict=True)]
    field = Field(arena.scores[0][1], np.full(6, 16), np.arange(6), seed=0, is_probability=True)
    contestants = [Contestant("occlusion", cells)]
    asked = Recipe("", "", (MethodChoice("occlusion", {}),), kind="image-classification")
    job = {"moved": ["occlusion"], "redrawn": ["occlusion"], "retold": 3, "every": 2}
    done = Measuring(field, contestants, contest(field, contestants))
    look_further(arena, {"start": 0, "job": {"params": job}}, asked, done)
    return done.found


def explain_pictures(slug, posed_):
    from xai.methods import catalogue

    method = catalogue.load(slug, "image-classification")
    return method.attribute(posed_, method.Params()).values


def column(found, slug, measure):  # noqa: F811
    return found.scores[:, found.slugs.index(slug), list(CATALOGUE).index(measure)]


def test_some_pictures_are_moved_and_their_network_redrawn(measuring):
    moved = column(measuring, "occlusion", "sensitivity")
    assert np.isfinite(moved).tolist() == [True, False] * 3
    assert (moved[::2] < 0.2).all()
    likeness = column(measuring, "occlusion", "randomisation")
    assert np.isfinite(likeness).tolist() == [True, False] * 3
    chance = column(measuring, "random", "randomisation")[::2]
    assert chance.mean() == pytest.approx(np.sqrt(2 / (np.pi * 15)), abs=0.06)


def test_a_method_that_ignores_the_model_stays_the_same_whatever_its_weights():
    made = scene(n=2)
    again = Again(
        "image-classification",
        lambda _change, _draw: nullcontext(lambda of, _params: problem(made, rows=of)),
        lambda *_: None,
    )
    first, second = (again("redrawn", d, "occlusion", {}, np.arange(2)) for d in (0, 1))
    np.testing.assert_array_equal(first[0].values, second[0].values)
