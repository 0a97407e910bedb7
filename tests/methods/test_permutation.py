"""Permutation importance: literal loop, scikit-learn, slices, interval."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.methods.problems import curved, problem
from xai.errors import NotApplicable
from xai.methods.perturbation.permutation import Params, _shuffles, rank

WEIGHT = np.array([2.0, 1.0, 0.0])


def linear(rows):
    return rows @ WEIGHT


def regression(n=60, seed=0, draw=1):
    """Return rows of a linear truth with noise, and its squared error."""
    rng = np.random.default_rng(draw)
    inputs = rng.normal(size=(n, 3))
    labels = linear(inputs) + 0.5 * rng.normal(size=n)
    return problem(
        linear, n=n, d=3, seed=seed, inputs=inputs, labels=labels, is_classification=False,
        loss=lambda rows, of: (linear(rows) - labels[of]) ** 2,
    )  # fmt: skip


def test_equals_the_literal_loop():
    given = regression()
    (found,) = rank(given, Params(repeats=3))
    before = np.mean((linear(given.inputs) - given.labels) ** 2)
    for feature in range(3):
        rises = []
        for donors in _shuffles(60, 3, (given.seed, feature)):
            shuffled = given.inputs.copy()
            shuffled[:, feature] = given.inputs[donors, feature]
            rises.append(np.mean((linear(shuffled) - given.labels) ** 2) - before)
        assert found.values[feature] == pytest.approx(np.mean(rises))
    assert found.unit == "increase of the squared error"


def test_agrees_with_scikit_learn():
    inspection = pytest.importorskip("sklearn.inspection")
    from sklearn.linear_model import LinearRegression

    given = regression(200)
    model = LinearRegression().fit(given.inputs, given.labels)
    labels = given.labels
    given = replace(given, loss=lambda rows, of: (model.predict(rows) - labels[of]) ** 2)
    (found,) = rank(given, Params(repeats=100))
    theirs = inspection.permutation_importance(
        model, given.inputs, labels, n_repeats=100, scoring="neg_mean_squared_error", random_state=0
    )
    np.testing.assert_allclose(found.values, theirs.importances_mean, rtol=0.03, atol=0.01)


def test_slices_of_features_give_what_the_whole_gives():
    given = problem(curved, n=20)
    (whole,) = rank(given, Params())
    first, second = (rank(given, Params(), features=some)[0] for some in (range(2), range(2, 5)))
    assert first.names + second.names == whole.names
    for field in ("values", "low", "high"):
        joined = np.concatenate([getattr(first, field), getattr(second, field)])
        np.testing.assert_array_equal(joined, getattr(whole, field))


def test_without_labels_the_score_itself_must_move():
    given = problem(lambda rows: 3 * rows[:, 1], n=50)
    (found,) = rank(given, Params())
    assert found.unit == "mean |change of the score|"
    assert found.values[1] > 1
    np.testing.assert_array_equal(found.values[[0, 2, 3, 4]], 0)


def test_rows_without_a_label_are_left_out():
    given = regression()
    labels = given.labels.copy()
    labels[10:] = np.nan
    (found,) = rank(replace(given, labels=labels), Params(repeats=2))
    assert found.notes["rows"] == 10
    assert found.evaluations == 10 * (1 + 2 * 3)
    assert np.isfinite(found.values).all()


def test_one_row_cannot_be_shuffled():
    with pytest.raises(NotApplicable, match="at least two"):
        rank(problem(curved, n=1), Params())


def test_many_rows_are_cut_into_chunks():
    given = problem(linear, n=40_000, d=3, inputs=np.random.default_rng(0).normal(size=(40_000, 3)))
    (found,) = rank(given, Params(repeats=2))
    assert found.evaluations == 40_000 * 7


@pytest.mark.parametrize("repeats", [1, 10])
def test_the_interval_covers_the_importance_on_all_data(repeats):
    """Shuffling feature j of a linear model raises the squared error by 2 w² on average."""
    truth = 2 * WEIGHT**2
    hits = []
    for draw in range(200):
        (found,) = rank(regression(50, seed=draw, draw=draw), Params(repeats=repeats))
        hits.append((found.low <= truth) & (truth <= found.high))
    assert np.mean(hits, axis=0)[:2].min() >= 0.88
    assert np.mean(hits, axis=0)[2] == 1
