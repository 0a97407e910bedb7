"""The standard error of sampled Shapley values is honest, and the estimate is good."""

from __future__ import annotations

import warnings
from functools import cache
from math import comb

import numpy as np
import pytest

from tests.methods.problems import problem
from xai.methods.shapley import least_squares, regression
from xai.methods.shapley.features import Params, attribute
from xai.methods.shapley.game import every_coalition, exact_values, sampled_halves
from xai.methods.shapley.regression import Design

PLAYERS = 12


def additive(masks, rng):
    return masks @ rng.normal(size=PLAYERS) + rng.normal()


def products(masks, rng):
    groups = [rng.choice(PLAYERS, rng.integers(1, 6), replace=False) for _ in range(30)]
    return sum(rng.normal() * masks[:, group].all(axis=1) for group in groups)


def threshold(masks, rng):
    weights = rng.exponential(size=PLAYERS)
    return (masks @ weights > 0.4 * weights.sum()).astype(float)


def largest(masks, rng):
    return np.where(masks, rng.exponential(size=PLAYERS), 0).max(axis=1)


def sigmoid(masks, rng):
    weights = 2 * rng.normal(size=PLAYERS)
    return 1 / (1 + np.exp(-(masks @ weights - weights.sum() / 2)))


def noise(masks, rng):
    return rng.normal(size=len(masks))


def unanimity(masks, rng):
    return masks[:, rng.choice(PLAYERS, 7, replace=False)].all(axis=1).astype(float)


def solve(kind, seed, coalitions=256, estimator=regression):
    """Return estimates, errors and truth of ten games of a kind."""
    masks, rng = every_coalition(PLAYERS), np.random.default_rng(seed)
    games = np.array([kind(masks, rng) for _ in range(10)], dtype=float)
    halves = sampled_halves(PLAYERS, coalitions, seed)
    codes = np.vstack([halves, ~halves]) @ (1 << np.arange(PLAYERS))
    design = Design(PLAYERS, coalitions, seed)
    found = estimator.estimate(games[:, codes], games[:, -1], games[:, 0], design)
    return *found, exact_values(games)


@pytest.mark.parametrize(
    "kind", [additive, products, threshold, largest, sigmoid, noise, unanimity]
)
@pytest.mark.parametrize("coalitions", [64, 256])
@pytest.mark.parametrize("estimator", [regression, least_squares])
def test_three_errors_cover_the_truth(kind, coalitions, estimator):
    covered = []
    for seed in range(4):
        values, error, truth = solve(kind, seed, coalitions, estimator)
        covered.append(np.abs(values - truth) <= 3 * error)
    assert np.mean(covered) >= 0.95


@pytest.mark.parametrize("estimator", [regression, least_squares])
def test_intervals_cover_as_often_as_they_say(estimator):
    """Over 5,760 values: six kinds of games, two budgets, four draws of coalitions."""
    covered = [
        np.abs(values - truth) <= 1.96 * error
        for kind in (products, threshold, largest, sigmoid, noise, unanimity)
        for coalitions in (64, 256)
        for values, error, truth in (solve(kind, seed, coalitions, estimator) for seed in range(4))
    ]
    assert 0.93 <= np.mean(covered) <= 0.97


@pytest.mark.parametrize("kind", [products, largest, sigmoid])
def test_the_error_is_not_uselessly_wide(kind):
    values, error, truth = solve(kind, seed=0)
    assert np.sqrt(np.square(error).mean()) < 2 * np.sqrt(np.square(values - truth).mean())


@pytest.mark.parametrize("estimator", [regression, least_squares])
def test_additive_games_are_exact_with_an_error_above_rounding(estimator):
    values, error, truth = solve(additive, seed=0, estimator=estimator)
    np.testing.assert_allclose(values, truth, atol=1e-12)
    assert (error > 0).all()


