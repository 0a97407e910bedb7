from __future__ import annotations

import itertools

import numpy as np
import pytest

from xai.evaluation.soft import Place, against_control, judge, scaled

WEIGHTS = np.array([3.0, -2.0, 0.5, 0.0])
FREE = np.array([True, True, True, True])


def share(kept):
    """Probability of the first of two tokens when these units are read, (m,)."""
    return 1 / (1 + np.exp(-(kept[..., 0] @ WEIGHTS)))


class TwoTokens:
    """A language model of two tokens, whose units are one number each."""

    width, most = 1, np.inf

    def __init__(self):
        self.asked = []

    def distances(self, sample, output, kept):
        self.asked.append(kept.copy())
        p, q = share(np.ones((4, 1))), share(kept)
        return np.sqrt(1 - np.sqrt(p * q) - np.sqrt((1 - p) * (1 - q)))


def exact(stays):
    """Expectation of the distance over all masks, each unit kept with its probability."""
    total = 0.0
    for bits in itertools.product((0, 1), repeat=4):
        chance = np.prod(np.where(bits, stays, 1 - stays))
        total += chance * TwoTokens().distances(0, 0, np.array(bits, bool)[None, :, None])[0]
    return total


def place(key=(0,), free=FREE):
    return Place(0, 0, free, key)


def test_many_draws_come_to_the_exact_expectation():
    values = np.array([0.9, -0.5, 0.3, 0.1])
    found = judge(TwoTokens(), place(), {"m": values}, draws=40_000)
    furthest = TwoTokens().distances(0, 0, np.zeros((1, 4, 1), bool))[0]
    for scaling in ("min-max", "shares"):
        stays = scaled(values, FREE, scaling)
        score = found["m", scaling]
        assert score.comprehensiveness == pytest.approx(exact(1 - stays) / furthest, abs=0.01)
        every = [
            max(0.0, furthest - TwoTokens().distances(0, 0, np.array(b, bool)[None, :, None])[0])
            * np.prod(np.where(b, stays, 1 - stays))
            for b in itertools.product((0, 1), repeat=4)
        ]
        assert score.sufficiency == pytest.approx(sum(every) / furthest, abs=0.01)


def test_it_does_what_a_loop_does_with_the_same_masks():
    values = np.array([0.9, 0.5, 0.3, 0.1])
    uniform = np.random.default_rng((7, 1)).random((8, 4, 1), dtype=np.float32)[..., 0]
    access, furthest = TwoTokens(), TwoTokens().distances(0, 0, np.zeros((1, 4, 1), bool))[0]
    stays = (values - 0.1) / 0.8
    sufficient, comprehensive = [], []
    for draw in uniform:
        kept = np.array([u < s for u, s in zip(draw, stays, strict=True)])
        gone = np.array([u < 1 - s for u, s in zip(draw, stays, strict=True)])
        near = access.distances(0, 0, kept[None, :, None])[0]
        similarity, nothing = 1 - near, 1 - furthest
        sufficient.append(max(0, similarity - nothing) / (1 - nothing))
        comprehensive.append(access.distances(0, 0, gone[None, :, None])[0] / (1 - nothing))
    found = judge(TwoTokens(), place((7, 1)), {"m": values})["m", "min-max"]
    assert found.sufficiency == pytest.approx(np.mean(sufficient))
    assert found.comprehensiveness == pytest.approx(np.mean(comprehensive))


class OneClass:
    """A classifier of four features, each one number; the answer is a class's probability."""

    width, most = 1, 1.0

    def distances(self, sample, output, kept):
        shares = 1 / (1 + np.exp(0.5 - kept[..., 0] @ [2.0, -1.0, 1.0, 0.5]))
        return np.maximum(0.0, 1 / (1 + np.exp(-2.0)) - shares)


def test_a_class_scores_what_the_paper_s_formula_gives_over_all_masks():
    # min-max of 2, -1, 1, 0.5 by size would be of 2, 1, 1, 0.5: sizes are given here.
    sizes = np.array([1.0, 0.0, 2 / 3, 0.5])
    found = judge(OneClass(), place(), {"m": sizes}, draws=60_000)["m", "min-max"]
    assert found.sufficiency == pytest.approx(0.979062, abs=2e-3)
    assert found.comprehensiveness == 1.0, "1.160610, cut off at 1"
    uncut = OneClass()
    uncut.most = np.inf
    found = judge(uncut, place(), {"m": sizes}, draws=60_000)["m", "min-max"]
    assert found.comprehensiveness == pytest.approx(1.160610, abs=5e-3)


def test_all_methods_see_the_same_masks():
    values = np.array([0.9, 0.5, 0.3, 0.1])
    found = judge(TwoTokens(), place(), {"a": values, "b": 5 * values})
    assert found["a", "min-max"] == found["b", "min-max"]
    assert found["a", "shares"] == found["b", "shares"]


def test_the_right_order_beats_the_wrong_one():
    right, wrong = np.abs(WEIGHTS), np.abs(WEIGHTS)[::-1].copy()
    found = judge(TwoTokens(), place(), {"right": right, "wrong": wrong}, draws=200)
    for scaling in ("min-max", "shares"):
        assert found["right", scaling].sufficiency > found["wrong", scaling].sufficiency
    assert found["right", "min-max"].comprehensiveness > found["wrong", "min-max"].comprehensiveness


def test_a_failed_attribution_has_no_score():
    # In the released code it zeroes the whole input and scores a perfect 1.
    failed = np.full(4, np.nan)
    found = judge(TwoTokens(), place(), {"failed": failed, "flat": np.ones(4)})
    assert np.isnan(found["failed", "shares"].comprehensiveness)
    assert np.isnan(found["failed", "min-max"].sufficiency)
    assert np.isnan(found["flat", "min-max"].sufficiency), "a range of 0 scales nothing"
    assert np.isfinite(found["flat", "shares"].sufficiency)


def test_units_that_are_not_free_always_stay():
    access = TwoTokens()
    free = np.array([False, True, True, True])
    judge(access, place(free=free), {"m": np.array([np.nan, 0.5, 0.3, 0.1])})
    assert all(kept[:, 0].all() for kept in access.asked)
    assert not access.asked[0][:, 1:].any()


def test_where_nothing_matters_nothing_is_scored():
    class Deaf(TwoTokens):
        def distances(self, sample, output, kept):
            return np.zeros(len(kept))

    found = judge(Deaf(), place(), {"m": np.arange(4.0)})
    assert np.isnan(found["m", "shares"].sufficiency)


def test_the_control_against_itself_is_zero_and_twice_as_good_is_ln_two():
    draw = np.random.default_rng(0)
    control = draw.random(60) + 0.5
    groups = np.repeat(np.arange(20), 3)
    assert against_control(control, control, groups, 0) == (0, 0, 0, 0)
    middle, low, high, out = against_control(2 * control, control, groups, 0)
    assert (middle, low, high) == pytest.approx((np.log(2),) * 3)
    noisy = 2 * control * np.exp(draw.normal(size=60) / 3)
    noisy[:4] = np.nan
    middle, low, high, out = against_control(noisy, control, groups, 0)
    assert low < middle < high
    assert out == 4
    expected = np.log(noisy[4:].mean() / control[4:].mean())
    assert middle == pytest.approx(expected)


def test_a_method_that_always_failed_has_no_place():
    found = against_control(np.full(3, np.nan), np.ones(3), [0, 1, 2], 0)
    assert np.isnan(found[:3]).all()
    assert found[3] == 3
