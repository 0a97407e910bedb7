"""Paired tests, corrections and intervals against worked numbers, scipy and brute force."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import stats

from xai.evaluation.significance import accelerated, benjamini_hochberg, signed_rank

X = np.array([0.62, 0.55, 0.48, 0.70, 0.66, 0.59])
Y = np.array([0.50, 0.50, 0.50, 0.62, 0.56, 0.56])


def test_worked_numbers():
    p, effect = signed_rank(X - Y)
    assert p == pytest.approx(0.0625)
    assert effect == pytest.approx(0.904762, abs=1e-6)
    low, high = accelerated((X - Y)[None], 0)
    assert (low[0], high[0]) == pytest.approx((0.0167, 0.0917), abs=5e-3)


def test_worked_numbers_of_the_correction():
    adjusted = benjamini_hochberg(np.array([0.01, 0.04, 0.03, 0.005]))
    assert adjusted == pytest.approx([0.02, 0.04, 0.04, 0.02])


@pytest.mark.parametrize("n", [5, 20, 50, 120])
def test_the_test_is_scipys_without_ties(n):
    differences = np.random.default_rng(n).standard_normal(n) + 0.2
    method = "exact" if n <= 50 else "asymptotic"
    expected = stats.wilcoxon(differences, method=method).pvalue
    assert signed_rank(differences)[0] == pytest.approx(expected)


def test_ties_beyond_the_exact_are_scipys():
    differences = np.random.default_rng(3).standard_normal(150).round(1)
    expected = stats.wilcoxon(differences, method="asymptotic").pvalue
    assert signed_rank(differences)[0] == pytest.approx(expected)


def test_ties_are_counted_exactly():
    differences = np.array([1.0, 1, -1, 2, 2, 3, -3, 4])
    ranks = stats.rankdata(np.abs(differences))
    sums = [
        ranks[np.array(signs, dtype=bool)].sum() for signs in itertools.product([0, 1], repeat=8)
    ]
    up = ranks[differences > 0].sum()
    smaller = min(up, ranks.sum() - up)
    expected = 2 * np.mean(np.array(sums) <= smaller)
    assert signed_rank(differences)[0] == pytest.approx(expected)


def test_no_difference_at_all_proves_nothing():
    assert signed_rank(np.zeros(30)) == (1.0, 0.0)


def test_zeros_are_left_out():
    differences = np.array([0.3, 0.1, -0.2, 0.5, 0.4])
    assert signed_rank(np.append(differences, [0, 0])) == signed_rank(differences)


def test_the_correction_is_scipys():
    p = np.random.default_rng(0).random(45) ** 2
    np.testing.assert_allclose(benjamini_hochberg(p), stats.false_discovery_control(p))


def test_the_interval_is_scipys_within_its_own_noise():
    values = np.random.default_rng(1).exponential(size=60)
    expected = stats.bootstrap(
        (values,), np.mean, method="BCa", n_resamples=9999, rng=np.random.default_rng(0)
    ).confidence_interval
    low, high = accelerated(values[None], 0)
    width = expected.high - expected.low
    assert low[0] == pytest.approx(expected.low, abs=0.05 * width)
    assert high[0] == pytest.approx(expected.high, abs=0.05 * width)


def test_equal_differences_have_no_spread():
    low, high = accelerated(np.full((1, 30), 0.25), 0)
    assert (low[0], high[0]) == (0.25, 0.25)
