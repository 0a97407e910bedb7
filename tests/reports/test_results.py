"""Results as pages read them."""

from __future__ import annotations

import time

import numpy as np
import pytest

from tests.reports.fixtures import METHODS, NAMES, write_run
from xai.reports import reading
from xai.reports.results import Results


def test_methods_come_in_the_order_of_the_recipe(results):
    shuffled = Results.gather(results.manifest, dict(reversed(results.folders.items())))
    assert [method.slug for method in shuffled.methods] == list(METHODS)


def test_the_second_seed_is_no_method_of_its_own(results):
    assert "self:lime" not in [method.slug for method in results.methods]
    assert [m.slug for m in results.local_methods(with_self=True)][-1] == "self:lime"
    assert results.title("self:lime") == "LIME, another seed"


def test_a_local_method_holds_its_arrays(results):
    lime = results.method("lime")
    assert lime.values.shape == lime.error.shape == (60, 8)
    assert lime.values.dtype == np.float32
    assert lime.base is None
    assert results.method("shapley").base.shape == (60,)
    assert set(lime.targets) == {"no", "yes"}


def test_what_was_read_cannot_be_changed_by_mistake(results):
    with pytest.raises(ValueError, match="read-only"):
        results.method("shapley").values[0, 0] = 1.0


def test_groups_keep_their_members(results):
    grouped = results.method("grouped_shapley")
    assert grouped.members[0] == (0, 1)
    assert grouped.names[0] == "age + income"


def test_a_global_method_has_importance_and_no_values(results):
    assert results.method("permutation").values.shape == (0, 8)
    (row,) = [row for row in results.importance if row.method == "permutation"]
    assert row.scope == "global"
    assert row.unit == "log-loss"
    assert (row.low < row.values).all()


def test_importance_of_a_local_method_is_the_mean_size_with_its_interval(results):
    row = results.importance[0]
    sizes = np.abs(results.method("shapley").values)
    np.testing.assert_allclose(row.values, sizes.mean(axis=0), rtol=1e-6)
    half = 1.96 * sizes.std(axis=0, ddof=1) / np.sqrt(60)
    np.testing.assert_allclose(row.high - row.values, half, rtol=1e-5)


def test_the_control_comes_last(results):
    assert results.importance[-1].method == "random"


def test_variants_of_one_method_are_rows_of_their_own(tmp_path):
    found = write_run(tmp_path, rows=5, methods=("shapley", "builtin"))
    titles = [row.title for row in found.importance if row.scope == "global"]
    assert titles == ["Built-in importance: gain", "Built-in importance: split count"]


def test_predictions_and_inputs(results):
    assert results.predictions.labels[0] is None
    assert results.predictions.correct[0] is None
    assert results.predictions.has_labels
    assert results.predictions.outputs.shape == (60, 2)
    assert results.inputs.names == NAMES
    assert results.inputs.display(0)[0] == "missing"
    assert results.inputs.category_names(7) == ["low", "<b>mid</b>", "high"]
    assert (results.unit, results.outputs, results.problem) == (
        "margin", ("no", "yes"), "classification",
    )  # fmt: skip


def test_a_sample_is_found_by_its_row_in_the_dataset(results):
    assert results.sample_index(4) == 2
    with pytest.raises(KeyError):
        results.sample_index(5)


def test_a_run_without_agreement_says_so(tmp_path):
    assert write_run(tmp_path, rows=5, methods=("shapley",)).agreement is None


def test_the_consensus_on_one_row_is_over_features(results):
    names, found = results.consensus_of(3)
    assert names == NAMES
    assert found.points.shape == (1, 8)
    assert len(found.places) == 3  # the groups and the control have no vote


def test_notes_are_said_once(results):
    assert results.warnings == [
        "1 of 120 values of age is missing.",
        "Column truth is not used by the model.",
    ]


def test_ten_thousand_explanations_are_read_in_no_time(tmp_path):
    names = tuple(f"feature {i}" for i in range(30))
    found = write_run(tmp_path, rows=10_000, names=names, methods=("shapley",))
    best = min(_seconds_to_read(found) for _ in range(5))
    assert best < 0.06


def _seconds_to_read(found):
    reading._explanations.cache_clear()
    began = time.perf_counter()
    assert found.method("shapley").values.shape == (10_000, 30)
    return time.perf_counter() - began
