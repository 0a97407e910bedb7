"""LIME against a literal loop, scikit-learn's ridge, and what it promises."""

from __future__ import annotations

import numpy as np
import pytest

from tests.methods.problems import curved, problem
from xai.methods.surrogates.lime import Params, _perturbations, attribute


def literal(given, params, row):
    """Fit the local model of one input by scikit-learn, one perturbation at a time."""
    linear_model = pytest.importorskip("sklearn.linear_model")
    masks, donors = _perturbations(given, params.samples)
    d = len(given.names)
    scores, weights = [], []
    for mask, donor in zip(masks, donors, strict=True):
        changed = given.background[donor].copy()
        for feature in range(d):
            if mask[feature]:
                changed[feature] = given.inputs[row, feature]
        distance = np.linalg.norm(mask - np.ones(d))
        weights.append(np.exp(-(distance**2) / (2 * (params.width * np.sqrt(d)) ** 2)))
        scores.append(curved(changed[None]).item())
    ridge = linear_model.Ridge(alpha=params.ridge)
    ridge.fit(masks, scores, sample_weight=weights)
    return ridge, ridge.score(masks, scores, sample_weight=weights)


def test_equals_the_literal_loop():
    given, params = problem(curved), Params(samples=200)
    found = attribute(given, params)
    fits = []
    for row in range(len(given.inputs)):
        ridge, fit = literal(given, params, row)
        np.testing.assert_allclose(found.values[row], ridge.coef_, atol=1e-10)
        np.testing.assert_allclose(found.base[row], ridge.intercept_, atol=1e-10)
        fits.append(fit)
    assert found.notes["fit"]["lowest"] == pytest.approx(min(fits))
    assert found.notes["fit"]["mean"] == pytest.approx(np.mean(fits))


def test_a_linear_score_on_one_background_row_fits_perfectly():
    given = problem(lambda rows: rows @ np.arange(5.0), b=1)
    found = attribute(given, Params(ridge=1e-6))
    assert found.notes["fit"]["lowest"] == pytest.approx(1)
    expected = (given.inputs - given.background) * np.arange(5.0)
    np.testing.assert_allclose(found.values, expected, atol=1e-6)


def test_a_score_without_main_effects_is_fitted_badly():
    given = problem(lambda rows: np.sign(rows[:, 0] * rows[:, 1]), b=50)
    assert attribute(given, Params()).notes["fit"]["highest"] < 0.5


def test_the_error_covers_other_draws():
    runs = [attribute(problem(curved, seed=seed), Params(samples=400)) for seed in range(20)]
    values = np.array([run.values for run in runs])
    error = np.array([run.error for run in runs])
    truth = attribute(problem(curved, seed=99), Params(samples=20000)).values
    covered = np.abs(values - truth) <= 1.96 * error
    assert 0.90 <= covered.mean() <= 1


def test_a_narrow_kernel_looks_only_at_the_input():
    found = attribute(problem(curved), Params(width=0.05))
    assert np.abs(found.values).max() < np.abs(attribute(problem(curved), Params()).values).max()


def test_a_constant_score_gives_zero_and_no_fit():
    found = attribute(problem(lambda rows: np.full(len(rows), 3.0)), Params())
    np.testing.assert_allclose(found.values, 0, atol=1e-9)
    np.testing.assert_allclose(found.base, 3)