def literal_regression(games, players, seed):
    """Solve the weighted regression with all coalitions of the sample, the sum held by Lagrange."""
    halves = sampled_halves(players, 64, seed)
    masks = np.vstack([halves, ~halves]).astype(float)
    sizes = masks.sum(axis=1).astype(int)
    least = np.minimum(sizes, players - sizes)
    weight = []
    for size, small in zip(sizes, least, strict=True):
        known = comb(players, int(size)) * (1 if 2 * small == players else 2)
        drawn = (least == small).sum() / known
        weight.append((players - 1) / (comb(players, int(size)) * size * (players - size)) / drawn)
    weight = np.array(weight)
    whole = np.zeros((players + 1, players + 1))
    whole[:players, :players] = (masks.T * weight) @ masks
    whole[players, :players] = whole[:players, players] = 1
    found = []
    for game in games:
        y = game[(masks @ (1 << np.arange(players))).astype(int)] - game[0]
        right = np.append((masks.T * weight) @ y, game[-1] - game[0])
        found.append(np.linalg.solve(whole, right)[:players])
    return np.array(found)


@pytest.mark.parametrize("players", [7, 8])
def test_least_squares_is_the_weighted_regression(players):
    games = np.random.default_rng(players).normal(size=(3, 2**players))
    halves = sampled_halves(players, 64, 5)
    codes = np.vstack([halves, ~halves]) @ (1 << np.arange(players))
    design = Design(players, 64, 5)
    values, _ = least_squares.estimate(games[:, codes], games[:, -1], games[:, 0], design)
    np.testing.assert_allclose(values, literal_regression(games, players, 5), atol=1e-9)


def test_the_gaussian_process_is_nearer_for_a_single_row_too():
    """Its kernel is chosen by each row's own game: how many rows there are does not matter."""
    for kind in (products, threshold, largest, sigmoid):
        missed = [
            [np.square(v - t).sum() for v, _, t in (solve(kind, s, 128, e) for s in range(4))]
            for e in (regression, least_squares)
        ]
        assert np.mean(missed[0]) < np.mean(missed[1])


def test_least_squares_takes_no_look_at_the_model():
    given = problem(lambda rows: rows[:, 0] * rows[:, 1], d=13)
    plain = attribute(given, Params(estimator="least-squares"))
    usual = attribute(given, Params())
    assert usual.evaluations - plain.evaluations == 256 + 64 * 13
    assert plain.notes["algorithm"] == "marginal, sampled coalitions, least squares"


def test_single_precision_stays_within_the_error():
    def single(masks, rng):
        return additive(masks, rng).astype(np.float32)

    values, error, truth = solve(single, seed=0)
    assert (np.abs(values - truth) <= 3 * error).all()


@cache
def models():
    """Train models on real data: scores of 13 features, and the data."""
    datasets = pytest.importorskip("sklearn.datasets")
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    x, y = datasets.load_wine(return_X_y=True)
    made = {
        "svm": make_pipeline(StandardScaler(), SVC(gamma=0.1)),
        "forest": RandomForestClassifier(20, random_state=0),
        "mlp": make_pipeline(StandardScaler(), MLPClassifier((32,), random_state=0)),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for model in made.values():
            model.fit(x, y == 1)
    return made, x


@pytest.mark.parametrize("name", ["svm", "forest", "mlp"])
def test_three_errors_cover_exact_enumeration_on_models(name):
    made, x = models()
    model = made[name]
    given = problem(
        model.decision_function if name == "svm" else lambda rows: model.predict_proba(rows)[:, 1],
        d=13,
        inputs=x[60:64],
        background=x[::60],
    )
    exact = attribute(given, Params(coalitions=64, exact_up_to=13))
    found = attribute(given, Params(coalitions=256))
    assert exact.error is None
    assert np.mean(np.abs(found.values - exact.values) <= 3 * found.error) >= 0.95
    assert np.square(found.values - exact.values).sum() < 0.01 * np.square(exact.values).sum()
