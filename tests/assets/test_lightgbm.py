"""LightGBM models: our path against the library's own, and spoiled files refused early."""

from __future__ import annotations

import lightgbm
import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes, load_iris

from tests.assets.frames import encoded
from tests.shared import FOLDER, needs_shared
from xai.assets.models import load_model
from xai.errors import RefusedFile


def frame(rows=300, seed=0):
    draw = np.random.default_rng(seed)
    data = pd.DataFrame(
        {
            "the age": draw.integers(18, 80, rows),
            "job": pd.Categorical(draw.choice(["clerk", "farmer", "nurse"], rows)),
            "size": pd.Categorical(draw.choice(["s", "m", "l"], rows), ["s", "m", "l"], True),
            "rank": pd.Categorical(draw.choice([10, 20, 50], rows)),
            "owner": draw.choice(["True", "False"], rows),
            "new": draw.random(rows) > 0.5,
            "income": draw.normal(size=rows),
        }
    )
    data["owner"] = data.owner.astype("category")
    data.loc[::7, "income"] = np.nan
    data.loc[::9, "job"] = np.nan
    label = (data["the age"] > 40) ^ (data.job == "nurse") ^ (data.owner == "True")
    return data, label.astype(int)


def train(objective, data, label, rounds=8, **params):
    table = lightgbm.Dataset(data, label)
    return lightgbm.train({"objective": objective, "verbosity": -1, **params}, table, rounds)


def saved(tmp_path, booster):
    path = tmp_path / "model.txt"
    path.write_text(booster.model_to_string())
    return load_model(path, "lightgbm")


@pytest.fixture(scope="module")
def mixed(tmp_path_factory):
    data, label = frame()
    booster = train("binary", data, label, cat_smooth=1, min_data_per_group=5)
    return booster, saved(tmp_path_factory.mktemp("lgbm"), booster)


def test_margins_of_a_mixed_frame_are_the_librarys_own(mixed):
    booster, model = mixed
    data, _ = frame()
    columns, matrix = encoded(data)
    bound = model.bind(columns)
    np.testing.assert_allclose(bound.outputs(matrix)[:, 1], booster.predict(data, raw_score=True))
    np.testing.assert_allclose(bound.probabilities(matrix)[:, 1], booster.predict(data))


def test_categories_belong_to_their_features_ordered_ones_too(mixed):
    facts = mixed[1].facts
    by_name = {feature.name: feature for feature in facts.features}
    assert by_name["job"].categories == ("clerk", "farmer", "nurse")
    assert by_name["size"].categories == ("s", "m", "l")
    assert by_name["rank"].categories == ("10", "20", "50")
    assert by_name["new"].kind == by_name["the_age"].kind == "number"


def test_booleans_trained_as_words_are_met_by_booleans(mixed):
    booster, model = mixed
    data, _ = frame()
    columns, matrix = encoded(data.assign(owner=data.owner == "True"))
    assert columns[4].kind == "boolean"
    expected = booster.predict(data, raw_score=True)
    np.testing.assert_allclose(model.bind(columns).outputs(matrix)[:, 1], expected)


def test_unseen_words_count_as_missing_as_in_the_library(mixed):
    booster, model = mixed
    data, _ = frame()
    data["job"] = data.job.astype("object").where(data.job != "nurse", "pilot")
    columns, matrix = encoded(data)
    expected = booster.predict(data.assign(job=data.job.astype("category")), raw_score=True)
    bound = model.bind(columns)
    np.testing.assert_allclose(bound.outputs(matrix)[:, 1], expected)
    assert "pilot" in bound.notes[0]


@pytest.mark.parametrize("target", [0, 1])
def test_contributions_add_up_to_the_margin_of_the_target(mixed, target):
    columns, matrix = encoded(frame()[0])
    bound = mixed[1].bind(columns)
    found = bound.contributions(matrix, np.full(len(matrix), target))
    np.testing.assert_allclose(
        found.values.sum(1) + found.base, bound.outputs(matrix)[:, target], atol=1e-8
    )


@pytest.mark.parametrize("objective", ["multiclass", "multiclassova"])
def test_many_classes_have_one_margin_each(tmp_path, objective):
    x, y = load_iris(return_X_y=True)
    booster = train(objective, x, y, num_class=3)
    model = saved(tmp_path, booster)
    bound = model.bind(encoded(pd.DataFrame(x))[0])
    margin = booster.predict(x, raw_score=True)
    np.testing.assert_allclose(bound.outputs(x), margin)
    np.testing.assert_allclose(bound.probabilities(x), booster.predict(x))
    targets = np.arange(150) % 3
    found = bound.contributions(x, targets)
    picked = margin[np.arange(150), targets]
    np.testing.assert_allclose(found.values.sum(1) + found.base, picked, atol=1e-8)
    assert not model.facts.has_names


