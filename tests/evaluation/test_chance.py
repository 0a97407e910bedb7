"""What unrelated orders share, against worked numbers, scipy and plain draws."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from xai.evaluation import chance
from xai.evaluation.measures import Stack, of_top


def test_worked_means_of_the_top_three_of_five():
    assert chance.expected("feature", 5, 3) == pytest.approx(0.6)
    assert chance.expected("jaccard", 5, 3) == pytest.approx(0.46)


@pytest.mark.parametrize("measure", ["feature", "jaccard", "rank", "signed", "signed_rank"])
def test_means_are_those_of_random_orders(measure):
    values = np.random.default_rng(0).standard_normal((20_000, 2, 9))
    found = of_top(Stack.of(values), np.array([[0, 1]]), 3)[measure].mean()
    assert chance.expected(measure, 9, 3) == pytest.approx(found, abs=0.01)


def test_worked_overlaps_that_are_beyond_chance():
    tail = chance.shared(30, 10)[::-1].cumsum()[::-1]
    assert tail[7] == pytest.approx(0.004844, abs=1e-6)
    assert tail[7] == pytest.approx(stats.hypergeom(30, 10, 10).sf(6))
    assert chance.shared(5, 3)[3] == pytest.approx(0.1)
    assert chance.least_shared(5, 3) is None
    count, p = chance.least_shared(30, 10)
    assert p == pytest.approx(stats.hypergeom(30, 10, 10).sf(count - 1))
    assert p <= 0.05 < stats.hypergeom(30, 10, 10).sf(count - 2)


def test_worked_p_of_the_concordance_of_three_orders():
    assert chance.concordance_p(np.array([0.822222]), 3, 5)[0] == pytest.approx(0.0151, abs=5e-5)


def test_drawn_concordances_follow_the_exact_ones(monkeypatch):
    w = np.array([0.2, 0.4, 0.6, 0.8])
    exact = chance.concordance_p(w, 3, 5)
    monkeypatch.setattr(chance, "LISTED_MOST", 0)
    chance._concordances.cache_clear()
    drawn = chance.concordance_p(w, 3, 5)
    chance._concordances.cache_clear()
    np.testing.assert_allclose(drawn, exact, atol=0.02)


def test_p_of_many_orders_is_near_that_of_chi_square():
    w = np.array([0.25, 0.35])
    expected = stats.chi2.sf(10 * 19 * w, 19)
    np.testing.assert_allclose(chance.concordance_p(w, 10, 20), expected, atol=0.01)


def test_what_is_undefined_stays_so():
    assert np.isnan(chance.concordance_p(np.array([np.nan]), 3, 4)[0])
