"""Soft faithfulness in words and tables: nothing is claimed that the numbers do not hold."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from tests.reports.fixtures import write_run
from xai.evaluation.faithfulness import softly
from xai.reports import soft
from xai.reports.html import render
from xai.reports.results import Results
from xai.reports.words import sentences

METHODS = ("shapley", "occlusion", "lime")
LEVELS = {
    "shapley": (0.4, 0.1, 0.9, 0.3),
    "occlusion": (0.3, 0.2, 0.8, 0.6),
    "lime": (0.2, 0.2, 0.5, 0.2),
}
CHANCE = (0.2, 0.05, 0.5, 0.03)


def with_soft(results, folder, failing=0):
    """Add what would have been measured: known levels, a little noise, some failures of LIME."""
    draw = np.random.default_rng(0)
    samples = results.predictions.samples
    levels = np.array([*(LEVELS[slug] for slug in METHODS), CHANCE])
    scores = levels[None] * draw.uniform(0.8, 1.25, size=(len(samples), 1, 1))
    scores *= draw.uniform(0.999, 1.001, size=scores.shape)
    scores[:failing, 2] = np.nan
    failed = np.isnan(scores).astype(np.int64) * 4
    measured = softly.SoftMeasured(
        METHODS, samples, scores, failed, np.full(len(samples), 4, np.int64)
    )
    target = folder / "faithfulness"
    shutil.copytree(results.folders["faithfulness"], target)
    facts = results.faithfulness | {"soft": softly.summary(measured)}
    (target / "faithfulness.json").write_text(json.dumps(facts))
    return Results.gather(results.manifest, results.folders | {"faithfulness": target})


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    return write_run(tmp_path_factory.mktemp("run"), rows=40)


@pytest.fixture(scope="module")
def results(plain, tmp_path_factory):
    return with_soft(plain, tmp_path_factory.mktemp("soft"), failing=3)


def test_the_leader_of_each_measure_is_named_with_its_number(results):
    text = soft.sentences(results)[0].text
    assert f"Shapley values by Soft-NS, min-max ({np.log(0.4 / 0.2):+.2f}" in text
    assert "Occlusion by Soft-NC, shares (+3.0" in text
    assert "not the same method everywhere" in text


def test_who_is_not_above_random_values_is_named_by_measure(results):
    (text,) = (s.text for s in soft.sentences(results) if s.tone == "warn")
    assert "LIME (Soft-NS, min-max, Soft-NC, min-max)" in text
    assert "Shapley" not in text


def test_the_table_has_random_values_at_zero_last_and_counts_failures(results):
    lines = soft.lines(results)
    assert [line.slug for line in lines] == ["shapley", "occlusion", "lime", "random"]
    assert {cell.ratio for cell in lines[-1].cells} == {"0"}
    assert [cell.failed for cell in lines[2].cells] == [12] * 4
    assert [cell.is_best for cell in lines[0].cells] == [True, False, True, False]


def test_the_report_and_the_verdict_show_it(results):
    page = render(results)
    assert "Soft faithfulness, over random values" in page
    assert "12 undefined" in page
    assert any("Softly measured" in one.text for one in sentences(results))


def test_a_run_without_it_says_nothing_of_it(plain):
    assert soft.lines(plain) == []
    assert soft.sentences(plain) == []
    assert "Soft faithfulness" not in render(plain)


def test_too_few_rows_name_no_leader(tmp_path):
    few = with_soft(write_run(tmp_path / "run", rows=10), tmp_path)
    assert soft.sentences(few) == []
    assert soft.lines(few)