@pytest.mark.parametrize(
    ("objective", "unit"), [("regression", "value"), ("poisson", "margin"), ("huber", "value")]
)
def test_regressions_say_their_unit(tmp_path, objective, unit):
    x, y = load_diabetes(return_X_y=True)
    booster = train(objective, x, y)
    model = saved(tmp_path, booster)
    bound = model.bind(encoded(pd.DataFrame(x))[0])
    np.testing.assert_allclose(bound.outputs(x)[:, 0], booster.predict(x, raw_score=True))
    np.testing.assert_allclose(bound.values(x), booster.predict(x))
    assert model.facts.output == unit
    assert bool(model.facts.notes) == (unit == "margin")


def test_a_steeper_sigmoid_still_gives_log_odds(tmp_path):
    data, label = frame()
    booster = train("binary", data, label, sigmoid=2.0)
    columns, matrix = encoded(data)
    bound = saved(tmp_path, booster).bind(columns)
    share = booster.predict(data)
    np.testing.assert_allclose(bound.outputs(matrix)[:, 1], np.log(share / (1 - share)))


def test_linear_leaves_offer_no_contributions(tmp_path):
    x, y = load_diabetes(return_X_y=True)
    booster = train("regression", x, y, linear_tree=True)
    model = saved(tmp_path, booster)
    bound = model.bind(encoded(pd.DataFrame(x))[0])
    np.testing.assert_allclose(bound.outputs(x)[:, 0], booster.predict(x))
    assert "trees" not in model.facts.capabilities
    assert "linear leaves" in model.facts.notes[0]


def test_gain_and_splits_are_the_files(mixed):
    booster, model = mixed
    columns, matrix = encoded(frame()[0])
    gain, splits = model.bind(columns).builtin(matrix)
    assert gain.values.tolist() == booster.feature_importance("gain").tolist()
    assert splits.values.sum() == booster.feature_importance("split").sum()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("left_child=1", "left_child=0", "circle|do not exist|pairs"),
        ("left_child=1", "left_child=900", "left_child"),
        ("num_leaves=", "num_leaves=9", "entries"),
        ("split_feature=", "split_feature=99", "split_feature"),
        ("leaf_value=", "leaf_value=1 ", "leaf_value|tree_sizes"),
        ("cat_boundaries=0", "cat_boundaries=1", "cat_boundaries"),
        ("max_feature_idx=", "max_feature_idx=9", "names 7 features"),
        ("tree_sizes=", "tree_sizes=9", "tree_sizes"),
    ],
)
def test_a_spoiled_file_is_refused(tmp_path, mixed, old, new, words):
    text = mixed[0].model_to_string()
    head, tree = text.split("\nTree=0\n", 1)
    sizes = head.rsplit("tree_sizes=", 1)[1].split("\n")[0].split()
    spoiled = f"{head}\nTree=0\n{tree}".replace(old, new, 1)
    grown = int(sizes[0]) + len(spoiled) - len(text)
    if old in tree.split("\nTree=1\n")[0] and not old.startswith("tree_sizes"):
        spoiled = spoiled.replace(f"tree_sizes={sizes[0]}", f"tree_sizes={grown}", 1)
    (tmp_path / "model.txt").write_text(spoiled)
    with pytest.raises(RefusedFile, match=words):
        load_model(tmp_path / "model.txt", "lightgbm")


def test_windows_line_ends_are_read(tmp_path, mixed):
    (tmp_path / "model.txt").write_bytes(mixed[0].model_to_string().replace("\n", "\r\n").encode())
    assert load_model(tmp_path / "model.txt", "lightgbm").facts.trees == 8


@needs_shared
def test_the_file_that_aborts_a_process_is_refused():
    with pytest.raises(RefusedFile, match="damaged"):
        load_model(FOLDER / "hostile" / "lgbm_bad.txt", "lightgbm")


@needs_shared
@pytest.mark.parametrize(
    ("model", "data", "label", "positive", "accuracy"),
    [
        ("adult_lgbm.txt", "adult_test.parquet", "income", ">50K", 0.870),
        ("heart_lgbm.txt", "heart_test.csv", "disease", 1, 0.855),
    ],
)
def test_the_real_models_reach_their_accuracy(model, data, label, positive, accuracy):
    path = FOLDER / "tabular" / data
    table = pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path)
    loaded = load_model(FOLDER / "models" / model, "lightgbm")
    columns, matrix = encoded(table[[feature.name for feature in loaded.facts.features]])
    hits = (loaded.bind(columns).outputs(matrix)[:, 1] > 0) == (table[label] == positive)
    assert hits.mean() == pytest.approx(accuracy, abs=5e-4)


@needs_shared
def test_the_real_model_trained_on_truth_as_words_reaches_its_accuracy():
    table = pd.read_csv(FOLDER / "tabular" / "sydney_incidents_SYNTHETIC.csv")[2200:]
    table.columns = table.columns.str.strip()
    loaded = load_model(FOLDER / "models" / "sydney_synth_lgbm_over30min.txt", "lightgbm")
    columns, matrix = encoded(table[[feature.name for feature in loaded.facts.features]])
    hits = (loaded.bind(columns).outputs(matrix)[:, 1] > 0) == (table.Duration_in_Minutes > 30)
    assert hits.mean() == pytest.approx(0.634, abs=2e-3)
