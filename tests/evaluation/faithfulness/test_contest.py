"""A contest under one baseline: against a slow literal play, with its references."""

from __future__ import annotations

import numpy as np
import pytest

from tests.evaluation.faithfulness.toy import Linear
from xai.evaluation.faithfulness import orders
from xai.evaluation.faithfulness.catalogue import CATALOGUE
from xai.evaluation.faithfulness.contest import Contestant, Field, contest, passes

MEASURES = list(CATALOGUE)


@pytest.fixture
def field():
    draw = np.random.default_rng(0)
    weights = [draw.standard_normal(p) for p in (5, 12, 3, 30)]
    score = Linear(weights, link=np.tanh)
    return Field(score, np.array([5, 12, 3, 30]), np.array([0, 4, 9, 11]), seed=7)


def column(found, slug, measure):
    return found.scores[:, found.slugs.index(slug), MEASURES.index(measure)]


def slow_areas(field, i, values):
    """Take the players away one step after another, and put them back."""
    p, score = int(field.players[i]), field.score
    order = sorted(range(p), key=lambda unit: -values[unit])
    curves = []
    for is_kept in (False, True):
        points = []
        for count in orders.counts(p):
            kept = np.full((1, p), not is_kept)
            kept[0, order[:count]] = is_kept
            points.append(score(kept, np.array([i]))[0, 0])
        curves.append(np.trapezoid(points, np.array(orders.counts(p)) / p))
    return curves


def test_equals_the_slow_play(field):
    values = [np.random.default_rng(i).standard_normal(p) for i, p in enumerate(field.players)]
    found = contest(field, [Contestant("a", values)])
    for i, own in enumerate(values):
        deletion, insertion = slow_areas(field, i, own)
        assert column(found, "a", "deletion")[i] == pytest.approx(deletion)
        assert column(found, "a", "insertion")[i] == pytest.approx(insertion)


def test_the_truth_beats_the_random_order_whose_gap_is_nothing(field):
    found = contest(field, [Contestant("truth", field.score.weights)])
    assert (column(found, "truth", "gap") > 0).all()
    np.testing.assert_allclose(column(found, "random", "gap"), 0, atol=1e-12)


def test_leave_one_out_is_the_best_order_of_a_linear_model():
    weights = [np.random.default_rng(i).standard_normal(8) for i in range(3)]
    field = Field(Linear(weights), np.full(3, 8), np.arange(3), seed=0)
    found = contest(field, [Contestant("truth", weights)])
    np.testing.assert_allclose(column(found, "leave-one-out", "gap"), column(found, "truth", "gap"))


def test_equal_masks_are_evaluated_once(field):
    one = contest(field, [Contestant("a", field.score.weights)])
    spent = field.score.evaluated
    assert spent <= sum(passes(int(p), 1) for p in field.players)
    field.score.evaluated = 0
    two = contest(field, [Contestant(slug, field.score.weights) for slug in "ab"])
    assert field.score.evaluated == spent
    np.testing.assert_array_equal(two.scores[:, 0], one.scores[:, 0])
    np.testing.assert_array_equal(two.scores[:, 1], one.scores[:, 0])


def test_the_cut_into_shards_changes_nothing(field):
    values = field.score.weights
    whole = contest(field, [Contestant("a", values)])
    parts = []
    for part in (slice(0, 1), slice(1, 4)):
        own = Field(Linear(values[part], np.tanh), field.players[part], field.rows[part], seed=7)
        parts.append(contest(own, [Contestant("a", values[part])]).scores)
    np.testing.assert_allclose(np.concatenate(parts), whole.scores)


def test_what_is_not_explained_is_undefined(field):
    values = [None, *field.score.weights[1:]]
    found = contest(field, [Contestant("a", values)])
    assert np.isnan(column(found, "a", "gap")).tolist() == [True, False, False, False]
    assert np.isfinite(column(found, "random", "deletion")).all()


def test_one_player_orders_nothing():
    field = Field(Linear([np.ones(1)]), np.array([1]), np.array([0]), seed=0)
    assert np.isnan(contest(field, [Contestant("a", [np.ones(1)])]).scores).all()


def test_many_players_are_not_left_out_one_by_one():
    field = Field(Linear([np.ones(80)]), np.array([80]), np.array([0]), seed=0)
    found = contest(field, [Contestant("a", [np.ones(80)])])
    assert np.isnan(column(found, "leave-one-out", "gap")).all()


def test_completeness_is_measured_where_it_is_promised():
    weights = [np.array([1.0, 2.0, 3.0])] * 2
    field = Field(Linear(weights), np.full(2, 3), np.arange(2), seed=0)
    half = [Contestant("half", [w / 2 for w in weights], is_complete=True)]
    found = contest(field, [*half, Contestant("free", weights)])
    np.testing.assert_allclose(column(found, "half", "completeness"), 0.5)
    assert np.isnan(column(found, "free", "completeness")).all()
    based = contest(field, [Contestant("a", weights, np.array([0.0, 1.0]), is_complete=True)])
    np.testing.assert_allclose(column(based, "a", "completeness"), [0.0, 0.2])


def test_several_outputs_are_averaged_and_absent_ones_left_out():
    def score(kept, of):
        return np.stack([kept.sum(axis=1) * 1.0, np.where(of == 0, np.nan, 0.0)], axis=1)

    field = Field(score, np.array([4, 4]), np.arange(2), seed=0)
    found = contest(field, [Contestant("a", [np.arange(4.0)] * 2)])
    np.testing.assert_allclose(column(found, "a", "deletion"), [2.0, 1.0])
