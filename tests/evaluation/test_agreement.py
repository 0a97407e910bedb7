"""Agreement as a whole: who is compared with whom, on which units, with which references."""

from __future__ import annotations

import json

import numpy as np
import pyarrow.parquet as pq
import pytest
from scipy import stats

from xai.errors import ShapeMismatch
from xai.evaluation.agreement import Ranked, agree
from xai.evaluation.catalogue import CATALOGUE
from xai.evaluation.files import as_json, write_agreement

NAMES = tuple("abcdefgh")
SAMPLES = np.arange(40) * 3


def drawn(seed, *, n=40, u=8, noise=1.0):
    signal = np.random.default_rng(0).standard_normal((n, u)) * np.arange(1, u + 1)
    return signal + noise * np.random.default_rng(seed).standard_normal((n, u))


@pytest.fixture
def methods():
    return {
        "shapley": Ranked(NAMES, drawn(1), family="Shapley"),
        "lime": Ranked(NAMES, drawn(2), family="Surrogate", is_stochastic=True),
        "self:lime": Ranked(NAMES, drawn(3)[:10], samples=SAMPLES[:10]),
        "random": Ranked(NAMES, drawn(9, noise=99.0), family="Control", is_stochastic=True),
    }


def pair(summary, measure, a, b):
    (row,) = (
        row for row in summary["pairs"] if (row["measure"], row["a"], row["b"]) == (measure, a, b)
    )
    return row


def test_the_control_is_a_reference_and_not_a_voter(methods):
    found = as_json(agree(methods, SAMPLES, 0))
    assert found["methods"] == ["shapley", "lime"]
    assert found["w"]["methods"] == ["shapley", "lime"]
    assert pair(found, "kendall", "random", "lime")["samples"] == 40


def test_a_random_order_is_drawn_when_no_control_was_chosen(methods):
    del methods["random"]
    row = pair(as_json(agree(methods, SAMPLES, 0)), "kendall", "random", "shapley")
    assert abs(row["mean"]) < 0.15
    assert row["low"] < row["mean"] < row["high"]


def test_mean_is_scipys_mean_over_samples(methods):
    row = pair(as_json(agree(methods, SAMPLES, 0)), "kendall", "shapley", "lime")
    x, y = methods["shapley"].values, methods["lime"].values
    taus = [stats.kendalltau(abs(a), abs(b)).statistic for a, b in zip(x, y, strict=True)]
    assert row["mean"] == pytest.approx(np.mean(taus), abs=1e-6)
    half = 1.96 * np.std(taus) / np.sqrt(40)
    assert row["high"] - row["low"] == pytest.approx(2 * half, rel=0.2)


def test_a_method_without_randomness_agrees_with_itself_by_construction(methods):
    row = pair(as_json(agree(methods, SAMPLES, 0)), "kendall", "shapley", "self:shapley")
    assert (row["mean"], row["deterministic"]) == (1.0, True)


def test_another_seed_is_compared_on_the_rows_that_it_has(methods):
    row = pair(as_json(agree(methods, SAMPLES, 0)), "kendall", "lime", "self:lime")
    assert (row["samples"], row["undefined"], row["deterministic"]) == (10, 0, False)
    assert 0.2 < row["mean"] < 1.0


def test_a_random_method_without_its_second_seed_has_no_row_of_its_own(methods):
    del methods["self:lime"]
    found = as_json(agree(methods, SAMPLES, 0))
    assert not [row for row in found["pairs"] if row["b"] == "self:lime"]


def test_groups_are_compared_over_sums(methods):
    members = ((0, 3), (1,), (2, 4, 5), (6, 7))
    sums = np.stack([drawn(1)[:, list(group)].sum(axis=1) for group in members], axis=1)
    methods["grouped"] = Ranked(("ad", "b", "cef", "gh"), sums, members, family="Shapley")
    found = as_json(agree(methods, SAMPLES, 0))
    assert pair(found, "kendall", "shapley", "grouped")["mean"] == pytest.approx(1.0)
    assert pair(found, "kendall", "lime", "grouped")["mean"] < 1.0
    assert found["w"]["methods"] == ["shapley", "lime"]


