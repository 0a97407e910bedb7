"""The meter counts rows and cuts them into chunks; blending mixes inputs and background."""

from __future__ import annotations

import numpy as np
import pytest

from tests.methods.problems import problem
from xai.errors import Cancelled
from xai.methods import meter
from xai.methods.meter import Meter, blend


def test_calls_are_cut_counted_and_reported(monkeypatch):
    monkeypatch.setattr(meter, "ROWS_PER_CALL", 4)
    sizes, seen = [], []

    def score(rows, of):
        sizes.append(len(rows))
        return rows[:, 0]

    found = Meter(score, 10, lambda *pair: seen.append(pair))(
        np.arange(10.0)[:, None], np.zeros(10)
    )
    np.testing.assert_array_equal(found, np.arange(10))
    assert sizes == [4, 4, 2]
    assert seen == [(4, 10), (8, 10), (10, 10)]


def test_progress_may_stop_the_work():
    def stop(done, total):
        raise Cancelled

    with pytest.raises(Cancelled):
        Meter(lambda rows, of: rows[:, 0], 1, stop)(np.ones((1, 1)), np.zeros(1, dtype=int))


@pytest.mark.parametrize("size", [1, 4, 7, 1000])
def test_blending_is_the_same_in_any_chunk(monkeypatch, size):
    monkeypatch.setattr(meter, "ROWS_PER_CALL", size)
    given = problem(lambda rows: rows @ np.array([1.0, 10, 100]), d=3, n=2, b=3)
    masks = np.array([[True, False, True], [False, False, False]])
    mean, deviation = blend(given, masks, given.score)
    kept = given.inputs @ np.array([1, 0, 100.0]) + 10 * given.background[:, 1].mean()
    np.testing.assert_allclose(mean[:, 0], kept)
    np.testing.assert_allclose(deviation[:, 0], 10 * given.background[:, 1].std(ddof=1))


def test_a_score_may_return_its_own_rows(monkeypatch):
    """The buffer of rows is used again: results must be taken out of it first."""
    monkeypatch.setattr(meter, "ROWS_PER_CALL", 3)
    given = problem(lambda rows: rows[:, 0], n=4, d=2, b=3)
    mean, _ = blend(given, np.array([[True, False]]), given.score)
    np.testing.assert_array_equal(mean[:, 0], given.inputs[:, 0])
