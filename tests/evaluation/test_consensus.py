"""Kendall's W, Borda points and dispute against worked numbers."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from tests.evaluation.test_measures import A, B, C
from xai.evaluation.consensus import gather


def put_together(*vectors, families=("x", "y", "z")):
    return gather(np.array(vectors, dtype=float)[:, None, :], families[: len(vectors)])


def test_concordance_of_the_worked_vectors():
    assert put_together(A, B, C).concordance[0] == pytest.approx(0.822222, abs=1e-6)


def test_concordance_with_ties():
    found = put_together([3, 3, 1, 0], [3, 2, 2, 0], [2, 2, 2, 2])
    assert found.concordance[0] == pytest.approx(0.611111, abs=1e-6)


def test_concordance_follows_friedman():
    values = np.random.default_rng(0).standard_normal((4, 1, 8)).round(1)
    places = gather(values, tuple("abcd")).places[:, 0]
    expected = stats.friedmanchisquare(*places.T).statistic / (4 * 7)
    assert gather(values, tuple("abcd")).concordance[0] == pytest.approx(expected)


def test_concordance_needs_two_methods_and_an_order():
    assert np.isnan(put_together(A).concordance[0])
    assert np.isnan(put_together([1, 1, 1], [2, 2, 2]).concordance[0])


def test_points_of_the_worked_vectors():
    found = put_together(A, B, C)
    np.testing.assert_allclose(found.points[0] * 3, [10, 9, 8, 0, 3])


def test_a_family_has_one_vote():
    found = put_together(A, A, C, families=("x", "x", "z"))
    np.testing.assert_allclose(found.points, put_together(A, C).points)


def test_dispute_is_the_spread_of_places():
    found = put_together([5, 4, 3, 2, 1], [1, 4, 3, 2, 5])
    np.testing.assert_allclose(found.dispute[0], [4, 0, 0, 0, 4])


def test_the_most_disputed_unit_is_one_that_matters_to_some_method():
    # The last two change places at the end of the order, the first two at its top.
    first = [9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0]
    second = [8.0, 9.0, 7.0, 6.0, 2.0, 4.0, 3.0, 5.0]
    assert put_together(first, second).most_disputed()[0] in {0, 1}


def test_a_missing_explanation_leaves_the_sample_undefined():
    assert np.isnan(put_together(A, [np.nan] * 5).concordance[0])
