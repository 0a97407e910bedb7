"""Decisions under two baselines, against the worked example."""

from __future__ import annotations

import pytest

from xai.evaluation.faithfulness.league import Decision
from xai.evaluation.faithfulness.variants import compare


def decisions(significant, direction):
    return [
        Decision("a", "b", "gap", "x", 0.1 * d, 0, 0, 30, winner="ba"[d > 0] if s else "")
        for s, d in zip(significant, direction, strict=True)
    ]


def test_the_worked_example():
    first = decisions([1, 1, 0, -1, 0, 1, 0, 0], [1, 1, 1, -1, -1, 1, 1, -1])
    second = decisions([1, 0, 1, -1, 0, -1, 0, 0], [1, 1, 1, -1, -1, -1, -1, -1])
    found = compare(first, second)
    assert (found.both_alike, found.both_opposite) == (2, 1)
    assert (found.one_alike, found.one_opposite) == (2, 0)
    assert (found.none_alike, found.none_opposite) == (2, 1)
    assert (found.precision, found.recall, found.balanced) == pytest.approx((0.5, 0.5, 0.75))


def test_a_baseline_agrees_with_itself():
    one = decisions([1, 0, 1], [1, -1, -1])
    found = compare(one, one)
    assert (found.both_alike, found.none_alike) == (2, 1)
    assert (found.precision, found.recall, found.balanced) == (1, 1, 1)


def test_where_nothing_is_significant_nothing_is_shared():
    found = compare(decisions([0, 0], [1, 1]), decisions([0, 0], [1, -1]))
    assert (found.precision, found.recall, found.balanced) == (None, None, None)
    assert (found.none_alike, found.none_opposite) == (1, 1)
