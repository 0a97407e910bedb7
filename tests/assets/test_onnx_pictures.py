from __future__ import annotations

import json
import tempfile
import zipfile

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from xai.assets import onnx_file
from xai.assets.onnx_pictures import load_pictures, takes_pictures
from xai.assets.picture_settings import guessed, told
from xai.assets.sniff import sniff
from xai.errors import RefusedFile
from xai.workbench.inspect import inspect_model

SIDE = 16
WEIGHTS = np.random.default_rng(0).normal(size=(3, 4)).astype("f4")


def graph(
    shape, *, ends=("Softmax",), axes=(2, 3), weights=WEIGHTS, kind=TensorProto.FLOAT, **meta
):
    """Return an ONNX model: the mean colour of a picture times a matrix."""
    nodes = [helper.make_node("Cast", ["pixels"], ["x"], to=TensorProto.FLOAT)]
    nodes.append(helper.make_node("ReduceMean", ["x"], ["mean"], axes=axes, keepdims=0))
    nodes.append(helper.make_node("MatMul", ["mean", "w"], ["y0"]))
    nodes += [helper.make_node(op, [f"y{i}"], [f"y{i + 1}"]) for i, op in enumerate(ends)]
    made = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info("pixels", kind, shape)],
        [helper.make_tensor_value_info(f"y{len(ends)}", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(weights, "w")],
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 13)], ir_version=9)
    model.producer_name = meta.pop("producer", "")
    for key, value in meta.items():
        model.metadata_props.add(key=key, value=value)
    return model.SerializeToString()


@pytest.fixture(autouse=True)
def quick(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr("xai.workbench.graphs.TRIAL_SECONDS", 1e-9)


@pytest.fixture
def write(tmp_path):
    def written(data, beside=None, name="model.onnx"):
        path = tmp_path / ("model.zip" if beside is not None else name)
        if beside is None:
            path.write_bytes(data)
            return path
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("m/model.onnx", data)
            archive.writestr("m/labels.json", json.dumps(beside))
        return path

    return written


FIRST, LAST = ["n", 3, SIDE, SIDE], ["n", SIDE, SIDE, 3]


@pytest.mark.parametrize(
    ("shape", "axes", "layout"), [(FIRST, (2, 3), "NCHW"), (LAST, (1, 2), "NHWC")]
)
def test_the_layout_and_size_are_told(write, shape, axes, layout):
    path = write(graph(shape, axes=axes))
    assert takes_pictures(path, "onnx")
    facts = inspect_model({"path": str(path)}, lambda done, total: None)
    assert (facts["kind"], facts["layout"]) == ("image-classification", layout)
    assert facts["image_size"] == [SIDE, SIDE]
    assert facts["outputs"] == ["0", "1", "2", "3"]
    assert facts["is_guess"]
    assert [entry["rows"] for entry in facts["speed"]] == [1, 8, 32]


@pytest.mark.parametrize(("shape", "axes"), [(FIRST, (2, 3)), (LAST, (1, 2))])
def test_scores_are_the_graphs_own(write, shape, axes):
    found = load_pictures(write(graph(shape, axes=axes)), "onnx")
    pixels = np.random.default_rng(1).normal(size=(5, 3, SIDE, SIDE)).astype("f4")
    logits = pixels.mean(axis=(2, 3)) @ WEIGHTS
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(found.scores(pixels), shares, atol=1e-6)
    assert found.is_probability


def test_logits_are_told_from_shares(write):
    assert not load_pictures(write(graph(FIRST, ends=())), "onnx").is_probability


def test_a_fixed_batch_is_filled_up(write):
    found = load_pictures(write(graph([2, 3, SIDE, SIDE], ends=())), "onnx")
    pixels = np.ones((5, 3, SIDE, SIDE), "f4")
    np.testing.assert_allclose(found.scores(pixels), np.ones((5, 3)) @ WEIGHTS, atol=1e-5)


def test_classes_in_the_graph_are_read(write):
    named = graph(FIRST, names="{0: 'cat', 1: 'dog', 2: 'owl', 3: 'ant'}")
    assert load_pictures(write(named), "onnx").outputs == ("cat", "dog", "owl", "ant")
    listed = graph(FIRST, classes=json.dumps(list("abcd")))
    assert load_pictures(write(listed), "onnx").outputs == ("a", "b", "c", "d")


def test_a_file_beside_the_graph_tells_classes_and_preparation(write):
    beside = {
        "classes": ["crane", "crane", "owl", "ant"],
        "preprocess": {"resize_shortest": 20, "crop": SIDE, "range": "x/127.5-1"},
    }
    path = write(graph(FIRST), beside)
    assert sniff(path) == "onnx-zip"
    found = load_pictures(path, "onnx-zip")
    assert found.outputs == ("crane", "crane (1)", "owl", "ant")
    assert not found.settings.is_guess
    picture = Image.new("RGB", (60, 40), (255, 0, 255))
    picture.paste((0, 0, 0), (0, 0, 10, 40))
    prepared = found.settings.prepare(picture)
    assert prepared.shape == (3, SIDE, SIDE)
    np.testing.assert_array_equal(prepared[:, 8, 8], [1, -1, 1])
    # The black margin of a sixth is cut off: 60 × 40 becomes 30 × 20, the middle 16 is kept.
    assert prepared[0].min() == 1


def test_means_and_deviations_are_applied():
    beside = {"preprocess": {"mean": [0.5, 0.25, 0], "std": [0.5, 0.25, 1], "crop": 16}}
    settings = told(json.dumps(beside).encode(), (16, 16))
    prepared = settings.prepare(Image.new("RGB", (32, 8), (255, 0, 51)))
    np.testing.assert_allclose(prepared[:, 0, 0], [1, -1, 0.2], atol=1e-6)


def test_what_is_not_told_is_guessed_and_said():
    for producer, dtype, scale in (("pytorch", "f4", 255), ("tf2onnx", "f4", 255), ("", "u1", 1)):
        settings = guessed(producer, dtype, (224, 224))
        assert (settings.shortest, settings.scale) == (256, scale)
        assert "guessed" in settings.notes[0]
    picture = Image.new("RGB", (300, 256), (255, 255, 255))
    assert guessed("tf2onnx", "f4", (224, 224)).prepare(picture).max() == 1
    assert guessed("", "u1", (224, 224)).prepare(picture).max() == 255


@pytest.mark.parametrize(
    ("beside", "told_"),
    [
        ({"classes": ["a", "b"]}, "names 2 classes, the graph gives 4"),
        ({"preprocess": {"crop": 99}}, "99 × 99 pixels, the graph takes 16 × 16"),
        ({"preprocess": {"crop": "x"}}, "must be a number of pixels"),
        ({"preprocess": {"range": "odd"}}, "range of colours `odd`"),
        ({"preprocess": {"mean": [1, 2]}}, "no list of three numbers"),
        ({"preprocess": {"mean": [0, 0, 0], "std": [0, 1, 1]}}, "no list of three numbers"),
    ],
)
def test_settings_that_do_not_fit_are_refused(write, beside, told_):
    with pytest.raises(RefusedFile, match=told_):
        load_pictures(write(graph(FIRST), beside), "onnx-zip")


def test_graphs_that_do_not_classify_are_refused(write):
    one = graph(FIRST, ends=(), weights=WEIGHTS[:, :1])
    with pytest.raises(RefusedFile, match="one number for a picture"):
        load_pictures(write(one), "onnx")
    nothing = graph(FIRST, ends=(), weights=np.full((3, 2), np.nan, "f4"))
    with pytest.raises(RefusedFile, match="NaN"):
        load_pictures(write(nothing), "onnx")
    with pytest.raises(RefusedFile, match="at most 2,048 a side"):
        load_pictures(write(graph(["n", 3, 9999, 9999])), "onnx")


def test_two_graphs_in_one_archive_are_refused(tmp_path):
    path = tmp_path / "two.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.onnx", graph(FIRST))
        archive.writestr("b.onnx", graph(FIRST))
    with pytest.raises(RefusedFile, match=r"one \.onnx file"):
        load_pictures(path, sniff(path))


