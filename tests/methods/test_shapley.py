"""Shapley values against closed forms, the textbook formula, and shap."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest

from tests.methods.problems import curved, game, part, problem
from xai.errors import XaiError
from xai.methods.shapley.features import Params, attribute
from xai.methods.shapley.game import sampled_halves
from xai.vocabulary import Contributions


def worked(rows):
    x, y, z = rows.T
    return x + 2 * y + 3 * z + 4 * x * y + 5 * y * z + 6 * x * y * z


def textbook(score, x, background):
    """Average marginal contributions over every order, one evaluation at a time."""
    total = np.zeros(len(x))
    orders = list(permutations(range(len(x))))
    for order in orders:
        rows = background.copy()
        before = score(rows).mean()
        for feature in order:
            rows[:, feature] = x[feature]
            after = score(rows).mean()
            total[feature] += after - before
            before = after
    return total / len(orders)


def test_worked_game():
    found = attribute(game(worked, 3), Params())
    np.testing.assert_allclose(found.values, [[5, 8.5, 7.5]], atol=1e-12)
    np.testing.assert_allclose(found.base, [0])
    assert found.error is None


def test_equals_the_textbook_formula_over_all_orders():
    given = problem(curved)
    found = attribute(given, Params())
    for row, x in enumerate(given.inputs):
        expected = textbook(curved, x, given.background)
        np.testing.assert_allclose(found.values[row], expected, atol=1e-12)


def test_equals_shap_on_the_same_background():
    shap = pytest.importorskip("shap")
    given = problem(curved, d=7, b=10)
    explainer = shap.explainers.Exact(curved, shap.maskers.Independent(given.background))
    expected = explainer(given.inputs)
    found = attribute(given, Params())
    np.testing.assert_allclose(found.values, expected.values, atol=1e-8)
    np.testing.assert_allclose(found.base, expected.base_values, atol=1e-8)


def test_a_feature_the_model_ignores_gets_exactly_zero():
    found = attribute(problem(lambda rows: np.tanh(rows[:, 0] * rows[:, 2])), Params())
    np.testing.assert_array_equal(found.values[:, [1, 3, 4]], 0)


def test_base_is_the_mean_over_the_background():
    given = problem(curved, d=12, b=6)
    found = attribute(given, Params(coalitions=128))
    np.testing.assert_allclose(found.base, curved(given.background).mean())


def test_a_sample_of_all_coalitions_is_exact():
    """The largest budget below enumeration: nothing is left to estimate but one pair."""
    given = problem(curved, d=8, n=2)
    exact = attribute(given, Params())
    found = attribute(given, Params(coalitions=254, exact_up_to=1))
    np.testing.assert_allclose(found.values, exact.values, atol=2e-3)
    assert (np.abs(found.values - exact.values) < 3 * found.error).all()


def test_another_seed_tries_other_coalitions():
    one, two = (
        attribute(problem(curved, d=12, seed=seed), Params(coalitions=64)) for seed in (0, 1)
    )
    assert np.abs(one.values - two.values).max() > 1e-6


def test_many_features_do_not_overflow():
    found = attribute(problem(curved, d=300, n=2, b=1), Params())
    assert np.isfinite(found.values).all()
    assert found.notes["coalitions"] == 6 * 300 + 2
    np.testing.assert_allclose(found.residual, 0, atol=1e-9)


@pytest.mark.parametrize("players", [11, 13, 20])
def test_coalitions_are_distinct_and_paired(players):
    seen = []

    def score(rows):
        seen.append(rows.copy())
        return rows.sum(axis=1)

    attribute(game(score, players), Params(coalitions=256))
    rows = np.concatenate(seen)
    assert len(np.unique(rows, axis=0)) == len(rows) == 256
    assert {tuple(row) for row in rows} == {tuple(1 - row) for row in rows}


@pytest.mark.parametrize("players", [5, 13, 20, 40])
def test_a_smaller_sample_is_the_beginning_of_a_larger_one(players):
    small, large = (sampled_halves(players, coalitions, 3) for coalitions in (256, 600))
    np.testing.assert_array_equal(small, large[: len(small)])


def test_an_error_target_is_met_with_fewer_evaluations():
    given = problem(curved, d=12, n=6)
    rough = attribute(given, Params(coalitions=2048, error_target=2))
    scores = curved(given.reference)
    assert (1.96 * rough.error <= 0.02 * (scores.max() - scores.min())).all()
    assert rough.evaluations < 6 * 512 * 3
    fine = attribute(given, Params(coalitions=2048, error_target=0.2))
    assert rough.evaluations < fine.evaluations
    assert fine.error.mean() < rough.error.mean()


def test_an_error_target_out_of_reach_spends_the_budget():
    given = problem(curved, d=12, n=2)
    never = attribute(given, Params(error_target=1e-9))
    plain = attribute(given, Params())
    assert never.evaluations == plain.evaluations
    np.testing.assert_allclose(never.values, plain.values, atol=1e-12)


def test_an_error_target_stops_each_row_by_itself():
    given = problem(curved, d=12, n=6)
    target = Params(coalitions=2048, error_target=0.5)
    whole = attribute(given, target)
    parts = [attribute(part(given, *ends), target) for ends in ((0, 1), (1, 6))]
    np.testing.assert_allclose(np.vstack([one.values for one in parts]), whole.values, atol=1e-12)
    np.testing.assert_allclose(np.vstack([one.error for one in parts]), whole.error, rtol=1e-6)


def test_progress_ends_where_the_target_was_met():
    seen = []
    given = problem(curved, d=12)
    attribute(given, Params(error_target=5), lambda done, total: seen.append((done, total)))
    assert seen[-1][0] == seen[-1][1] == given.score.rows


def test_looking_at_the_model_first_makes_the_estimate_better():
    """Two features do all: widths by relevance say so, a common width cannot."""
    given = problem(lambda rows: np.tanh(2 * rows[:, 0] * rows[:, 1] + rows[:, 2]), d=16, n=6)
    exact = attribute(replace(given, inputs=given.inputs), Params(exact_up_to=16)).values
    seen, blind = (
        attribute(replace(given, reference_score=score), Params(coalitions=128)).values - exact
        for score in (given.reference_score, None)
    )
    assert np.square(seen).sum() < 0.5 * np.square(blind).sum()


def from_trees(gap):
    def contributions(inputs):
        values = inputs * 2.0
        return Contributions(values, np.full(len(inputs), 0.5 + gap), "trees of this test")

    return problem(lambda rows: 2 * rows.sum(axis=1) + 0.5, contributions=contributions)


def test_the_models_own_exact_values_are_used():
    given = from_trees(0)
    found = attribute(given, Params())
    np.testing.assert_allclose(found.values, 2 * given.inputs)
    assert found.error is None
    assert found.notes["algorithm"] == "trees of this test"
    assert found.evaluations == given.score.rows == len(given.inputs)


def test_tree_values_that_do_not_sum_are_not_shown():
    with pytest.raises(XaiError, match="miss the model's score"):
        attribute(from_trees(0.1), Params())
