"""Curves and what they say, against the worked toy model."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from tests.evaluation.faithfulness.toy import PHI, probability
from xai.evaluation.faithfulness import orders, scores


def play(order):
    masks = orders.masks(np.array([order]))[0]
    return probability(masks[0])[None], probability(masks[1])[None]


@pytest.fixture
def best():
    return orders.order(PHI, np.zeros(4))


def test_worked_curves(best):
    deletion, insertion = play(best)
    expected = [0.880797, 0.5, 0.268941, 0.182426, 0.377541]
    np.testing.assert_allclose(deletion[0], expected, atol=1e-6)
    expected = [0.377541, 0.817574, 0.924142, 0.952574, 0.880797]
    np.testing.assert_allclose(insertion[0], expected, atol=1e-6)


def test_worked_measures(best):
    found = scores.measure(4, *play(best), is_probability=True)
    expected = {
        "deletion": 0.395134, "insertion": 0.830865, "gap": 0.435731,
        "comprehensiveness": 0.496326, "sufficiency": 0.009939,
    }  # fmt: skip
    assert {slug: found[slug][0] for slug in expected} == pytest.approx(expected, abs=1e-6)


def test_worked_areas_of_all_orders():
    areas = [
        scores.area(4, play(np.array(order))[0])[0] for order in itertools.permutations(range(4))
    ]
    assert np.mean(areas) == pytest.approx(0.636060, abs=1e-6)
    assert (min(areas), max(areas)) == pytest.approx((0.395134, 0.830865), abs=1e-6)


def test_worked_normalised_measures(best):
    deletion, insertion = play(best)
    fall, miss = deletion[:, :1] - deletion[:, [2]], deletion[:, :1] - insertion[:, [2]]
    nothing = deletion[:, :1] - insertion[:, :1]
    assert 1 - nothing[0, 0] == pytest.approx(0.496744, abs=1e-6)
    assert fall[0, 0] / nothing[0, 0] == pytest.approx(1.2158, abs=1e-4)
    enough, all_of_it = scores.normalised(fall, miss, nothing)
    assert (enough[0, 0], all_of_it[0, 0]) == (1.0, 1.0)


def test_normalised_measures_are_undefined_where_nothing_is_lost():
    found = scores.normalised(np.ones((1, 2)), np.ones((1, 2)), np.array([[-0.1]]))
    assert np.isnan(found).all()


def test_normalised_measures_need_a_probability(best):
    found = scores.measure(4, *play(best))
    assert np.isnan(found["normal_sufficiency"]).all()


def test_worked_completeness_gap():
    whole, base = probability(np.ones(4)), probability(np.zeros(4))
    gap = scores.completeness_gap(whole, base, np.array([2.5]))
    assert gap[0] * (whole - base)[0] == pytest.approx(1.996744, abs=1e-6)


@pytest.mark.parametrize("players", [2, 3, 4, 7, 10, 30, 57, 100, 500])
def test_steps_are_symmetric_and_hold_the_bins(players):
    counts = orders.counts(players)
    assert (counts[0], counts[-1]) == (0, players)
    assert [players - c for c in reversed(counts)] == list(counts)
    assert (np.array(counts)[orders.bins(players)] > 0).all()
    assert len(counts) <= 14


def test_bins_of_few_players_count_once():
    assert [orders.counts(4)[at] for at in orders.bins(4)] == [1, 2]


def test_an_order_and_its_reverse_have_opposite_gaps():
    order = np.random.default_rng(0).permutation(4)
    there = scores.measure(4, *play(order))["gap"][0]
    back = scores.measure(4, *play(order[::-1]))["gap"][0]
    assert there == pytest.approx(-back)


def test_ties_are_broken_alike_for_every_method():
    ties = orders.ties(0, 5, 6)
    first = orders.order(np.zeros(6), ties)
    second = orders.order(np.array([0.0, 0, 0, 0, 0, 1]), ties)
    assert second[0] == 5
    assert [p for p in first if p != 5] == second[1:].tolist()
