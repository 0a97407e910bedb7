"""Noise on some features of a row: worked values, and what noise is."""

from __future__ import annotations

import numpy as np
import pytest

from tests.evaluation.faithfulness.toy import probability
from xai.vocabulary import Problem
from xai.workbench import table_moves
from xai.workbench.table_moves import Noised

NOISE = np.array([[0.1, -0.2, 0.1, 0.3], [-0.3, 0.1, 0.2, -0.1], [0.2, 0.2, -0.1, -0.2]])


def score(rows, _of):
    return probability(rows)


def test_worked_gaps_under_noise():
    noised = Noised(score, np.ones((1, 4)), (np.ones(4) + NOISE)[None])
    top = np.array([[True, False, True, False]])  # of the two that are as strong, the third
    gaps = noised(np.concatenate([top, ~top]), np.array([0, 0]))
    assert gaps == pytest.approx([0.034980, 0.028023], abs=1e-6)


def test_where_nothing_is_shaken_nothing_moves():
    noised = Noised(score, np.ones((1, 4)), (np.ones(4) + NOISE)[None])
    assert noised(np.zeros((1, 4), dtype=bool), np.array([0]))[0] == 0


@pytest.fixture
def problem():
    draw = np.random.default_rng(0)
    table = draw.standard_normal((300, 3)) * [1.0, 5.0, 1.0]
    table[:, 2] = draw.integers(0, 4, 300)
    return Problem(
        names=("a", "b", "c"), categorical=(False, False, True), rows=np.arange(300) * 2,
        inputs=table, background=table[:40], reference=table, score=score, seed=3,
    )  # fmt: skip


def test_noise_is_a_tenth_of_the_spread_and_some_categories_change(problem):
    noisy = table_moves._noisy(problem)
    far = (noisy - problem.inputs[:, None])[..., :2].std(axis=(0, 1))
    np.testing.assert_allclose(far, 0.1 * problem.inputs[:, :2].std(axis=0), rtol=0.1)
    flips = (noisy[..., 2] != problem.inputs[:, None, 2]).mean()
    assert flips == pytest.approx(table_moves.FLIP * 0.75, abs=0.015)
    assert set(np.unique(noisy[..., 2])) <= {0.0, 1.0, 2.0, 3.0}


def test_a_row_is_moved_by_its_own_seed(problem):
    from dataclasses import replace

    part = replace(problem, rows=problem.rows[7:], inputs=problem.inputs[7:])
    np.testing.assert_array_equal(table_moves._noisy(part), table_moves._noisy(problem)[7:])
