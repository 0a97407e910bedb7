"""The command line's way: tiny real models, through the jail, to the bundle."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from xai.errors import InvalidParameter, MissingColumn, RefusedFile
from xai.runner.explain import explain
from xai.runner.options import Options

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """An XGBoost regression of three columns, and its data with one column more."""
    import xgboost

    folder = tmp_path_factory.mktemp("files")
    draw = np.random.default_rng(0)
    frame = pd.DataFrame(draw.normal(size=(120, 3)), columns=["a", "b", "c"])
    truth = 2 * frame["a"] - frame["b"] * frame["c"]
    model = xgboost.XGBRegressor(n_estimators=20, max_depth=3).fit(frame, truth)
    model.save_model(folder / "model.json")
    frame.assign(truth=truth, unused="x")[["c", "unused", "b", "a", "truth"]].to_csv(
        folder / "data.csv", index=False
    )
    return folder


def quiet(*_):
    pass


def run(files, out, **choices):
    return explain(files / "model.json", files / "data.csv", out, Options(**choices), quiet)


@pytest.fixture(scope="module")
def bundle(files, tmp_path_factory):
    out = tmp_path_factory.mktemp("bundle") / "out"
    assert run(files, out, rows="0:10", label="truth") == {}
    return out


def test_the_bundle_is_whole(bundle):
    assert {
        "manifest.json",
        "attributions.parquet",
        "importance.parquet",
        "predictions.parquet",
        "agreement.parquet",
        "agreement.json",
        "faithfulness.parquet",
        "faithfulness.json",
        "report.html",
    } <= {path.name for path in bundle.iterdir()}


def test_shapley_values_are_the_librarys_own(bundle, files):
    import xgboost

    booster = xgboost.Booster(model_file=files / "model.json")
    data = pd.read_csv(files / "data.csv")[["a", "b", "c"]][:10]
    expected = booster.predict(xgboost.DMatrix(data), pred_contribs=True)
    rows = pq.read_table(bundle / "attributions.parquet").to_pylist()
    ours = [row for row in rows if row["method"] == "shapley"]
    assert ours[0]["names"] == ["a", "b", "c"]
    np.testing.assert_allclose([row["values"] for row in ours], expected[:, :-1], atol=1e-5)
    np.testing.assert_allclose([row["base"] for row in ours], expected[:, -1], atol=1e-5)


def test_the_manifest_names_what_a_reader_needs(bundle):
    manifest = json.loads((bundle / "manifest.json").read_text())
    assert manifest["model"]["format"] == "xgboost-json"
    assert manifest["dataset"]["rows"] == 120
    assert manifest["output"] == "value"
    assert "--rows 0:10" in manifest["command"]
    assert manifest["isolation"] in {"full", "partial", "none"}


def test_the_same_recipe_gives_the_same_numbers(files, tmp_path):
    for name in ("one", "two"):
        run(files, tmp_path / name, rows="0:6", methods=("occlusion", "random"))
    one, two = (pq.read_table(tmp_path / name / "attributions.parquet") for name in ("one", "two"))
    assert one.equals(two)


def test_a_missing_column_is_refused_by_name_and_nothing_is_written(files, tmp_path):
    frame = pd.read_csv(files / "data.csv").drop(columns="b")
    frame.to_csv(tmp_path / "data.csv", index=False)
    with pytest.raises(MissingColumn, match="`b`"):
        explain(files / "model.json", tmp_path / "data.csv", tmp_path / "out", Options(), quiet)
    assert not (tmp_path / "out").exists()


def test_a_pickle_is_refused_and_never_opened(files, tmp_path):
    marker = tmp_path / "marker"
    pickle = b"cbuiltins\nopen\n(V" + str(marker).encode() + b"\nVw\ntR."
    (tmp_path / "model.json").write_bytes(pickle)
    with pytest.raises(RefusedFile, match="skops"):
        explain(tmp_path / "model.json", files / "data.csv", tmp_path / "out", Options(), quiet)
    assert not marker.exists()


def test_an_unknown_method_is_refused_with_the_choices(files, tmp_path):
    with pytest.raises(InvalidParameter, match="occlusion"):
        run(files, tmp_path / "out", methods=("magic",))


def test_a_folder_with_files_in_it_is_not_written_to(files, bundle):
    with pytest.raises(InvalidParameter, match="exists already"):
        run(files, bundle)
