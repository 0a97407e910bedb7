"""Every real tabular model on its data, from file to bundle, through the jail."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from tests.shared import FOLDER, needs_shared
from xai.runner.explain import explain
from xai.runner.options import Options

HEART_SVM = "age,trestbps,chol,thalach,oldpeak,ca,sex,cp,fbs,restecg,exang,slope,thal"
PAIRS = {
    "california_xgb.json": "california_housing_test.csv",
    "adult_xgb_categorical.ubj": "adult_test_4000.csv",
    "adult_lgbm.txt": "adult_test.parquet",
    "heart_lgbm.txt": "heart_test.csv",
    "sydney_synth_lgbm_over30min.txt": "sydney_incidents_SYNTHETIC.csv",
    "adult_rf_pipeline.skops": "adult_test_4000.csv",
    "adult_rf.onnx": "adult_test.parquet",
    "heart_svm_pipeline.skops": "heart_test.csv",
    "heart_svm.onnx": "heart_cleveland.csv",
}
ACCURACY = {
    "adult_xgb_categorical.ubj": 0.874,
    "adult_lgbm.txt": 0.870,
    "adult_rf_pipeline.skops": 0.860,
    "adult_rf.onnx": 0.858,
    "heart_lgbm.txt": 0.855,
    "heart_svm_pipeline.skops": 0.829,
    "heart_svm.onnx": 0.827,
}


def held_out(model):
    """Return the rows a model was not trained on: all of its file, but for one model."""
    if model != "heart_svm.onnx":
        return "all"
    from sklearn.model_selection import train_test_split

    whole = pd.read_csv(FOLDER / "tabular" / PAIRS[model]).dropna()
    rows = train_test_split(whole, test_size=0.25, stratify=whole["disease"], random_state=0)[1]
    return ",".join(map(str, sorted(rows.index)))


def run(model, out, **choices):
    features = tuple(HEART_SVM.split(",")) if model == "heart_svm.onnx" else ()
    options = Options(features=features, **choices)
    path = FOLDER / "models" / model
    return explain(path, FOLDER / "tabular" / PAIRS[model], out, options, lambda *_: None)


@needs_shared
@pytest.mark.slow
@pytest.mark.parametrize("model", PAIRS)
def test_a_real_model_is_explained_to_the_end(model, tmp_path):
    failed = run(model, tmp_path / "out", rows="sample:8")
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    attributions = pq.read_table(tmp_path / "out" / "attributions.parquet").to_pylist()
    predictions = pq.read_table(tmp_path / "out" / "predictions.parquet").to_pylist()
    shapley = {row["sample"]: row for row in attributions if row["method"] == "shapley"}
    assert failed == {}
    assert {(entry["status"], entry["error"]) for entry in manifest["methods"]} == {("done", None)}
    for row in predictions:
        found = shapley[row["sample"]]
        assert found["base"] + sum(found["values"]) == pytest.approx(row["value"], abs=1e-4)


@needs_shared
@pytest.mark.slow
@pytest.mark.parametrize("model", ACCURACY)
def test_a_real_model_predicts_as_well_as_it_did_elsewhere(model, tmp_path):
    run(model, tmp_path / "out", rows=held_out(model), methods=("random",))
    correct = pq.read_table(tmp_path / "out" / "predictions.parquet")["correct"].to_pylist()
    known = [value for value in correct if value is not None]
    assert len(known) > 0.99 * len(correct)
    assert np.mean(known) == pytest.approx(ACCURACY[model], abs=0.02)
