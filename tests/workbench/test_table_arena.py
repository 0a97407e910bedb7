"""What stands in for a feature that is taken away, against a slow literal replacement."""

from __future__ import annotations

import numpy as np
import pytest

from xai.vocabulary import Problem
from xai.workbench import table_arena
from xai.workbench.table_arena import Replaced


def score(rows, of):
    return np.nansum(rows * np.arange(1, rows.shape[1] + 1), axis=1) ** 2 + of


@pytest.fixture
def problem():
    draw = np.random.default_rng(0)
    background = draw.standard_normal((9, 3)).round(2)
    background[:, 2] = draw.integers(0, 3, 9)
    background[4, 0] = np.nan
    return Problem(
        names=("a", "b", "c"), categorical=(False, False, True), rows=np.array([3, 8]),
        inputs=draw.standard_normal((2, 3)), background=background, reference=background,
        score=score, seed=5,
    )  # fmt: skip


def test_dropped_features_come_from_every_row_in_turn(problem):
    kept = np.array([[True, False, True], [False, False, False], [True, True, True]])
    of = np.array([0, 1, 1])
    found = Replaced(score, problem.inputs, problem.background[None])(kept, of)
    for row, (mask, i) in enumerate(zip(kept, of, strict=True)):
        mixed = [np.where(mask, problem.inputs[i], other) for other in problem.background]
        expected = np.mean([score(one[None], np.array([i]))[0] for one in mixed])
        assert found[row, 0] == pytest.approx(expected)


def test_each_input_may_have_rows_of_its_own(problem):
    fill = problem.background[[2, 7]][:, None]
    found = Replaced(score, problem.inputs, fill)(np.zeros((2, 3), dtype=bool), np.array([0, 1]))
    np.testing.assert_allclose(found[:, 0], score(problem.background[[2, 7]], np.array([0, 1])))


def test_the_middle_of_a_column_leaves_missing_values_out_and_takes_the_commonest_word(problem):
    middle = table_arena._middle(problem, np.median)
    assert middle[0] == np.nanmedian(problem.background[:, 0])
    words, counts = np.unique(problem.background[:, 2], return_counts=True)
    assert middle[2] == words[counts.argmax()]


def test_the_other_row_of_an_input_is_drawn_by_the_input(problem):
    from dataclasses import replace

    both = table_arena._one_each(problem)
    second = replace(problem, rows=problem.rows[1:], inputs=problem.inputs[1:])
    np.testing.assert_array_equal(both[1:], table_arena._one_each(second))
