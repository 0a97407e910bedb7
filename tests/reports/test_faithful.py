"""The verdict on faithfulness in words: nothing is claimed that the table does not hold."""

from __future__ import annotations

import json
import re
import shutil

import pyarrow.parquet as pq
import pytest

from tests.reports.fixtures import write_run
from xai.reports.bundle import write_bundle
from xai.reports.distrust import distrust
from xai.reports.faithful import baseline_dependence, faithfulness
from xai.reports.html import render
from xai.reports.results import Results


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return write_run(tmp_path_factory.mktemp("run"), rows=40)


@pytest.fixture
def changed(results, tmp_path):
    """Return a maker of the same results with another summary."""

    def make(**changes):
        folder = tmp_path / "faithfulness"
        shutil.copytree(results.folders["faithfulness"], folder)
        (folder / "faithfulness.json").write_text(json.dumps(results.faithfulness | changes))
        return Results.gather(results.manifest, results.folders | {"faithfulness": folder})

    return make


def said(results):
    found = (*faithfulness(results), *distrust(results), *baseline_dependence(results))
    return " ".join(sentence.text for sentence in found)


def decided(results, **verdicts):
    """Return the decisions by gap with these against a random order: winner, baselines."""
    found = []
    for row in results.faithfulness["robust"]:
        if row["b"] == "random" and row["measure"] == "gap":
            winner, own, random = verdicts.get(row["a"], ("", [], []))
            better = {row["a"]: own, "random": random}
            found.append(row | {"winner": winner, "verdict": "x", "better_under": better})
    return found


def test_the_best_is_named_with_its_number_and_its_control(results):
    text = faithfulness(results)[0].text
    row = next(
        r for r in results.faithfulness["league"]
        if (r["method"], r["measure"], r["baseline"]) == ("shapley", "gap", "rows")
    )  # fmt: skip
    assert f"Shapley values reaches the highest mean, {row['mean']:.2f}" in text
    assert "a random order reaches 0 on average" in text


def test_methods_beyond_chance_are_those_of_the_table(results):
    robust = {
        results.title(r["a"])
        for r in results.faithfulness["robust"]
        if r["b"] == "random" and r["measure"] == "gap" and r["winner"] == r["a"]
    }
    (text,) = (s.text for s in faithfulness(results) if "Significantly more faithful" in s.text)
    assert all(title in text for title in robust)
    assert "under all 2 baselines" in text


def test_without_a_decision_nothing_is_significant(changed, results):
    text = said(changed(robust=decided(results)))
    assert "Significantly" not in text
    assert "Distrust" in text
    assert "under none of the 2 baselines" in text


def test_worse_than_chance_is_said(changed, results):
    verdicts = {"lime": ("random", [], ["rows", "mean"])}
    text = said(changed(robust=decided(results, **verdicts)))
    assert "Distrust LIME here: significantly less faithful than a random order" in text


def test_partly_better_is_no_more_than_that(changed, results):
    text = said(changed(robust=decided(results, lime=("", ["rows"], []))))
    assert "under some baselines only: LIME (1 of 2)" in text


def test_what_depends_on_the_baseline_is_not_ranked(changed, results):
    row = {
        "a": "shapley", "b": "lime", "measure": "gap", "winner": "", "verdict": "opposite",
        "better_under": {"shapley": ["rows"], "lime": ["mean"]},
    }  # fmt: skip
    text = said(changed(robust=[row]))
    assert "Do not rank Shapley values and LIME" in text


def test_few_rows_are_said_and_nothing_else(tmp_path):
    text = said(write_run(tmp_path, rows=12))
    assert "12 rows" in text
    assert "at least 20" in text
    assert "ignificant" not in text


def drawn_anew(results, random=0.2, **methods):
    """Return a league with these likenesses after randomisation, in an interval of ±0.05."""
    rows = [
        {"method": slug, "measure": "randomisation", "baseline": "rows", "mean": mean,
         "low": mean - 0.05, "high": mean + 0.05, "samples": 8, "undefined": 32}
        for slug, mean in (methods | {"random": random}).items()
    ]  # fmt: skip
    return results.faithfulness["league"] + rows


def test_what_stays_without_the_knowledge_of_the_model_fails_randomisation(changed, results):
    text = said(changed(league=drawn_anew(results, lime=0.8, shapley=0.22, occlusion=0.4)))
    assert "Distrust LIME here: it fails randomisation." in text
    assert "Spearman's ρ 0.80 (95 % interval 0.75 to 0.85, 8 rows), two random orders 0.20" in text
    assert "Occlusion keeps part of its order when the model has new weights" in text
    assert "the order of strength of Shapley values (0.22) is then no more like" in text


def test_nothing_is_said_of_randomisation_where_it_was_not_tried(results):
    assert "randomisation" not in said(results)
    assert "new weights" not in said(results)


def test_no_sentence_without_its_number(results):
    for sentence in faithfulness(results):
        assert re.search(r"\d", sentence.text), sentence.text
        assert (sentence.page, sentence.topic) == ("faithfulness", "faithfulness")


def test_a_run_that_was_not_measured_says_so(tmp_path):
    results = write_run(tmp_path, rows=30, measured=False)
    assert faithfulness(results) == []
    assert "Faithfulness is not measured here (0 of 4 tested)" in render(results)


def test_report_page_and_bundle_hold_the_same_numbers(results, tmp_path):
    write_bundle(results, tmp_path / "out")
    summary = json.loads((tmp_path / "out/faithfulness.json").read_text())
    assert summary == results.faithfulness
    table = pq.read_table(tmp_path / "out/faithfulness.parquet").to_pylist()
    report = (tmp_path / "out/report.html").read_text()
    for slug in summary["methods"]:
        row = next(
            r for r in summary["league"]
            if (r["method"], r["measure"], r["baseline"]) == (slug, "gap", "rows")
        )  # fmt: skip
        values = [
            r["value"] for r in table
            if (r["method"], r["measure"], r["baseline"]) == (slug, "gap", "rows")
        ]  # fmt: skip
        assert sum(values) / len(values) == pytest.approx(row["mean"], rel=1e-6)
        assert f">{row['mean']:.2f}<" in report
