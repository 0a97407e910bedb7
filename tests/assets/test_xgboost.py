"""XGBoost models: our path against the library's own, on the frame it was trained with."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import xgboost
from sklearn.datasets import load_diabetes, load_iris

from tests.assets.frames import encoded
from tests.shared import FOLDER, needs_shared
from xai.assets.models import load_model
from xai.errors import RefusedFile


def frame(rows=200, seed=0):
    draw = np.random.default_rng(seed)
    data = pd.DataFrame(
        {
            "age": draw.integers(18, 80, rows),
            "job": pd.Categorical(draw.choice(["clerk", "farmer", "nurse"], rows)),
            "rank": pd.Categorical(draw.choice([10, 20, 50], rows)),
            "owner": draw.random(rows) > 0.5,
            "income": draw.normal(size=rows),
        }
    )
    data.loc[::7, "income"] = np.nan
    data.loc[::9, "job"] = np.nan
    label = ((data.age > 40) ^ (data.job == "nurse") ^ (data["rank"] == 20)).astype(int)
    return data, label


@pytest.fixture(scope="module")
def mixed(tmp_path_factory):
    data, label = frame()
    model = xgboost.XGBClassifier(n_estimators=12, max_depth=3, enable_categorical=True)
    model.fit(data, label)
    path = tmp_path_factory.mktemp("xgb") / "mixed.ubj"
    model.save_model(path)
    return model, path


def saved(tmp_path, booster, name="model.json"):
    booster.save_model(tmp_path / name)
    return load_model(tmp_path / name, "xgboost-" + name.rsplit(".", 1)[1])


def train(objective, x, y, rounds=6, **params):
    return xgboost.train({"objective": objective, **params}, xgboost.DMatrix(x, y), rounds)


def test_margins_of_a_mixed_frame_are_the_librarys_own(mixed):
    model, path = mixed
    data, _ = frame()
    columns, matrix = encoded(data)
    bound = load_model(path, "xgboost-ubj").bind(columns)
    expected = model.predict(data, output_margin=True)
    np.testing.assert_allclose(bound.outputs(matrix)[:, 1], expected, atol=1e-6)
    np.testing.assert_allclose(bound.outputs(matrix)[:, 0], -expected, atol=1e-6)
    np.testing.assert_allclose(bound.probabilities(matrix), model.predict_proba(data), atol=1e-6)


def test_the_file_names_its_categories(mixed):
    facts = load_model(mixed[1], "xgboost-ubj").facts
    by_name = {feature.name: feature for feature in facts.features}
    assert by_name["job"].categories == ("clerk", "farmer", "nurse")
    assert by_name["rank"].categories == ("10", "20", "50")
    assert by_name["age"].kind == "number"
    assert facts.architecture == "XGBoost classifier, 12 trees, depth 3"
    assert json.dumps(facts.as_json())


def test_codes_of_another_dataset_are_mapped_by_word(mixed):
    model, path = mixed
    data, _ = frame()
    data = data[data.job != "clerk"].copy()
    expected = model.predict(data, output_margin=True)
    data["job"] = data.job.astype("object")
    columns, matrix = encoded(data)
    bound = load_model(path, "xgboost-ubj").bind(columns)
    np.testing.assert_allclose(bound.outputs(matrix)[:, 1], expected, atol=1e-6)


def test_an_unseen_word_counts_as_missing_and_is_said(mixed):
    model, path = mixed
    data, _ = frame()
    unknown = data.assign(job=data.job.astype("object").where(data.job != "nurse", "pilot"))
    missing = data.assign(job=data.job.where(data.job != "nurse"))
    columns, matrix = encoded(unknown)
    bound = load_model(path, "xgboost-ubj").bind(columns)
    expected = model.predict(missing, output_margin=True)
    np.testing.assert_allclose(bound.outputs(matrix)[:, 1], expected, atol=1e-6)
    assert "pilot" in bound.notes[0]


@pytest.mark.parametrize("target", [0, 1])
def test_contributions_add_up_to_the_margin_of_the_target(mixed, target):
    columns, matrix = encoded(frame()[0])
    bound = load_model(mixed[1], "xgboost-ubj").bind(columns)
    found = bound.contributions(matrix, np.full(len(matrix), target))
    output = bound.outputs(matrix)[:, target]
    np.testing.assert_allclose(found.values.sum(1) + found.base, output, atol=1e-4)


def test_text_in_a_number_is_refused_by_name(mixed):
    data, _ = frame()
    columns, _ = encoded(data.assign(age=["forty"] * len(data)))
    with pytest.raises(RefusedFile, match=r"Column age holds text \('forty'\)"):
        load_model(mixed[1], "xgboost-ubj").bind(columns)


def test_numbers_in_a_column_of_words_are_refused(mixed):
    data, _ = frame()
    columns, _ = encoded(data.assign(job=np.arange(len(data))))
    with pytest.raises(RefusedFile, match="Column job holds numbers"):
        load_model(mixed[1], "xgboost-ubj").bind(columns)


def test_integer_categories_meet_a_column_of_numbers(mixed):
    model, path = mixed
    data, _ = frame()
    columns, matrix = encoded(data.assign(rank=data["rank"].astype(float)))
    bound = load_model(path, "xgboost-ubj").bind(columns)
    expected = model.predict(data, output_margin=True)
    np.testing.assert_allclose(bound.outputs(matrix)[:, 1], expected, atol=1e-6)


@pytest.mark.parametrize("booster", ["gbtree", "dart"])
@pytest.mark.parametrize("objective", ["multi:softprob", "multi:softmax"])
def test_many_classes_have_one_margin_each(tmp_path, objective, booster):
    x, y = load_iris(return_X_y=True)
    trained = train(objective, x, y, num_class=3, booster=booster, rate_drop=0.3, max_depth=2)
    model = saved(tmp_path, trained)
    bound = model.bind(encoded(pd.DataFrame(x))[0])
    margin = trained.predict(xgboost.DMatrix(x), output_margin=True)
    np.testing.assert_allclose(bound.outputs(x), margin, atol=1e-5)
    np.testing.assert_allclose(bound.probabilities(x).sum(1), 1)
    targets = np.arange(150) % 3
    found = bound.contributions(x, targets)
    picked = margin[np.arange(150), targets]
    np.testing.assert_allclose(found.values.sum(1) + found.base, picked, atol=1e-4)
    assert not model.facts.has_names
    assert model.facts.outputs == ("0", "1", "2")


def test_a_regression_gives_its_value(tmp_path):
    x, y = load_diabetes(return_X_y=True)
    trained = train("reg:squarederror", x, y, max_depth=3)
    bound = (model := saved(tmp_path, trained, "model.ubj")).bind(encoded(pd.DataFrame(x))[0])
    np.testing.assert_allclose(bound.outputs(x)[:, 0], trained.predict(xgboost.DMatrix(x)), 1e-6)
    assert (model.facts.output, model.facts.outputs) == ("value", ("value",))
    assert bound.probabilities(x) is None
    assert [i.variant for i in bound.builtin(x)] == ["gain", "split count"]


def test_a_regression_with_a_log_link_is_explained_as_a_margin_and_says_so(tmp_path):
    x, y = load_diabetes(return_X_y=True)
    trained = train("count:poisson", x, y)
    bound = (model := saved(tmp_path, trained)).bind(encoded(pd.DataFrame(x))[0])
    assert model.facts.output == "margin"
    assert "logarithm" in model.facts.notes[0]
    np.testing.assert_allclose(np.exp(bound.outputs(x)[:, 0]), bound.values(x), rtol=1e-4)
    np.testing.assert_allclose(bound.values(x), trained.predict(xgboost.DMatrix(x)), rtol=1e-5)


def test_a_linear_booster_offers_no_tree_contributions(tmp_path):
    x, y = load_diabetes(return_X_y=True)
    trained = train("reg:squarederror", x, y, booster="gblinear")
    bound = (model := saved(tmp_path, trained)).bind(encoded(pd.DataFrame(x))[0])
    assert "trees" not in model.facts.capabilities
    np.testing.assert_allclose(bound.outputs(x)[:, 0], trained.predict(xgboost.DMatrix(x)), 1e-5)
    assert bound.builtin(x)[0].values.shape == (10,)


def test_unnamed_categories_are_numbered_by_rank_and_said(tmp_path):
    x, y = load_iris(return_X_y=True)
    x = x.round()
    table = xgboost.DMatrix(x, y > 0, feature_types=["c", "q", "q", "q"], enable_categorical=True)
    trained = xgboost.train({"objective": "binary:logistic"}, table, 4)
    model = saved(tmp_path, trained)
    words = pd.DataFrame(x).assign(**{"0": np.char.add("w", x[:, 0].astype(int).astype(str))})
    bound = model.bind(encoded(words[["0", 1, 2, 3]])[0])
    assert "does not name its categories" in bound.notes[0]


def test_early_stopping_of_the_wrapper_is_kept(tmp_path):
    x, y = load_diabetes(return_X_y=True)
    wrapper = xgboost.XGBRegressor(n_estimators=60, early_stopping_rounds=2, learning_rate=1.0)
    wrapper.fit(x[:300], y[:300], eval_set=[(x[300:], y[300:])], verbose=False)
    model = saved(tmp_path, wrapper)
    bound = model.bind(encoded(pd.DataFrame(x))[0])
    np.testing.assert_allclose(bound.outputs(x)[:, 0], wrapper.predict(x), rtol=1e-6)
    assert "stopped early" in model.facts.notes[0]


def test_several_targets_are_refused(tmp_path):
    x, y = load_diabetes(return_X_y=True)
    wrapper = xgboost.XGBRegressor(n_estimators=2).fit(x, np.column_stack([y, y]))
    with pytest.raises(RefusedFile, match="2 values at once"):
        saved(tmp_path, wrapper)


def test_infinity_and_nan_pass(mixed):
    columns, matrix = encoded(frame()[0])
    matrix[:, 0], matrix[0, :] = np.inf, np.nan
    assert np.isfinite(load_model(mixed[1], "xgboost-ubj").bind(columns).outputs(matrix)).all()


@needs_shared
def test_the_real_classifier_reaches_its_accuracy():
    adult = pd.read_parquet(FOLDER / "tabular" / "adult_test.parquet")
    model = load_model(FOLDER / "models" / "adult_xgb_categorical.ubj", "xgboost-ubj")
    columns, matrix = encoded(adult[[feature.name for feature in model.facts.features]])
    shares = model.bind(columns).probabilities(matrix)
    hits = (shares[:, 1] > 0.5) == (adult.income == ">50K")
    assert hits.mean() == pytest.approx(0.874, abs=5e-4)


@needs_shared
def test_the_real_regressor_reaches_its_fit():
    houses = pd.read_csv(FOLDER / "tabular" / "california_housing_test.csv")
    model = load_model(FOLDER / "models" / "california_xgb.json", "xgboost-json")
    columns, matrix = encoded(houses[[feature.name for feature in model.facts.features]])
    left = houses.MedHouseVal - model.bind(columns).outputs(matrix)[:, 0]
    assert 1 - left.var() / houses.MedHouseVal.var() == pytest.approx(0.842, abs=1e-3)