def test_a_graph_that_reads_other_files_is_refused(write):
    model = onnx.load_model_from_string(graph(FIRST))
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../etc/passwd")
    with pytest.raises(RefusedFile, match="lies in another file"):
        load_pictures(write(model.SerializeToString()), "onnx")


def test_bytes_are_pictures_too(write):
    found = load_pictures(write(graph(FIRST, kind=TensorProto.UINT8, ends=())), "onnx")
    assert found.settings.scale == 1
    assert found.scores(np.full((2, 3, SIDE, SIDE), 7, "f4")).shape == (2, 4)


def test_tables_and_texts_are_no_pictures(write):
    table = graph(FIRST)
    model = onnx.load_model_from_string(table)
    del model.graph.input[0].type.tensor_type.shape.dim[2:]
    assert not takes_pictures(write(model.SerializeToString()), "onnx")
    assert not takes_pictures(write(b"\x08\x08garbage"), "onnx")
    with pytest.raises(RefusedFile, match="four dimensions, which is no row"):
        onnx_file.read(graph(["n", 7, SIDE, SIDE]))


def test_the_longer_side_is_cut_down_to_a_whole_pixel():
    settings = told(
        json.dumps({"preprocess": {"resize_shortest": 146, "crop": 128}}).encode(), (128, 128)
    )
    noise = np.random.default_rng(0).integers(0, 255, (256, 385, 3), dtype=np.uint8)
    picture = Image.fromarray(noise)
    resized = picture.resize((219, 146), Image.Resampling.BILINEAR)  # 146 · 385 / 256 is 219.57
    expected = resized.crop((45, 9, 45 + 128, 9 + 128))
    np.testing.assert_array_equal(np.asarray(settings.crop(picture)), np.asarray(expected))
