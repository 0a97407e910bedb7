"""Worked values that tie the product's measures to others of the same orders."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from tests.evaluation.test_measures import A, B, C, two
from tests.evaluation.test_significance import X, Y
from xai.evaluation import ranks
from xai.evaluation.consensus import gather
from xai.evaluation.intervals import mean_interval
from xai.evaluation.measures import rank_biased_overlap
from xai.evaluation.significance import holm


def overlaps(first, second):
    """Return by depth how much of the two lists is shared down to there."""
    return [len(set(first[:d]) & set(second[:d])) / d for d in range(1, len(first) + 1)]


def literal_rbo(first, second, p):
    """Return rank-biased overlap of two lists: truncated, at least, extrapolated."""
    shares = overlaps(first, second)
    depth = len(shares)
    truncated = sum((1 - p) * p**d * share for d, share in enumerate(shares))
    counts = [round(share * (d + 1)) for d, share in enumerate(shares)]
    tail = sum((counts[d] - counts[-1]) * p ** (d + 1) / (d + 1) for d in range(depth))
    least = (1 - p) / p * (tail - counts[-1] * np.log(1 - p))
    return truncated, least, truncated + shares[-1] * p**depth


def order(values):
    return [int(i) for i in np.argsort(-np.abs(values), kind="stable")]


def product_rbo(first, second, p):
    above, tied = ranks.blocks(np.abs(np.array([[first], [second]], dtype=float)))
    return rank_biased_overlap(above, tied, np.array([[0, 1]]), p, len(first))[0, 0]


@pytest.mark.parametrize(
    ("other", "expected"), [(B, (0.36451, 0.626989, 0.955)), (C, (None, None, 0.855))]
)
def test_the_products_overlap_is_the_extrapolated_one(other, expected):
    found = literal_rbo(order(A), order(other), 0.9)
    for value, worked in zip(found, expected, strict=True):
        assert worked is None or value == pytest.approx(worked, abs=1e-5)
    assert product_rbo(A, other, 0.9) == pytest.approx(found[2])


def test_two_lists_of_letters_and_two_equal_lists():
    truncated, _, extrapolated = literal_rbo("abcdefg", "zcavwxy", 0.9)
    assert (truncated, extrapolated) == pytest.approx((0.151561, 0.288217), abs=1e-6)
    assert np.mean(overlaps("abcdefg", "zcavwxy")) == pytest.approx(0.312245, abs=1e-6)
    truncated, _, extrapolated = literal_rbo("abcde", "abcde", 0.9)
    assert (truncated, extrapolated) == pytest.approx((0.40951, 1.0))


@pytest.mark.parametrize(("k", "p"), [(3, 0.68), (5, 0.80), (10, 0.90), (20, 0.95), (50, 0.98)])
def test_persistence_of_every_worked_depth(k, p):
    assert ranks.persistence(k) == pytest.approx(p, abs=0.006)


@pytest.mark.parametrize(("first", "second", "share"), [(A, B, 0.9), (A, C, 0.8), (B, C, 0.7)])
def test_the_share_of_pairs_in_one_order_is_half_of_one_plus_tau(first, second, share):
    assert (1 + two(first, second)["kendall"]) / 2 == pytest.approx(share)


def test_ties_have_their_mean_place_in_spearman():
    assert two([3, 3, 1, 0], [3, 2, 1, 0])["spearman"] == pytest.approx(0.948683, abs=1e-6)


def test_zeros_for_padding_would_make_orders_look_alike():
    padded = two([*A, *[0.0] * 5], [*B, *[0.0] * 5])
    assert two(A, B)["kendall"] == pytest.approx(0.800)
    assert padded["kendall"] == pytest.approx(0.864, abs=5e-4)


@pytest.mark.parametrize(("n", "spread"), [(5, 0.408), (10, 0.249), (20, 0.162), (50, 0.098)])
def test_the_spread_of_tau_by_chance(n, spread):
    assert np.sqrt(2 * (2 * n + 5) / (9 * n * (n - 1))) == pytest.approx(spread, abs=1e-3)


def test_concordance_is_the_mean_correlation_of_the_orders():
    found = gather(np.array([A, B, C])[:, None], ("x", "y", "z"))
    w = float(found.concordance[0])
    mean = np.mean([two(*pair)["spearman"] for pair in ((A, B), (A, C), (B, C))])
    assert (3 * w - 1) / 2 == pytest.approx(mean)
    assert mean == pytest.approx(0.733333, abs=1e-6)
    assert 3 * 4 * w == pytest.approx(9.866667, abs=1e-6)
    assert stats.chi2.sf(3 * 4 * w, 4) == pytest.approx(0.0427, abs=5e-5)
    assert np.argsort(-found.points[0], kind="stable").tolist() == [0, 1, 2, 4, 3]


def test_a_circle_of_orders_has_no_consensus_by_points():
    circle = -np.array([[1.0, 2, 3], [3, 1, 2], [2, 3, 1]]) + 10
    assert gather(circle[:, None], ("x", "y", "z")).points[0].tolist() == pytest.approx([1, 1, 1])


def test_worked_strict_correction_and_percentiles():
    assert holm(np.array([0.01, 0.04, 0.03, 0.005])) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    mean, low, high = mean_interval((X - Y)[None], 0)
    assert (mean[0], low[0], high[0]) == pytest.approx((0.06, 0.02, 0.095), abs=5e-3)
