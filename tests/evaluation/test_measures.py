"""Every measure against worked numbers and against scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from xai.evaluation import ranks
from xai.evaluation.catalogue import CATALOGUE
from xai.evaluation.measures import Stack, compare, of_top, rank_biased_overlap

A = [0.50, -0.30, 0.20, 0.00, 0.10]
B = [0.40, 0.25, -0.30, 0.05, 0.10]
C = [-0.10, 0.45, 0.30, 0.00, 0.05]


def two(first, second, *, signed=(True, True)):
    found = compare(np.array([[first, second]], dtype=float), np.array([[0, 1]]), signed)
    return {slug: values[0, 0] for slug, values in found.items()}


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (A, B, {"kendall": 0.8, "spearman": 0.9, "pearson": 0.081759, "weighted": 0.817518}),
        (A, C, {"kendall": 0.6, "spearman": 0.7, "pearson": -0.716191, "weighted": 0.452555}),
        (B, C, {"kendall": 0.4, "spearman": 0.6, "weighted": 0.197080, "jaccard": 1 / 3}),
        (A, B, {"jaccard": 1 / 3, "overlap": 1 / 6, "sign": 1 / 3}),
        (A, B, {"signed_kendall": 0.0, "feature": 0.5, "rank": 0.5, "signed_rank": 0.5}),
        (A, C, {"signed_kendall": -0.4, "feature": 0.5, "rank": 0.0, "signed": 0.0}),
        (B, C, {"signed_kendall": -0.2}),
    ],
)
def test_worked_numbers(first, second, expected):
    found = two(first, second)
    assert {slug: found[slug] for slug in expected} == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (B, {"feature": 1, "rank": 1 / 3, "signed": 1 / 3, "signed_rank": 1 / 3, "jaccard": 1}),
        (C, {"feature": 1, "rank": 0, "signed": 1 / 3, "signed_rank": 0}),
    ],
)
def test_worked_numbers_of_the_top_three(other, expected):
    found = of_top(Stack.of(np.array([[A, other]])), np.array([[0, 1]]), 3)
    assert {slug: found[slug][0, 0] for slug in expected} == pytest.approx(expected)


def test_signs_and_places_only_take_away(drawn):
    found = compare(drawn, np.array([[0, 1]]), (True, True))
    assert (found["signed_rank"] <= found["rank"]).all()
    assert (found["rank"] <= found["feature"] + 1e-12).all()
    assert (found["signed_rank"] <= found["signed"]).all()
    assert (found["signed"] <= found["feature"] + 1e-12).all()


def test_the_overlap_of_all_units_is_one_by_construction():
    found = of_top(Stack.of(np.array([[A, B]])), np.array([[0, 1]]), 5)
    assert found["feature"][0, 0] == 1.0
    assert np.isnan(found["overlap"][0, 0])


def test_kendall_counts_ties():
    assert two([1, 1, 0, 0], [2, 1, 1, 0])["kendall"] == pytest.approx(0.670820, abs=1e-6)


@pytest.mark.parametrize(("other", "expected"), [(B, 0.955), (C, 0.855)])
def test_rank_biased_overlap_of_worked_orders(other, expected):
    above, tied = ranks.blocks(np.abs(np.array([[A], [other]])))
    found = rank_biased_overlap(above, tied, np.array([[0, 1]]), 0.9, 5)
    assert found[0, 0] == pytest.approx(expected, abs=1e-6)


def test_rank_biased_overlap_of_two_lists_with_few_letters_in_common():
    letters = sorted(set("abcdefgzcavwxy"))
    lists = [
        [[-word.find(x) if x in word else -99.0 for x in letters]]
        for word in ("abcdefg", "zcavwxy")
    ]
    above, tied = ranks.blocks(np.array(lists))
    found = rank_biased_overlap(above, tied, np.array([[0, 1]]), 0.9, 7)
    assert found[0, 0] == pytest.approx(0.288217, abs=1e-6)


@pytest.mark.parametrize(("p", "depth", "weight"), [(0.9, 10, 0.855585), (0.8, 5, 0.860864)])
def test_weight_of_the_top(p, depth, weight):
    assert ranks.weight_of_top(p, depth) == pytest.approx(weight, abs=1e-6)


@pytest.mark.parametrize(("k", "p"), [(3, 0.68), (5, 0.80), (10, 0.90)])
def test_persistence_gives_the_top_its_weight(k, p):
    assert ranks.persistence(k) == pytest.approx(p, abs=0.005)


@pytest.fixture(params=[0, 1, 2, 3])
def drawn(request):
    """Rounding to `param` digits makes many ties, or none."""
    random = np.random.default_rng(request.param)
    return random.standard_normal((7, 2, 13)).round(request.param)


@pytest.mark.parametrize(
    ("slug", "oracle"),
    [
        ("kendall", lambda x, y: stats.kendalltau(abs(x), abs(y)).statistic),
        ("spearman", lambda x, y: stats.spearmanr(abs(x), abs(y)).statistic),
        ("pearson", lambda x, y: stats.pearsonr(x, y).statistic),
        ("signed_kendall", lambda x, y: stats.kendalltau(x, y).statistic),
    ],
)
def test_equals_scipy_with_and_without_ties(drawn, slug, oracle):
    found = compare(drawn, np.array([[0, 1]]), (True, True))[slug][0]
    expected = [oracle(x, y) for x, y in drawn]
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_weighted_tau_equals_scipy_without_ties():
    values = np.random.default_rng(5).standard_normal((9, 2, 17))
    found = compare(values, np.array([[0, 1]]), (True, True))["weighted"][0]
    expected = [stats.weightedtau(abs(x), abs(y)).statistic for x, y in values]
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_every_measure_is_symmetric_and_perfect_on_itself(drawn):
    there = compare(drawn, np.array([[0, 1], [0, 0]]), (True, True))
    back = compare(drawn, np.array([[1, 0]]), (True, True))
    for slug in CATALOGUE:
        np.testing.assert_allclose(there[slug][0], back[slug][0], atol=1e-12, err_msg=slug)
        np.testing.assert_allclose(there[slug][1], 1.0, atol=1e-6, err_msg=slug)


def test_every_measure_stays_in_its_range(drawn):
    found = compare(drawn, np.array([[0, 1]]), (True, True))
    for slug, card in CATALOGUE.items():
        assert (found[slug] >= card.low - 1e-9).all(), slug
        assert (found[slug] <= card.high + 1e-9).all(), slug


def test_the_order_of_the_columns_does_not_matter(drawn):
    shuffled = drawn[:, :, np.random.default_rng(1).permutation(drawn.shape[2])]
    here, there = (compare(v, np.array([[0, 1]]), (True, True)) for v in (drawn, shuffled))
    for slug in CATALOGUE:
        np.testing.assert_allclose(here[slug], there[slug], atol=1e-9, err_msg=slug)


def test_a_constant_explanation_is_undefined_not_zero():
    assert all(np.isnan(value) for value in two([0.0] * 5, B).values())


def test_a_missing_explanation_is_undefined():
    assert all(np.isnan(value) for value in two([np.nan] * 5, B).values())


def test_signs_are_undefined_for_a_method_without_them():
    found = two(A, np.abs(B), signed=(True, False))
    assert np.isnan(found["pearson"])
    assert all(np.isnan(found[slug]) for slug in ("sign", "signed", "signed_kendall"))
    assert found["kendall"] == pytest.approx(0.8)


def test_one_unit_orders_nothing():
    assert all(np.isnan(value) for value in two([1.0], [2.0]).values())


def test_cutting_into_chunks_changes_nothing(monkeypatch):
    values = np.random.default_rng(2).standard_normal((20, 3, 9))
    pairs = np.array([[0, 1], [1, 2]])
    whole = compare(values, pairs, (True, True, True))
    monkeypatch.setattr("xai.evaluation.measures.CHUNK_NUMBERS", 1)
    for slug, found in compare(values, pairs, (True, True, True)).items():
        np.testing.assert_allclose(found, whole[slug], atol=1e-12)
