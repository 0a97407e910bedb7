"""Every library's trees as plain arrays: they predict, and are explained, as the library does."""

from __future__ import annotations

import lightgbm
import numpy as np
import pandas as pd
import pytest
import skops.io
import xgboost
from sklearn import ensemble
from sklearn.compose import make_column_transformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from tests.assets.frames import encoded
from xai.assets.models import load_model
from xai.methods.shapley.trees.tables import tables_of

ROWS = 400


def numbers(holes=0.1):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(ROWS, 6))
    full = x.copy()
    x[rng.random(x.shape) < holes] = np.nan
    value = full[:, 0] + full[:, 1] * full[:, 2] + 0.3 * rng.normal(size=ROWS)
    names = [f"n{i}" for i in range(6)]
    return pd.DataFrame(x, columns=names), value


def mixed():
    frame, value = numbers()
    rng = np.random.default_rng(1)
    word = rng.integers(0, 12, ROWS)
    frame["word"] = pd.Categorical([f"w{i:02d}" for i in word])
    frame["side"] = pd.Categorical(np.where(rng.random(ROWS) < 0.5, "left", "right"))
    frame.loc[::9, "word"] = np.nan
    return frame, value + np.isin(word, [1, 4, 7, 9])


def boosters():
    xgb, lgb = xgboost, lightgbm
    plain = {"n_estimators": 8, "max_depth": 4}
    quiet = {**plain, "verbose": -1, "min_child_samples": 5}
    wide = {"enable_categorical": True, **plain}
    return {
        "xgboost, two classes": (xgb.XGBClassifier(**plain), numbers, 2),
        "xgboost, three classes": (xgb.XGBClassifier(**plain), numbers, 3),
        "xgboost, regression": (xgb.XGBRegressor(**plain, base_score=3.0), numbers, 1),
        "xgboost, dart": (
            xgb.XGBRegressor(**plain, booster="dart", rate_drop=0.3), numbers, 1),
        "xgboost, sets of categories": (
            xgb.XGBClassifier(**wide, max_cat_to_onehot=2), mixed, 2),
        "xgboost, one category at a time": (
            xgb.XGBClassifier(**wide, max_cat_to_onehot=99), mixed, 2),
        "lightgbm, two classes": (lgb.LGBMClassifier(**quiet), numbers, 2),
        "lightgbm, three classes": (lgb.LGBMClassifier(**quiet), numbers, 3),
        "lightgbm, categories": (
            lgb.LGBMClassifier(**quiet, min_data_per_group=5, cat_smooth=1), mixed, 2),
        "lightgbm, zero is missing": (
            lgb.LGBMClassifier(**quiet, zero_as_missing=True), sparse, 2),
        "lightgbm, nothing is missing": (
            lgb.LGBMClassifier(**quiet, use_missing=False), numbers, 2),
        "lightgbm, random forest": (
            lgb.LGBMRegressor(
                **quiet, boosting_type="rf", bagging_freq=1, bagging_fraction=0.7), numbers, 1),
    }  # fmt: skip


def estimators():
    few = {"n_estimators": 8, "random_state": 0}
    encoder = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), ["word", "side"]), remainder=StandardScaler()
    )
    forest = ensemble.RandomForestClassifier(**few, max_depth=5)
    return {
        "forest, three classes": (ensemble.RandomForestClassifier(**few), numbers, 3),
        "forest, regression": (ensemble.RandomForestRegressor(**few), numbers, 1),
        "extra trees": (ensemble.ExtraTreesClassifier(**few, max_depth=5), whole, 2),
        "boosting, two classes": (ensemble.GradientBoostingClassifier(**few), whole, 2),
        "boosting, three classes": (ensemble.GradientBoostingClassifier(**few), whole, 3),
        "histograms, two classes": (
            ensemble.HistGradientBoostingClassifier(max_iter=8),
            numbers,
            2,
        ),
        "histograms, regression": (ensemble.HistGradientBoostingRegressor(max_iter=8), numbers, 1),
        "pipeline": (make_pipeline(encoder, forest), words, 2),
    }


def whole():
    return numbers(holes=0)


def sparse():
    frame, value = numbers()
    return frame.where(~(frame.abs() < 0.3), 0.0), value


def words():
    frame, value = mixed()
    frame["word"] = frame["word"].fillna("w00")
    return frame.fillna({f"n{i}": 0.0 for i in range(6)}), value


def saved(model, folder):
    if isinstance(model, lightgbm.LGBMModel):
        model.booster_.save_model(folder / "model.txt")
        return load_model(folder / "model.txt", "lightgbm")
    if isinstance(model, xgboost.XGBModel):
        model.save_model(folder / "model.json")
        return load_model(folder / "model.json", "xgboost-json")
    skops.io.dump(model, folder / "model.skops")
    return load_model(folder / "model.skops", "skops")


CASES = boosters() | estimators()


@pytest.mark.parametrize("name", CASES)
def test_arrays_and_tables_are_the_librarys_own(name, tmp_path):
    model, data, outputs = CASES[name]
    frame, value = data()
    label = value if outputs == 1 else np.digitize(value, np.linspace(-0.5, 0.5, outputs + 1)[1:-1])
    model.fit(frame, label)
    columns, matrix = encoded(frame)
    bound = saved(model, tmp_path).bind(columns)
    matrix, held = matrix[:60], bound.ensemble()
    rows, scores = held.encode(matrix), bound.outputs(matrix)
    for target in range(outputs):
        trees = held.outputs[0 if held.is_mirrored else target]
        sign = -1 if held.is_mirrored and target == 0 else 1
        np.testing.assert_allclose(sign * trees.predict(rows), scores[:, target], atol=1e-5)
        expected = bound.contributions(matrix, np.full(len(matrix), target))
        found = tables_of(trees, held.owners, None)
        np.testing.assert_allclose(sign * found.explain(rows), expected.values, atol=1e-5)
        np.testing.assert_allclose(sign * found.base, expected.base, atol=1e-5)


def test_interventional_values_are_those_of_shap(tmp_path):
    shap = pytest.importorskip("shap")
    frame, value = whole()
    model = ensemble.GradientBoostingRegressor(n_estimators=8, random_state=0).fit(frame, value)
    columns, matrix = encoded(frame)
    held = saved(model, tmp_path).bind(columns).ensemble()
    background = matrix[:30]
    explainer = shap.TreeExplainer(model, background, feature_perturbation="interventional")
    found = tables_of(held.outputs[0], held.owners, held.encode(background))
    expected = explainer.shap_values(matrix[30:90])
    np.testing.assert_allclose(found.explain(held.encode(matrix[30:90])), expected, atol=1e-5)
    assert found.base == pytest.approx(float(np.ravel(explainer.expected_value)[0]), abs=1e-5)


def test_linear_leaves_have_no_arrays(tmp_path):
    frame, value = whole()
    model = lightgbm.LGBMRegressor(n_estimators=4, linear_tree=True, verbose=-1).fit(frame, value)
    columns, _ = encoded(frame)
    assert saved(model, tmp_path).bind(columns).ensemble() is None


def test_a_random_forest_of_lightgbm_is_explained_in_the_units_of_its_label(tmp_path):
    model, data, _ = CASES["lightgbm, random forest"]
    frame, value = data()
    model.fit(frame, value)
    columns, matrix = encoded(frame)
    bound = saved(model, tmp_path).bind(columns)
    np.testing.assert_allclose(bound.outputs(matrix)[:, 0], model.predict(frame), atol=1e-9)
