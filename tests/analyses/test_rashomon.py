"""Nearly equal models: worked values, invariants, and slow literal forms."""

from __future__ import annotations

import numpy as np
import pytest

from xai.analyses import rashomon
from xai.analyses.names import LEARNERS

SCORES = np.array([0.842, 0.835, 0.861, 0.866, 0.858])
"""Of a linear model, a tree, a forest, boosting and a kernel machine."""
ANSWERS = np.array([[1, 1, 0, 0, 1, 0, 1, 1], [1, 1, 0, 1, 1, 0, 1, 1], [1, 0, 0, 0, 1, 0, 1, 1]])
RELIANCE = np.array([[0.10, 0.02, 0.05], [0.04, 0.09, 0.05], [0.07, 0.03, 0.05]])
SHARES = np.array([[[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]]]).swapaxes(0, 1)


def test_the_set_of_the_worked_example():
    near = rashomon.near(tuple(LEARNERS), SCORES, 0.03)
    assert near.spread == pytest.approx(0.031)
    assert near.members == ("linear", "forest", "boosting", "kernel")
    assert len(near.members) / len(SCORES) == 0.8
    assert near.verdict == "unclear"


@pytest.mark.parametrize(
    ("scores", "verdict"),
    [
        ([0.85, 0.84, 0.86, 0.86, 0.85], "likely"),
        ([0.70, 0.70, 0.72, 0.86, 0.855], "unlikely"),
        ([0.70, 0.70, 0.86, 0.86, 0.855], "unclear"),
        ([0.90, 0.70, 0.86, 0.86, 0.855], "unclear"),
    ],
)
def test_the_verdict_needs_a_narrow_range_and_a_simple_learner(scores, verdict):
    assert rashomon.near(tuple(LEARNERS), np.array(scores), 0.01).verdict == verdict


def test_near_is_a_hundredth_or_one_standard_error_of_the_best():
    steady = np.full((5, 10), 0.8)
    assert rashomon.tolerance(steady) == 0.01
    wild = steady.copy()
    wild[2] = [0.7, 1.0] * 5
    assert rashomon.tolerance(wild) == pytest.approx(np.std(wild[2], ddof=1) / np.sqrt(10))


def test_ambiguity_and_discrepancy_of_the_worked_example():
    assert rashomon.ambiguity(ANSWERS) == 0.25
    assert rashomon.discrepancy(ANSWERS) == 0.125


def test_the_range_of_probabilities_is_taken_row_by_row():
    least, most = rashomon.viable_range(np.array([[0.2, 0.9], [0.5, 0.7], [0.3, 0.8]]))
    np.testing.assert_allclose(most - least, [0.3, 0.2])


def test_capacity_of_the_worked_example():
    assert rashomon.capacity(SHARES)[0] == pytest.approx(1.317456, abs=1e-6)


def test_capacity_is_one_answer_where_all_agree_and_two_where_none_do():
    alike = np.array([[[0.3, 0.7]], [[0.3, 0.7]]])
    apart = np.array([[[1.0, 0.0]], [[0.0, 1.0]]])
    assert rashomon.capacity(alike)[0] == pytest.approx(1)
    assert rashomon.capacity(apart)[0] == pytest.approx(2)


def test_capacity_equals_a_search_over_all_weights_of_two_models():
    draw = np.random.default_rng(3)
    rows = draw.dirichlet([1, 1, 1], size=(2, 6))
    found = rashomon.capacity(rows)
    for row in range(6):
        best = 0.0
        for weight in np.linspace(0, 1, 2001):
            mixed = weight * rows[0, row] + (1 - weight) * rows[1, row]
            bits = weight * np.sum(rows[0, row] * np.log2(rows[0, row] / mixed))
            bits += (1 - weight) * np.sum(rows[1, row] * np.log2(rows[1, row] / mixed))
            best = max(best, bits)
        assert found[row] == pytest.approx(2**best, abs=1e-5)


def test_reliance_of_the_worked_example():
    least, most = rashomon.reliance_range(RELIANCE)
    np.testing.assert_allclose(least, [0.04, 0.02, 0.05])
    np.testing.assert_allclose(most, [0.10, 0.09, 0.05])
    assert rashomon.reliance_share(RELIANCE, 0, 0.05) == pytest.approx(1 / 3)
    assert rashomon.reliance_share(RELIANCE, 0, 0.07) == pytest.approx(2 / 3)
