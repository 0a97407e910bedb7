"""Occlusion against its formula, written out."""

from __future__ import annotations

import numpy as np

from tests.methods.problems import curved, game, problem
from tests.methods.test_shapley import worked
from xai.methods.perturbation.occlusion import Params, attribute


def test_worked_game():
    """v(111) is 21; without player 0, 1, 2 it is 10, 4, 7."""
    found = attribute(game(worked, 3), Params())
    np.testing.assert_allclose(found.values, [[11, 17, 14]])
    assert found.error is None


def test_equals_the_loop():
    given = problem(curved, b=7)
    found = attribute(given, Params())
    for row, x in enumerate(given.inputs):
        for feature in range(5):
            drops = []
            for other in given.background:
                changed = x.copy()
                changed[feature] = other[feature]
                drops.append((curved(x[None]) - curved(changed[None])).item())
            assert np.isclose(found.values[row, feature], np.mean(drops))
            error = np.std(drops, ddof=1) / np.sqrt(7)
            assert np.isclose(found.error[row, feature], error)


def test_a_feature_the_model_ignores_gets_zero():
    found = attribute(problem(lambda rows: rows[:, 0] ** 2), Params())
    np.testing.assert_array_equal(found.values[:, 1:], 0)
    np.testing.assert_array_equal(found.error[:, 1:], 0)
