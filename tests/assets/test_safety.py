"""Files made to break loaders are refused in one sentence, before native code reads them."""

from __future__ import annotations

import functools
import json
import zipfile

import numpy as np
import pytest
import skops.io
import xgboost
from sklearn.datasets import load_iris
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from tests.shared import FOLDER, needs_shared
from xai.assets import safety, ubjson
from xai.assets.models import load_model
from xai.errors import RefusedFile, XaiError


@pytest.fixture(scope="module")
def trees():
    """Return the JSON of a small honest XGBoost model."""
    x = np.random.default_rng(0).normal(size=(100, 3))
    table = xgboost.DMatrix(x, x[:, 0] > 0)
    model = xgboost.train({"objective": "binary:logistic", "max_depth": 3}, table, 2)
    return bytes(model.save_raw("json")), bytes(model.save_raw("ubj"))


def spoil(name, at, value):
    def change(tree):
        tree[name][at] = value

    return change


def shorten(tree):
    tree["split_conditions"].pop()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (spoil("left_children", 0, 0), "circle"),
        (spoil("right_children", 1, 1), "pairs"),
        (spoil("left_children", 0, 10_000), "only 0 to"),
        (spoil("left_children", 0, 2), "circle"),
        (spoil("right_children", 0, -1), "pairs"),
        (spoil("split_indices", 0, 99), "split_indices"),
        (spoil("split_type", 0, 1), "category splits"),
        (shorten, "split_conditions"),
    ],
)
def test_an_xgboost_tree_that_points_astray_is_refused(tmp_path, trees, change, words):
    whole = json.loads(trees[0])
    change(whole["learner"]["gradient_booster"]["model"]["trees"][0])
    path = tmp_path / "model.json"
    path.write_text(json.dumps(whole))
    with pytest.raises(RefusedFile, match=words):
        load_model(path, "xgboost-json")


def test_both_xgboost_encodings_read_alike(trees):
    from_text, from_binary = json.loads(trees[0]), ubjson.decode(trees[1])
    tree = from_text["learner"]["gradient_booster"]["model"]["trees"][0]
    other = from_binary["learner"]["gradient_booster"]["model"]["trees"][0]
    assert tree.keys() == other.keys()
    np.testing.assert_allclose(tree["split_conditions"], other["split_conditions"], rtol=1e-6)


def test_a_cut_or_spoiled_ubj_never_escapes_the_refusal(trees):
    draw = np.random.default_rng(0)
    for _ in range(60):
        data = bytearray(trees[1][: draw.integers(1, len(trees[1]))])
        data[draw.integers(len(data))] = draw.integers(256)
        with pytest.raises(RefusedFile):
            ubjson.decode(bytes(data))


def test_bottomless_or_doubled_json_is_refused():
    with pytest.raises(RefusedFile, match="JSON"):
        safety.read_json(b"[" * 100_000)
    with pytest.raises(RefusedFile, match="twice"):
        safety.read_json(b'{"a": 1, "a": 2}')


def test_a_tree_without_bottom_is_refused():
    nodes = 2 * safety.DEEPEST_TREE + 5
    left, right = np.full(nodes, -1), np.full(nodes, -1)
    inner = np.arange(0, nodes - 2, 2)
    left[inner], right[inner] = inner + 2, inner + 1
    with pytest.raises(RefusedFile, match="levels deep"):
        safety.check_tree(left, right, "tree 0")


def write_zip(path, names, content=b"", **options):
    with zipfile.ZipFile(path, "w", **options) as archive:
        for name in names:
            archive.writestr(name, content)
    return path


def test_archives_out_of_proportion_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(safety, "MOST_ENTRIES", 20)
    many = write_zip(tmp_path / "many.zip", [str(i) for i in range(21)])
    with pytest.raises(RefusedFile, match="21 files"):
        safety.check_zip(many)
    bomb = write_zip(
        tmp_path / "bomb.zip", ["a"], b"\0" * 20_000_000, compression=zipfile.ZIP_DEFLATED
    )
    with pytest.raises(RefusedFile, match="zip bomb"):
        safety.check_zip(bomb)
    (tmp_path / "not.zip").write_bytes(b"PK nothing")
    with pytest.raises(RefusedFile, match="not a readable zip"):
        safety.check_zip(tmp_path / "not.zip")


def test_one_name_twice_in_an_archive_is_refused(tmp_path):
    with pytest.raises(RefusedFile, match="one name twice"):
        safety.check_zip(write_zip(tmp_path / "twice.zip", ["schema.json", "SCHEMA.json"]))


def test_an_unknown_format_is_named(tmp_path):
    with pytest.raises(RefusedFile, match="keras is not a model format"):
        load_model(tmp_path / "x", "keras")


def spoil_tree(model):
    state = model.tree_.__getstate__()
    state["nodes"]["left_child"][0] = 2**40
    spoiled = type(model.tree_)(4, np.array([3]), 1)
    spoiled.__setstate__(state)
    model.tree_ = spoiled


def spoil_histogram(model):
    model._predictors[0][0].nodes["left"][0] = 60_000


def spoil_vectors(model):
    model._n_support = np.array([500, 500, 500], dtype=np.int32)


@pytest.mark.parametrize(
    ("model", "change"),
    [
        (DecisionTreeClassifier(max_depth=2), spoil_tree),
        (HistGradientBoostingClassifier(max_iter=1), spoil_histogram),
        (SVC(), spoil_vectors),
    ],
)
def test_scikit_learn_arrays_that_point_astray_are_refused(tmp_path, model, change):
    model.fit(*load_iris(return_X_y=True))
    change(model)
    skops.io.dump(model, tmp_path / "model.skops")
    with pytest.raises(RefusedFile, match="damaged"):
        load_model(tmp_path / "model.skops", "skops")


def test_a_partial_of_anything_but_a_check_is_refused(tmp_path):
    step = FunctionTransformer(functools.partial(np.add, 1))
    model = make_pipeline(step, GaussianNB()).fit(*load_iris(return_X_y=True))
    skops.io.dump(model, tmp_path / "model.skops")
    with pytest.raises(RefusedFile, match=r"functools\.partial"):
        load_model(tmp_path / "model.skops", "skops")


def test_a_schema_without_bottom_is_refused(tmp_path):
    schema = '{"a":' * 900 + "1" + "}" * 900
    path = write_zip(tmp_path / "model.skops", ["schema.json"], schema.encode())
    with pytest.raises(RefusedFile, match=r"nested|JSON"):
        load_model(path, "skops")


@needs_shared
@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("xgb_truncated.ubj", "xgboost-ubj"),
        ("st_deep_json.safetensors", "xgboost-json"),
        ("evil.skops", "skops"),
        ("bomb_512MiB.zip", "skops"),
        ("lying_size.zip", "skops"),
        ("truncated.zip", "skops"),
        ("many_entries.zip", "skops"),
    ],
)
def test_hostile_files_are_refused(name, form):
    with pytest.raises(XaiError):
        load_model(FOLDER / "hostile" / name, form)
