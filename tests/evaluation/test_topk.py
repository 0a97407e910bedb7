"""Fagin's τ of the strongest units, against worked numbers and its definition read literally."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from tests.evaluation.test_measures import A, B
from xai.evaluation.ranks import blocks
from xai.evaluation.topk import top_kendall

X, Y = [1, 2, 3, 1, 1, 2, 2], [3, 2, 1, 2, 1, 2, 1]


def tau(first, second, k):
    above, tied = blocks(np.abs(np.array([[first], [second]], dtype=float)))
    return top_kendall(above, tied, np.array([[0, 1]]), k)[0, 0]


def literal(first, second, k):
    """Go through every pair of units of which one is at the top of each."""
    tops = [
        {i for i, v in enumerate(values) if sum(w > v for w in values) < k}
        for values in (first, second)
    ]
    penalty, pairs = 0.0, set()
    for i, j in itertools.product(*tops):
        if i != j:
            pairs.add(frozenset((i, j)))
    for i, j in pairs:
        a, b = (np.sign(values[i] - values[j]) for values in (first, second))
        penalty += 1.0 if a * b < 0 else 0.5 * ((a == 0) != (b == 0))
    return 1 - 2 * penalty / len(pairs) if pairs else np.nan


@pytest.mark.parametrize(("k", "expected"), [(7, -0.238095), (2, -0.538462), (1, -1.0)])
def test_worked_numbers_with_ties(k, expected):
    assert tau(X, Y, k) == pytest.approx(expected, abs=1e-6)


def test_worked_number_of_the_top_three():
    assert tau(A, B, 3) == pytest.approx(1 / 3)


@pytest.mark.parametrize("digits", [0, 1, 3])
def test_equals_the_definition_with_and_without_ties(digits):
    values = np.abs(np.random.default_rng(digits).standard_normal((20, 2, 9)).round(digits))
    above, tied = blocks(values.swapaxes(0, 1))
    for k in (1, 2, 5, 9):
        found = top_kendall(above, tied, np.array([[0, 1]]), k)[0]
        expected = [literal(x.tolist(), y.tolist(), k) for x, y in values]
        np.testing.assert_allclose(found, expected)


def test_the_same_order_gives_one_and_its_reverse_minus_one():
    order = list(range(1, 8))
    for k in range(2, 8):
        assert tau(order, order, k) == 1
        assert tau(order, order[::-1], k) == -1
