"""Marks and picks of people, against libraries, enumeration and values worked out by hand."""

from __future__ import annotations

import math
from itertools import permutations

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import average_precision_score, roc_auc_score

from xai.evaluation.plausibility import Ballot, by_chance, match, tally, wilson


def random_case(seed, ties):
    random = np.random.default_rng(seed)
    values = random.normal(size=9)
    if ties:
        values = values.round()
    marks = random.choice(9, size=random.integers(1, 9), replace=False)
    return values, tuple(int(one) for one in marks)


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("seed", range(20))
def test_precision_and_rank_are_those_of_scikit_learn(seed, ties):
    values, marks = random_case(seed, ties)
    truth = np.isin(np.arange(9), marks)
    found = match(values, marks)
    assert found.precision == pytest.approx(average_precision_score(truth, np.abs(values)))
    assert found.rank == pytest.approx(roc_auc_score(truth, np.abs(values)))


@pytest.mark.parametrize("seed", range(5))
def test_the_overlap_is_the_mean_over_every_order_of_tied_units(seed):
    values, marks = random_case(seed, ties=True)
    values, marks = values[:6], tuple(m for m in marks if m < 6) or (0,)
    k = len(marks)
    shares = []
    for order in permutations(range(6)):
        top = sorted(order, key=lambda i: -abs(values[i]))[:k]  # stable: ties as in `order`
        shares.append(len(set(top) & set(marks)) / k)
    assert match(values, marks).overlap == pytest.approx(np.mean(shares))


def test_values_worked_out_by_hand():
    found = match(np.array([0.9, -0.8, 0.1, 0.5]), (0, 3))
    assert found.precision == pytest.approx((1 + 2 / 3) / 2)
    assert found.overlap == pytest.approx(1 / 2)
    assert found.rank == pytest.approx(3 / 4)


@pytest.mark.parametrize(("units", "marks"), [(4, 1), (5, 2), (6, 5)])
def test_chance_is_the_mean_over_every_order(units, marks):
    found = [
        match(np.array(order, float), range(marks)) for order in permutations(range(1, units + 1))
    ]
    chance = by_chance(units, marks)
    for name in ("precision", "overlap", "rank"):
        assert np.mean([getattr(one, name) for one in found]) == pytest.approx(
            getattr(chance, name)
        )


@pytest.mark.parametrize("marks", [(), tuple(range(4))])
def test_nothing_and_everything_marked_are_undefined(marks):
    found = match(np.arange(4.0), marks)
    assert all(math.isnan(value) for value in (found.precision, found.overlap, found.rank))


@pytest.mark.parametrize(("wins", "trials"), [(0, 5), (3, 7), (7, 7), (41, 200)])
def test_the_interval_of_a_share_is_wilson_s(wins, trials):
    rate, low, high = wilson(wins, trials)
    expected = binomtest(wins, trials).proportion_ci(method="wilson")
    assert (rate, low, high) == pytest.approx((wins / trials, expected.low, expected.high))


def test_without_trials_there_is_no_share():
    assert all(math.isnan(value) for value in wilson(0, 0))


METHODS = ("good", "bad")
VALUES = {
    (method, sample): np.array([3.0, 2.0, 1.0]) if method == "good" else np.array([1.0, 2.0, 3.0])
    for method in METHODS
    for sample in range(12)
}


def test_the_method_that_people_expect_comes_out_ahead_with_an_interval():
    ballots = [Ballot(f"p{p}", s, "marks", marks=(0,)) for p in range(3) for s in range(12)]
    found = tally(ballots, VALUES, METHODS)["marks"]
    good, bad = found["methods"]
    assert good["precision"]["mean"] == 1.0
    assert bad["precision"]["mean"] == pytest.approx(1 / 3)
    assert found["chance"]["precision"] == pytest.approx((1 + 1 / 2 + 1 / 3) / 3)
    assert (good["precision"]["low"], good["precision"]["high"]) == (1.0, 1.0)


def test_a_person_with_many_answers_on_one_sample_does_not_outweigh_a_sample():
    ballots = [Ballot(f"p{p}", 0, "marks", marks=(0,)) for p in range(9)]
    ballots.append(Ballot("p0", 1, "marks", marks=(2,)))
    good = tally(ballots, VALUES, METHODS)["marks"]["methods"][0]
    assert good["precision"]["mean"] == pytest.approx((1.0 + 1 / 3) / 2)


def test_undefined_marks_are_counted_and_not_zeroed():
    ballots = [Ballot("p", 0, "marks", marks=()), Ballot("p", 1, "marks", marks=(0, 1, 2))]
    found = tally(ballots, VALUES, METHODS)["marks"]
    assert (found["answers"], found["undefined"], found["samples"]) == (2, 2, 0)
    assert found["methods"][0]["precision"] == {"mean": None, "low": None, "high": None}


def test_picks_are_counted_where_a_method_was_shown_and_none_is_an_answer():
    ballots = [
        Ballot("a", 0, "picks", shown=("good", "bad"), picked="good"),
        Ballot("b", 0, "picks", shown=("bad", "good"), picked=""),
        Ballot("a", 1, "picks", shown=("good",), picked="good"),
    ]
    found = tally(ballots, VALUES, METHODS)["picks"]
    good, bad = found["methods"]
    assert (found["answers"], found["none"]) == (3, 1)
    assert (good["wins"], good["shown"], good["rate"]) == (2, 3, pytest.approx(2 / 3))
    assert (bad["wins"], bad["shown"]) == (0, 2)
    assert bad["chance"] == pytest.approx(1 / 3)
    assert good["chance"] == pytest.approx((1 / 3 + 1 / 3 + 1 / 2) / 3)


def test_picks_and_marks_are_apart():
    found = tally([Ballot("a", 0, "picks", shown=METHODS, picked="good")], VALUES, METHODS)
    assert found["marks"]["answers"] == 0
    assert found["marks"]["methods"][0]["rank"]["mean"] is None
    assert set(found) == {"people", "samples", "picks", "marks"}
