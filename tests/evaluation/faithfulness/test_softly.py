"""Soft faithfulness of a run on a model of two tokens, whose units are one number each."""

from __future__ import annotations

import json

import numpy as np
import pytest

from xai.evaluation.faithfulness import softly
from xai.evaluation.faithfulness.softly import MEASURES, SoftField, SoftMeasured
from xai.evaluation.soft import Place, judge

WEIGHTS = np.array([3.0, -2.0, 0.5, 0.0, 1.5, -0.7])
N = 30


class Linear:
    """The answer moves by the units that are missing, each by its own weight."""

    width, most = 1, np.inf

    def __init__(self):
        self.asked = 0

    def distances(self, sample, output, kept):
        self.asked += len(kept)
        missing = ~kept[..., 0]
        weights = np.abs(np.roll(WEIGHTS, sample))[: kept.shape[1]]
        return missing @ weights / np.abs(WEIGHTS).sum()


def field(access=None, rows=None, outputs=6):
    rows = np.arange(N) if rows is None else rows
    causes = np.full(outputs, len(WEIGHTS))
    free = np.ones(len(WEIGHTS), dtype=bool)
    return SoftField(access or Linear(), rows, [free] * len(rows), [causes] * len(rows), seed=1)


def values(of, *, rows=range(N), outputs=6):
    return {(i, output): of(row) for i, row in enumerate(rows) for output in range(outputs)}


def truth(row):
    return np.abs(np.roll(WEIGHTS, row))


def measured(methods, found):
    return SoftMeasured(methods, np.arange(N), *found, seed=0)


def rows_of(summary, slug):
    return {row["measure"]: row for row in summary["rows"] if row["method"] == slug}


@pytest.fixture(scope="module")
def summary():
    def wrong(row):
        return truth(row).max() - truth(row)

    given = [values(truth), values(wrong), values(lambda row: np.full(6, np.nan))]
    return softly.summary(measured(("right", "wrong", "failed"), softly.measure(field(), given)))


def test_the_truth_beats_random_values_and_its_opposite_does_not(summary):
    for row in rows_of(summary, "right").values():
        assert row["ratio_low"] > 0
    for row in rows_of(summary, "wrong").values():
        assert row["ratio_high"] < 0


def test_random_values_stand_at_zero(summary):
    for row in rows_of(summary, "random").values():
        assert (row["ratio"], row["ratio_low"], row["ratio_high"]) == (0, 0, 0)
        assert row["failed"] == 0


def test_what_failed_is_counted_and_has_no_score(summary):
    places = N * softly.OUTPUTS_MOST
    assert summary["places"] == places
    for row in rows_of(summary, "failed").values():
        assert row["mean"] is row["ratio"] is None
        assert (row["failed"], row["samples"]) == (places, 0)
    json.dumps(summary, allow_nan=False)


def test_a_method_that_explains_nothing_of_some_rows_is_scored_on_the_others():
    given = values(truth)
    given = {key: value for key, value in given.items() if key[0] >= 10}
    found = softly.summary(measured(("some",), softly.measure(field(), [given])))
    row = rows_of(found, "some")[MEASURES[0].slug]
    assert (row["failed"], row["samples"]) == (40, 20)
    assert row["ratio"] > 0


def test_each_score_is_the_mean_over_an_even_spread_of_outputs():
    scores, _, places = softly.measure(field(), [values(truth)])
    assert (places == 4).all()
    assert softly.judged(6) == [0, 1, 3, 4]
    assert softly.judged(2) == [0, 1]
    own = []
    for output in softly.judged(6):
        place = Place(7, output, np.ones(6, dtype=bool), (1, 10, 7, output))
        score = judge(Linear(), place, {"m": truth(7)})["m", "shares"]
        own.append(score.comprehensiveness)
    at = [m.slug for m in MEASURES].index("soft_comprehensiveness_shares")
    assert scores[7, 0, at] == pytest.approx(np.mean(own))


def test_the_cut_into_shards_changes_nothing():
    whole, _, _ = softly.measure(field(), [values(truth)])

    class Later(Linear):
        def distances(self, sample, output, kept):
            return super().distances(sample + 20, output, kept)

    rows = np.arange(20, N)
    part, _, _ = softly.measure(field(Later(), rows), [values(truth, rows=rows)])
    np.testing.assert_array_equal(part, whole[20:])


def test_the_estimate_is_what_is_spent():
    access = Linear()
    softly.measure(field(access, np.arange(3)), [values(truth, rows=range(3))] * 2)
    planned = 3 * softly.evaluations(6, methods=2)
    assert 0.95 * planned <= access.asked <= planned


def test_the_rows_of_the_table_hold_every_value():
    found = measured(("right",), softly.measure(field(), [values(truth)]))
    table = softly.columns(found)
    assert set(table["method"]) == {"right", "random"}
    assert len(table["value"]) == 2 * len(MEASURES) * N
