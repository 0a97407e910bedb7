"""Whether the importances tell one story: correlations of scipy, draws, words, the same numbers."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import stats

from tests.reports.fixtures import write_run
from xai.reports import importances
from xai.reports.bundle import write_bundle


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    methods = ("shapley", "occlusion", "random", "permutation", "builtin")
    return write_run(tmp_path_factory.mktemp("run"), methods=methods)


def test_each_pair_is_correlated_as_scipy_does(results):
    pairs = {(pair["a"], pair["b"]): pair for pair in importances.compare(results)}
    assert set(pairs) == {
        ("shapley", "permutation"), ("shapley", "builtin:gain"), ("shapley", "builtin:split count"),
        ("permutation", "builtin:gain"), ("permutation", "builtin:split count"),
        ("builtin:gain", "builtin:split count"),
    }  # fmt: skip
    mean = np.abs(results.method("shapley").values.astype(float)).mean(axis=0)
    other = next(row for row in results.importance if row.method == "permutation").values
    found = pairs["shapley", "permutation"]
    assert found["kendall"]["value"] == pytest.approx(stats.kendalltau(mean, other)[0])
    assert found["spearman"]["value"] == pytest.approx(stats.spearmanr(mean, other)[0])
    assert found["pearson"]["value"] == pytest.approx(stats.pearsonr(mean, other)[0])
    assert found["kendall"]["low"] <= found["kendall"]["value"] <= found["kendall"]["high"]


def test_two_numbers_of_the_model_file_have_no_interval(results):
    pair = next(p for p in importances.compare(results) if p["a"] == "builtin:gain")
    assert pair["kendall"]["low"] == pair["kendall"]["high"] == pair["kendall"]["value"] == 1.0
    assert importances.cell(pair["kendall"]) == "1.00"


def test_noise_gives_a_wide_interval():
    draw = np.random.default_rng(0)
    from xai.analyses import rankings

    rows = np.abs(draw.normal(size=(12, 10)))
    draws = rankings.means_of(rows, rankings.drawn(12, 0))
    other = draw.random(10)
    found = rankings.bounded(
        (rows.mean(axis=0), other), (draws, np.broadcast_to(other, draws.shape))
    )
    assert found["kendall"]["high"] - found["kendall"]["low"] > 0.3


def test_the_sentence_has_the_numbers_and_warns_of_split_counts(results):
    (said,) = importances.sentences(results)
    pair = importances.compare(results)[0]
    assert f"{pair['kendall']['value']:.2f}" in said.text
    assert "Permutation importance" in said.text
    assert "favours many values" in said.text
    assert (said.page, said.query) == ("global", "#stories")


def test_without_another_importance_nothing_is_said(tmp_path):
    alone = write_run(tmp_path, methods=("shapley", "random"))
    assert importances.compare(alone) == []
    assert importances.sentences(alone) == []
    assert not importances.written(alone)


def test_bundle_and_report_hold_the_same_numbers(results, tmp_path):
    write_bundle(results, tmp_path / "out")
    pairs = json.loads((tmp_path / "out" / "importances.json").read_text())
    assert pairs == importances.compare(results)
    report = (tmp_path / "out" / "report.html").read_text()
    assert importances.cell(pairs[0]["kendall"]) in report
