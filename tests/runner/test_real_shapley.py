"""Shapley values of real models: the library's own where it has them, honest errors elsewhere."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from tests.runner.test_real_models import HEART_SVM, PAIRS, run
from tests.shared import FOLDER, needs_shared

pytestmark = pytest.mark.slow
ROWS = 25


def shapley(model, out, **choices):
    """Return the rows of the bundle's attributions: sample, target, names, values, base."""
    assert run(model, out, methods=("shapley",), rows=f"0:{ROWS}", **choices) == {}
    return pq.read_table(out / "attributions.parquet").to_pylist()


def data_of(model):
    path = FOLDER / "tabular" / PAIRS[model]
    return (pd.read_parquet if path.suffix == ".parquet" else pd.read_csv)(path)


def xgboost_own(model, frame):
    import xgboost

    booster = xgboost.Booster(model_file=FOLDER / "models" / model)
    names = booster.feature_names
    if "c" in booster.feature_types:
        train = pd.read_csv(FOLDER / "tabular" / "adult_train.csv")
        for name in names:
            if train[name].dtype.kind not in "if":
                known = sorted(train[name].dropna().unique())
                frame[name] = pd.Categorical(frame[name], categories=known)
    table = xgboost.DMatrix(frame[names], enable_categorical=True)
    return names, booster.predict(table, pred_contribs=True)


def lightgbm_own(model, frame):
    import lightgbm

    booster = lightgbm.Booster(model_file=FOLDER / "models" / model)
    frame = frame.rename(columns=str.strip).rename(columns=lambda name: name.replace(" ", "_"))
    names = booster.feature_name()
    words = iter(booster.pandas_categorical or [])
    for name in names:
        if frame[name].dtype.kind not in "if":
            known = next(words)
            text = frame[name].map(str, na_action="ignore") if known[0] == str(known[0]) else None
            frame[name] = pd.Categorical(text, categories=known)
    return names, booster.predict(frame[names], pred_contrib=True)


def forest_own(model, frame):
    import shap
    from skops.io import get_untrusted_types, load

    path = FOLDER / "models" / model
    pipeline = load(path, trusted=get_untrusted_types(file=path))
    names = list(pipeline.feature_names_in_)
    steps, forest = pipeline[:-1], pipeline[-1]
    inner = steps.transform(frame[names])
    found = shap.TreeExplainer(forest)(np.asarray(getattr(inner, "todense", lambda: inner)()))
    of = [column.split("__")[1] for column in steps.get_feature_names_out()]
    owner = [max((n for n in names if c == n or c.startswith(f"{n}_")), key=len) for c in of]
    summed = [found.values[:, [o == name for o in owner], 1].sum(axis=1) for name in names]
    return names, np.column_stack([*summed, found.base_values[:, 1]])


OWN = {
    "california_xgb.json": xgboost_own,
    "adult_xgb_categorical.ubj": xgboost_own,
    "adult_lgbm.txt": lightgbm_own,
    "heart_lgbm.txt": lightgbm_own,
    "sydney_synth_lgbm_over30min.txt": lightgbm_own,
    "adult_rf_pipeline.skops": forest_own,
}
SUMS_TO = {"adult_rf_pipeline.skops": 1.0}
"""What the scores of both classes sum to: probabilities to 1, margins to 0."""


@needs_shared
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("model", OWN)
def test_tree_models_give_the_librarys_own_values(model, tmp_path):
    names, own = OWN[model](model, data_of(model).head(ROWS))
    whole, targets = SUMS_TO.get(model, 0.0), set()
    for found in shapley(model, tmp_path / "out"):
        values, base = own[found["sample"], :-1], own[found["sample"], -1]
        if found["target"] in {"0", "<=50K", "no", "False"}:
            values, base = -values, whole - base
        targets.add(found["target"])
        assert [name.strip().replace(" ", "_") for name in found["names"]] == names
        np.testing.assert_allclose(found["values"], values, atol=1e-4)
        assert found["base"] == pytest.approx(base, abs=1e-4)
    assert len(targets) == (1 if model.startswith("california") else 2)


@needs_shared
@pytest.mark.parametrize("model", ["heart_svm_pipeline.skops", "heart_svm.onnx", "adult_rf.onnx"])
def test_three_reported_errors_cover_enumeration(model, tmp_path):
    from xai.assets.sniff import sniff
    from xai.methods.shapley import features
    from xai.vocabulary import Recipe
    from xai.workbench.opened import open_recipe
    from xai.workbench.problems import pose

    found = shapley(model, tmp_path / "out", background=8)
    values = np.array([row["values"] for row in found])
    errors = pq.read_table(tmp_path / "out" / "errors.parquet")["values"].to_pylist()
    order = tuple(HEART_SVM.split(",")) if model == "heart_svm.onnx" else ()
    path, data = FOLDER / "models" / model, FOLDER / "tabular" / PAIRS[model]
    recipe = Recipe("", "", (), rows=f"0:{ROWS}", features=order, background=8)
    opened = open_recipe(str(path), sniff(path, model), str(data), recipe)
    some = range(0, ROWS, 5)
    problem, _ = pose(opened, recipe, 0, 0, ROWS)
    few = [
        features.attribute(pose(opened, recipe, 0, i, i + 1)[0], features.Params(exact_up_to=14))
        for i in some
    ]
    exact = np.concatenate([one.values for one in few])
    assert [row["names"] for row in found] == [list(problem.names)] * ROWS
    missed = np.abs(values[list(some)] - exact)
    assert np.mean(missed <= 3 * np.array(errors)[list(some)]) >= 0.95
    assert np.square(missed).sum() < 0.01 * np.square(exact).sum()
