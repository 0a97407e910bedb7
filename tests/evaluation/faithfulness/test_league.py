"""Decisions: by planted truths, and by the rule read literally."""

from __future__ import annotations

import json

import numpy as np
import pyarrow.parquet as pq
import pytest
from scipy import stats

from tests.evaluation.faithfulness.toy import Linear
from xai.evaluation.faithfulness.catalogue import CATALOGUE, Baseline
from xai.evaluation.faithfulness.contest import Contestant, Field, contest
from xai.evaluation.faithfulness.files import as_json, write
from xai.evaluation.faithfulness.league import Decision, Measured, agree_on, decide

BASELINES = (Baseline("mean", "Mean", "…"), Baseline("zero", "Zero", "…"))


def planted(n=40, d=10, seed=0, bias=(0.0, 0.3)):
    """Play a linear model: the truth, its copy, a noisy method with two seeds, a shuffled one."""
    draw = np.random.default_rng(seed)
    weights = draw.standard_normal((n, d))
    noise = draw.standard_normal((2, n, d))
    methods = {
        "shapley": weights, "copy": weights, "noisy": weights + noise[0],
        "self:noisy": weights + noise[1], "shuffled": draw.permuted(weights, axis=1),
    }  # fmt: skip
    found = []
    for shift in bias:
        score = Linear(weights + shift)
        field = Field(score, np.full(n, d), np.arange(n), seed=seed)
        found.append(contest(field, [Contestant(s, list(v)) for s, v in methods.items()]))
    return Measured(
        np.arange(n) * 2, found[0].slugs, tuple(b.slug for b in BASELINES),
        *(np.stack([getattr(f, name) for f in found], axis=1)
          for name in ("scores", "deletion", "insertion")),
    )  # fmt: skip


@pytest.fixture(scope="module")
def measured():
    return planted()


@pytest.fixture(scope="module")
def summary(measured):
    return as_json(measured, BASELINES)


def robust(summary, a, b, measure="gap"):
    (row,) = (r for r in summary["robust"] if (r["a"], r["b"], r["measure"]) == (a, b, measure))
    return row


@pytest.mark.parametrize("measure", ["gap", "deletion", "insertion", "comprehensiveness"])
def test_the_truth_is_robustly_better_than_a_random_order(summary, measure):
    row = robust(summary, "shapley", "random", measure)
    assert (row["verdict"], row["winner"]) == ("robust", "shapley")


def test_a_shuffled_attribution_is_not_better_than_a_random_order(summary):
    assert robust(summary, "shuffled", "random")["winner"] == ""


def test_two_identical_methods_are_never_called_different(summary):
    row = robust(summary, "shapley", "copy")
    assert (row["verdict"], row["winner"]) == ("none", "")
    pairs = [p for p in summary["pairs"] if (p["a"], p["b"]) == ("shapley", "copy")]
    assert {(p["difference"], p["p"], p["verdict"]) for p in pairs} == {(0.0, 1.0, "none")}


def test_another_seed_is_no_method(summary):
    assert summary["methods"] == ["shapley", "copy", "noisy", "shuffled"]
    assert summary["references"] == ["self:noisy", "random", "leave-one-out"]
    assert not [p for p in summary["pairs"] if p["b"] == "leave-one-out"]


def test_a_difference_within_the_noise_of_a_seed_is_none(measured):
    (decision,) = (d for d in decide(measured, "gap", "mean") if (d.a, d.b) == ("noisy", "random"))
    assert decision.noise > 0
    loud = measured.scores.copy()
    at = measured.contestants.index("self:noisy")
    loud[:, :, at, list(CATALOGUE).index("gap")] -= 100
    changed = Measured(
        measured.samples, measured.contestants, measured.baselines, loud,
        measured.deletion, measured.insertion,
    )  # fmt: skip
    (again,) = (d for d in decide(changed, "gap", "mean") if (d.a, d.b) == ("noisy", "random"))
    assert (decision.winner, again.winner) == ("noisy", "")


def test_p_is_scipys_corrected_over_all_pairs(measured):
    decisions = decide(measured, "gap", "mean")
    expected = []
    for d in decisions:
        x, y = (measured.of(slug, "gap", "mean") for slug in (d.a, d.b))
        expected.append(stats.wilcoxon(x - y).pvalue if np.abs(x - y).max() > 1e-12 else 1.0)
    adjusted = stats.false_discovery_control(expected)
    np.testing.assert_allclose([d.adjusted for d in decisions], adjusted, atol=1e-9)


def test_fewer_than_twenty_samples_decide_nothing():
    found = as_json(planted(n=19), BASELINES)
    assert {p["verdict"] for p in found["pairs"]} == {"few"}
    assert {r["verdict"] for r in found["robust"]} == {"few"}
    assert {p["p"] for p in found["pairs"]} == {None}


@pytest.mark.parametrize(
    ("winners", "verdict", "winner"),
    [
        (("a", "a", "a"), "robust", "a"),
        (("a", "a", ""), "partly", ""),
        (("a", "", "b"), "opposite", ""),
        (("", "", ""), "none", ""),
    ],
)
def test_robust_means_under_every_baseline(winners, verdict, winner):
    decisions = [
        Decision("a", "b", "gap", f"base {i}", 0.1, 0.0, 0.2, 30, p=0.01, winner=won)
        for i, won in enumerate(winners)
    ]
    (found,) = agree_on(decisions)
    assert (found.verdict, found.winner) == (verdict, winner)
    assert found.better_under["a"] == [f"base {i}" for i, won in enumerate(winners) if won == "a"]


def test_the_league_is_the_mean_over_samples(measured, summary):
    (row,) = (
        r for r in summary["league"]
        if (r["method"], r["measure"], r["baseline"]) == ("noisy", "gap", "zero")
    )  # fmt: skip
    assert row["mean"] == pytest.approx(measured.of("noisy", "gap", "zero").mean(), rel=1e-6)
    assert row["low"] < row["mean"] < row["high"]
    assert (row["samples"], row["undefined"]) == (40, 0)


def test_curves_begin_and_end_alike_for_all(summary):
    curves = [c for c in summary["curves"] if c["baseline"] == "mean"]
    assert {c["method"] for c in curves} == {
        "shapley", "copy", "noisy", "shuffled", "random", "leave-one-out",
    }  # fmt: skip
    for end in (0, -1):
        assert len({round(c["deletion"][end], 6) for c in curves}) == 1
        assert curves[0]["deletion"][end] == pytest.approx(curves[0]["insertion"][-1 - end])


def test_the_files_hold_every_value_and_the_summary(measured, summary, tmp_path):
    write(measured, BASELINES, {"skipped": {}}, tmp_path)
    table = pq.read_table(tmp_path / "faithfulness.parquet")
    assert table.column_names == ["method", "baseline", "measure", "sample", "value"]
    rows = table.to_pylist()
    known = [
        r["value"] for r in rows
        if (r["method"], r["baseline"], r["measure"]) == ("shapley", "mean", "gap")
    ]  # fmt: skip
    np.testing.assert_allclose(known, measured.of("shapley", "gap", "mean"))
    assert {r["sample"] for r in rows} == set(range(0, 80, 2))
    text = json.loads((tmp_path / "faithfulness.json").read_text())
    assert text == json.loads(json.dumps(summary | {"skipped": {}}))
