"""Two runs of the same data side by side: planted likeness, planted difference, exact tests."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from tests.reports.fixtures import write_run
from tests.reports.picture_run import write_picture_run
from tests.reports.text_run import SENTENCES, write_story_run, write_text_run
from xai.reports import performance
from xai.reports.two_models import sentences
from xai.runner.two_models import beside, mcnemar

NAMES = ("first.json", "second.json")


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    return [write_run(folder / str(seed), rows=60, seed=seed) for seed in (0, 0, 3)]


@pytest.fixture(scope="module")
def other(runs):
    """Compare a model with one whose inputs, and so whose answers, have nothing to do with it."""
    return beside(runs[0], runs[2], NAMES)


def alike(found, slug):
    return next(one for one in found.alike if one.slug == slug)


def test_the_worked_test_of_two_models():
    assert mcnemar(9, 2) == pytest.approx(0.065430, abs=1e-6)
    for a, b in ((0, 0), (3, 3), (1, 12), (40, 7)):
        expected = stats.binomtest(min(a, b), a + b).pvalue if a + b else 1.0
        assert mcnemar(a, b) == pytest.approx(expected)


def test_a_model_beside_itself_differs_in_nothing(runs):
    found = beside(runs[0], runs[1], NAMES)
    assert (found.rows, found.differ, found.only_first, found.only_second) == (60, 0, 0, 0)
    assert alike(found, "shapley").tau == pytest.approx(1.0)
    assert alike(found, "shapley").overlap == pytest.approx(1.0)
    assert found.scores[0].value == found.scores[1].value


def test_performance_is_that_of_the_common_labelled_rows(runs, other):
    known = performance.accuracy(runs[0])
    assert other.scores[0].labelled == known.labelled == 59
    assert other.scores[0].value == pytest.approx(known.share)
    assert (other.scores[0].low, other.scores[0].high) == pytest.approx((known.low, known.high))
    right = [np.array([bool(c) for c in run.predictions.correct[1:]]) for run in runs[::2]]
    assert other.only_first == int((right[0] & ~right[1]).sum())
    assert other.only_second == int((right[1] & ~right[0]).sum())


def test_rows_with_other_answers_are_listed_with_who_is_right(runs, other):
    first, second = runs[0].predictions, runs[2].predictions
    expected = [i for i in range(60) if first.predicted[i] != second.predicted[i]]
    assert [row.sample for row in other.differing] == [2 * i for i in expected][:50]
    assert other.differ == len(expected)
    for row, i in zip(other.differing, expected, strict=False):
        if i and first.correct[i] != second.correct[i]:
            assert row.right == ("first" if first.correct[i] else "second")


def test_alikeness_is_the_mean_over_rows_of_scipys_tau(runs, other):
    first, second = (run.method("occlusion").values for run in runs[::2])
    expected = [
        stats.kendalltau(abs(a), abs(b)).statistic for a, b in zip(first, second, strict=True)
    ]
    assert alike(other, "occlusion").tau == pytest.approx(np.mean(expected))
    assert alike(other, "occlusion").low < np.mean(expected) < alike(other, "occlusion").high
    assert alike(other, "lime").itself is not None
    assert alike(other, "occlusion").itself is None
    assert abs(alike(other, "occlusion").random) < 0.15


def test_columns_in_another_order_are_matched_by_name(runs, tmp_path):
    names = runs[0].inputs.names
    turned = write_run(tmp_path, rows=60, names=names[::-1], methods=("shapley",))
    found = beside(runs[0], turned, NAMES)
    own = runs[0].method("shapley").values
    theirs = turned.method("shapley").values[:, ::-1]
    expected = [
        stats.kendalltau(abs(a), abs(b)).statistic for a, b in zip(own, theirs, strict=True)
    ]
    assert alike(found, "shapley").tau == pytest.approx(np.mean(expected))
    assert "LIME" in found.left_out


def test_other_features_cannot_be_compared_and_other_rows_are_left_out(runs, tmp_path):
    other_names = write_run(tmp_path / "a", names=[f"x{i}" for i in range(8)], methods=("shapley",))
    assert beside(runs[0], other_names, NAMES).alike == ()
    few = beside(runs[0], write_run(tmp_path / "b", rows=20), NAMES)
    assert (few.rows, few.only_here) == (20, (40, 0))


def test_regressions_are_compared_by_error_and_distance(tmp_path):
    first, second = (
        write_run(tmp_path / str(seed), problem="regression", seed=seed) for seed in (0, 3)
    )
    found = beside(first, second, NAMES)
    assert found.scores[0].value == pytest.approx(performance.fit(first).error)
    assert found.scores[0].low < found.scores[0].value < found.scores[0].high
    assert found.p is None
    distances = np.abs(first.predictions.values - second.predictions.values)
    assert found.gap == pytest.approx(distances.mean())
    assert found.differing[0].sample == 2 * int(distances.argmax())


def test_texts_pictures_and_stories_are_compared_over_their_common_units(tmp_path):
    made = {
        "texts": lambda folder: write_text_run(folder, sentences=SENTENCES),
        "pictures": lambda folder: write_picture_run(folder, concepts=False),
        "stories": write_story_run,
    }
    for name, write in made.items():
        found = beside(write(tmp_path / name / "1"), write(tmp_path / name / "2"), NAMES)
        assert found.rows > 1, name
        assert [one.tau for one in found.alike if one.samples] == pytest.approx(
            [1.0] * sum(one.samples > 0 for one in found.alike)
        ), name


def test_nothing_is_called_better_that_the_test_does_not_show(runs, other):
    text = " ".join(s.text for s in sentences(other))
    is_shown = other.p <= 0.05 and other.only_first + other.only_second >= 6
    assert ("significantly" in text) == is_shown
    same = " ".join(s.text for s in sentences(beside(runs[0], runs[1], NAMES)))
    assert "with 0 of them no test can tell the two apart" in same
    assert "answer differently on 0 of 60 rows" in same
    assert "significantly" not in same


def test_every_sentence_has_its_number_and_its_place(other):
    for sentence in sentences(other):
        assert any(sign.isdigit() for sign in sentence.text)
        assert sentence.page == "two-models"
        assert sentence.query.startswith("#")