def test_one_method_by_feature_and_one_by_group_vote_over_groups():
    values = drawn(1, u=3)
    grouped = Ranked(("a + b", "c"), values[:, [0, 2]], ((0, 1), (2,)))
    found = agree({"x": Ranked(tuple("abc"), values), "y": grouped}, SAMPLES, 0)
    assert found.units == ("a + b", "c")
    assert found.voters == ("x", "y")


def test_groups_that_cross_are_joined():
    values = drawn(1, u=2)
    first = Ranked(("ab", "c"), values, ((0, 1), (2,)))
    second = Ranked(("a", "bc"), values, ((0,), (1, 2)))
    summary = as_json(agree({"x": first, "y": second}, SAMPLES, 0))
    row = pair(summary, "kendall", "x", "y")
    assert (row["mean"], row["undefined"]) == (None, 40)


def test_undefined_samples_are_counted_and_not_taken_as_zero(methods):
    methods["lime"].values[:5] = 0.0
    row = pair(as_json(agree(methods, SAMPLES, 0)), "kendall", "shapley", "lime")
    assert (row["samples"], row["undefined"]) == (35, 5)
    assert row["mean"] > 0.3


def test_samples_go_from_most_to_least_disputed(methods):
    found = as_json(agree(methods, SAMPLES, 0))
    concordances = [row["w"] for row in found["samples"]]
    assert concordances == sorted(concordances)
    assert sorted(row["sample"] for row in found["samples"]) == list(SAMPLES)


def test_the_same_seed_gives_the_same_answer(methods):
    assert as_json(agree(methods, SAMPLES, 4)) == as_json(agree(methods, SAMPLES, 4))


def test_one_method_alone_still_has_its_references():
    found = as_json(agree({"shapley": Ranked(NAMES, drawn(1))}, SAMPLES, 0))
    assert {(row["a"], row["b"]) for row in found["pairs"]} == {
        ("random", "shapley"),
        ("shapley", "self:shapley"),
    }
    assert found["w"]["mean"] is None


def test_one_sample_has_no_interval(methods):
    one = {
        s: Ranked(NAMES, r.values[:1], family=r.family) for s, r in methods.items() if ":" not in s
    }
    row = pair(as_json(agree(one, SAMPLES[:1], 0)), "kendall", "shapley", "lime")
    assert (row["low"], row["high"]) == (None, None)


def test_no_method_at_all_is_an_empty_answer(tmp_path):
    write_agreement(agree({}, SAMPLES, 0), tmp_path)
    assert json.loads((tmp_path / "agreement.json").read_text())["pairs"] == []


def test_values_that_do_not_fit_are_refused():
    with pytest.raises(ShapeMismatch, match="lime has values of shape"):
        agree({"lime": Ranked(NAMES, drawn(1)[:3])}, SAMPLES, 0)


def test_the_files_hold_every_value_and_the_summary(methods, tmp_path):
    write_agreement(agree(methods, SAMPLES, 0), tmp_path)
    table = pq.read_table(tmp_path / "agreement.parquet")
    assert [(f.name, str(f.type)) for f in table.schema] == [
        ("measure", "string"), ("a", "string"), ("b", "string"),
        ("sample", "int64"), ("value", "double"),
    ]  # fmt: skip
    assert len(table) == len(CATALOGUE) * (40 * 3 + 10)
    rows = table.to_pylist()
    taus = [
        r["value"] for r in rows if (r["measure"], r["a"], r["b"]) == ("kendall", "shapley", "lime")
    ]
    summary = json.loads((tmp_path / "agreement.json").read_text())
    assert pair(summary, "kendall", "shapley", "lime")["mean"] == pytest.approx(np.mean(taus))
