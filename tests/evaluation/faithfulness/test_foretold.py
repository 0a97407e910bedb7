"""Random removals and noise in a contest: worked values, planted truths, the same in any cut."""

from __future__ import annotations

import numpy as np
import pytest

from tests.evaluation.faithfulness.toy import PHI, Linear, probability
from xai.evaluation.faithfulness import foretold
from xai.evaluation.faithfulness.catalogue import CATALOGUE
from xai.evaluation.faithfulness.contest import Contestant, Field, contest
from xai.evaluation.faithfulness.shaken import shake, strongest

MEASURES = list(CATALOGUE)


def toy_score(kept, _of):
    return probability(kept)[:, None]


def looked_at(field, *contestants):
    found = contest(field, contestants)
    foretold.foretell(field, contestants, found)
    return found


def of(found, slug, measure):
    return found.scores[:, found.slugs.index(slug), MEASURES.index(measure)]


def test_the_worked_values_come_out_of_a_contest():
    field = Field(toy_score, np.array([4]), np.array([0]), seed=0)
    found = looked_at(field, Contestant("phi", [PHI]))
    expected = {
        "infidelity": 0.0018494, "mu_correlation": 0.990055, "mu_fidelity": 1.0, "left_out": 1.0,
        "gini": 0.25, "entropy": 1.273028,
    }  # fmt: skip
    assert {m: of(found, "phi", m)[0] for m in expected} == pytest.approx(expected, abs=1e-6)


@pytest.fixture
def planted():
    draw = np.random.default_rng(0)
    weights = [draw.standard_normal(p) for p in (5, 12, 30, 90)]
    return Field(Linear(weights), np.array([5, 12, 30, 90]), np.array([0, 4, 9, 11]), seed=7)


def test_the_truth_of_a_linear_model_foretells_every_removal(planted):
    found = looked_at(planted, Contestant("truth", planted.score.weights))
    np.testing.assert_allclose(of(found, "truth", "mu_correlation"), 1)
    np.testing.assert_allclose(of(found, "truth", "infidelity"), 0, atol=1e-20)
    np.testing.assert_allclose(of(found, "truth", "left_out")[:3], 1)
    assert np.isnan(of(found, "truth", "left_out")[3])
    assert (np.abs(of(found, "random", "mu_fidelity")) < 0.6).all()
    assert np.isnan(of(found, "leave-one-out", "left_out")).all()


def test_what_is_not_explained_foretells_nothing(planted):
    found = looked_at(planted, Contestant("a", [None, *planted.score.weights[1:]]))
    assert np.isnan(of(found, "a", "infidelity")).tolist() == [True, False, False, False]


def test_masks_are_counted_before_they_are_played(planted):
    contest(planted, [])
    planted.score.evaluated = 0
    found = contest(planted, [])
    before = planted.score.evaluated
    foretold.foretell(planted, [], found)
    assert planted.score.evaluated - before <= sum(map(foretold.passes, (5, 12, 30, 90)))


def test_the_cut_into_shards_changes_no_forecast(planted):
    weights = planted.score.weights
    whole = looked_at(planted, Contestant("a", weights)).scores
    parts = []
    for part in (slice(0, 1), slice(1, 4)):
        own = Field(Linear(weights[part]), planted.players[part], planted.rows[part], seed=7)
        parts.append(looked_at(own, Contestant("a", weights[part])).scores)
    np.testing.assert_allclose(np.concatenate(parts), whole, rtol=1e-9, atol=1e-12)


def test_noise_on_what_matters_moves_the_output_and_on_the_rest_does_not():
    draw = np.random.default_rng(0)
    weights = [np.array([3.0, 0, 0, 0, 0, 0, 0, -2.0])] * 20
    noise = draw.standard_normal((20, 8))

    def noised(shaken, of):
        return np.abs((np.array(weights)[of] * noise[of] * shaken).sum(axis=1))

    field = Field(Linear(weights), np.full(20, 8), np.arange(20), seed=0)
    contestants = [Contestant("truth", weights)]
    found = contest(field, contestants)
    shake(field, contestants, found, noised)
    assert (of(found, "truth", "unimportant_gap") == 0).all()
    assert (of(found, "truth", "important_gap") > 0).all()
    assert of(found, "random", "unimportant_gap").mean() > 0.5


def test_the_strongest_quarter_is_at_least_one():
    assert strongest(np.array([0.1, -3, 2]), np.zeros(3)).tolist() == [1]
    assert strongest(np.array([0.1, -3, 2, 0, 0]), np.zeros(5)).tolist() == [1, 2]
