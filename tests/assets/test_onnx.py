"""ONNX models: our path against the model they were made from, and graphs that are refused."""

from __future__ import annotations

import numpy as np
import onnx
import pandas as pd
import pytest
import skl2onnx
from onnx import TensorProto, helper, numpy_helper
from skl2onnx.common.data_types import FloatTensorType, Int64TensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_diabetes, load_iris
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from tests.assets.frames import encoded
from tests.shared import FOLDER, needs_shared
from xai.assets.models import load_model
from xai.errors import NotApplicable, RefusedFile, XaiError


def opened(tmp_path, model):
    onnx.save(model, tmp_path / "model.onnx")
    return load_model(tmp_path / "model.onnx", "onnx")


def converted(tmp_path, model, types, **options):
    return opened(tmp_path, skl2onnx.to_onnx(model, initial_types=types, **options))


def numbers(x):
    return encoded(pd.DataFrame(x))


def graph(nodes, inputs, outputs, initializers=(), domains=()):
    whole = helper.make_graph(nodes, "g", inputs, outputs, list(initializers))
    imports = [helper.make_opsetid("", 17), *[helper.make_opsetid(name, 1) for name in domains]]
    return helper.make_model(whole, opset_imports=imports, ir_version=8)


def floats(name, shape):
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


@pytest.mark.parametrize("zipmap", [True, False])
@pytest.mark.parametrize("model", [LogisticRegression(max_iter=500), RandomForestClassifier(5)])
def test_probabilities_are_those_of_the_source(tmp_path, model, zipmap):
    x, y = load_iris(return_X_y=True)
    model.fit(x, np.array(["setosa", "versicolor", "virginica"])[y])
    types = [("X", FloatTensorType([None, 4]))]
    loaded = converted(tmp_path, model, types, options={id(model): {"zipmap": zipmap}})
    columns, matrix = numbers(x)
    bound = loaded.bind(columns)
    np.testing.assert_allclose(bound.outputs(matrix), model.predict_proba(x), atol=1e-5)
    assert loaded.facts.outputs == ("setosa", "versicolor", "virginica")
    assert (loaded.facts.output, loaded.facts.has_names) == ("probability", False)
    with pytest.raises(NotApplicable):
        bound.contributions(matrix, y)


def mixed(rows=120):
    draw = np.random.default_rng(0)
    data = pd.DataFrame(
        {
            "age": draw.normal(40, 9, rows),
            "job": draw.choice(["clerk", "nurse", "missing"], rows),
            "town": draw.choice(["here", "there"], rows),
        }
    )
    return data, ((data.age > 40) ^ (data.job == "missing")).astype(int)


def test_one_input_per_column_with_words_and_missing_words(tmp_path):
    data, label = mixed()
    words = OneHotEncoder(handle_unknown="ignore")
    parts = ColumnTransformer([("n", StandardScaler(), ["age"]), ("w", words, ["job", "town"])])
    model = make_pipeline(parts, RandomForestClassifier(5, max_depth=4)).fit(data, label)
    types = [("age", FloatTensorType([None, 1])), ("job", StringTensorType([None, 1])),
             ("town", StringTensorType([None, 1]))]  # fmt: skip
    loaded = converted(tmp_path, model, types)
    shown = data.assign(job=data.job.where(data.job != "missing"))
    columns, matrix = encoded(shown)
    bound = loaded.bind(columns)
    np.testing.assert_allclose(bound.outputs(matrix), model.predict_proba(data), atol=1e-5)
    assert loaded.facts.has_names
    assert set(loaded.facts.features[1].categories) == {"clerk", "nurse", "missing"}
    unknown = bound_note(loaded, data.assign(town="elsewhere"))
    assert "elsewhere" in unknown


def bound_note(loaded, data):
    return loaded.bind(encoded(data)[0]).notes[0]


def test_a_regression_gives_its_value(tmp_path):
    x, y = load_diabetes(return_X_y=True)
    model = RandomForestRegressor(4, max_depth=4).fit(x, y)
    loaded = converted(tmp_path, model, [("X", FloatTensorType([None, 10]))])
    columns, matrix = numbers(x)
    found = loaded.bind(columns).outputs(matrix)
    np.testing.assert_allclose(found[:, 0], model.predict(x), rtol=1e-4)
    assert (loaded.facts.problem, loaded.facts.trees) == ("regression", 4)


def test_whole_number_inputs_refuse_a_missing_value(tmp_path):
    x, y = load_iris(return_X_y=True)
    model = RandomForestClassifier(3).fit(x.round(), y)
    loaded = converted(tmp_path, model, [("X", Int64TensorType([None, 4]))])
    columns, matrix = numbers(x.round())
    bound = loaded.bind(columns)
    np.testing.assert_allclose(bound.outputs(matrix), model.predict_proba(x.round()), atol=1e-5)
    matrix[0, 1] = np.nan
    with pytest.raises(XaiError, match="missing values"):
        bound.outputs(matrix)
    assert "missing" not in loaded.facts.capabilities


def layer(last, width, shape=(None, 3)):
    weights = np.arange(3.0 * width, dtype=np.float32).reshape(3, width) / 9 - 0.3
    nodes = [helper.make_node("MatMul", ["x", "w"], ["h"]), helper.make_node(last, ["h"], ["y"])]
    given, made = [floats("x", list(shape))], [floats("y", [None, width])]
    return graph(nodes, given, made, [numpy_helper.from_array(weights, "w")]), weights


def test_a_sigmoid_is_a_probability_of_two_classes(tmp_path):
    model, weights = layer("Sigmoid", 1)
    loaded = opened(tmp_path, model)
    rows = np.random.default_rng(0).normal(size=(5, 3))
    share = 1 / (1 + np.exp(-(rows @ weights)[:, 0]))
    found = loaded.bind(numbers(rows)[0]).outputs(rows)
    np.testing.assert_allclose(found, np.column_stack([1 - share, share]), atol=1e-6)


def test_a_layer_without_softmax_gives_logits(tmp_path):
    model, weights = layer("Identity", 3)
    loaded = opened(tmp_path, model)
    rows = np.random.default_rng(0).normal(size=(5, 3))
    bound = loaded.bind(numbers(rows)[0])
    np.testing.assert_allclose(bound.outputs(rows), rows @ weights, atol=1e-5)
    np.testing.assert_allclose(bound.probabilities(rows).sum(1), 1)
    assert loaded.facts.output == "logit"


def test_a_graph_of_fixed_batch_is_fed_in_pieces(tmp_path):
    model, weights = layer("Identity", 1, shape=(4, 3))
    loaded = opened(tmp_path, model)
    rows = np.random.default_rng(0).normal(size=(10, 3))
    found = loaded.bind(numbers(rows)[0]).outputs(rows)
    np.testing.assert_allclose(found, rows @ weights, atol=1e-5)
    assert "4 rows at a time" in loaded.facts.notes[0]


def external():
    model, _ = layer("Identity", 1)
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../etc/passwd")
    return model


def spoiled_tree(child):
    x, y = load_iris(return_X_y=True)
    model = skl2onnx.to_onnx(RandomForestClassifier(2).fit(x, y), x[:1].astype(np.float32))
    for node in model.graph.node:
        for part in node.attribute:
            if part.name == "nodes_truenodeids":
                part.ints[0] = child
    return model


def shaped(shape):
    return graph([helper.make_node("Identity", ["x"], ["y"])], [floats("x", shape)], [
        floats("y", shape)])  # fmt: skip


def foreign():
    node = helper.make_node("Evil", ["x"], ["y"], domain="com.evil")
    return graph([node], [floats("x", [None, 2])], [floats("y", [None, 2])], (), ["com.evil"])


def only_nan():
    nodes = [helper.make_node("Sub", ["x", "x"], ["z"]), helper.make_node("Div", ["z", "z"], ["y"])]
    return graph(nodes, [floats("x", [None, 2])], [floats("y", [None, 2])])


def text():
    ids = helper.make_tensor_value_info("input_ids", TensorProto.INT64, [None, None])
    return graph([helper.make_node("Identity", ["input_ids"], ["y"])], [ids], [ids])


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (external, "'w' of this ONNX model lies in another file"),
        (lambda: spoiled_tree(0), "circle"),
        (lambda: spoiled_tree(99_999), "does not exist"),
        (lambda: shaped([None, 3, 128, 128]), "four dimensions, which is no row"),
        (lambda: shaped([None, None]), "how many columns"),
        (foreign, "operator Evil of the domain 'com.evil'"),
        (only_nan, "NaN for every row"),
        (text, "reads text, and such a file has no tokenizer"),
    ],
    ids=["external", "circle", "astray", "image", "open", "foreign", "nan", "text"],
)
def test_what_cannot_be_run_is_refused_with_a_reason(tmp_path, make, words):
    path = tmp_path / "model.onnx"
    path.write_bytes(make().SerializeToString())
    with pytest.raises(RefusedFile, match=words):
        load_model(path, "onnx")


@needs_shared
@pytest.mark.parametrize(
    "name",
    ["custom_op", "empty", "external_abs", "external_passwd", "huge_initializer", "nan_output",
     "random"],
)  # fmt: skip
def test_hostile_files_are_refused(name):
    with pytest.raises(RefusedFile):
        load_model(FOLDER / "hostile" / f"{name}.onnx", "onnx")


@needs_shared
def test_the_real_forest_reaches_its_accuracy():
    adult = pd.read_parquet(FOLDER / "tabular" / "adult_test.parquet")
    loaded = load_model(FOLDER / "models" / "adult_rf.onnx", "onnx")
    columns, matrix = encoded(adult[[feature.name for feature in loaded.facts.features]])
    shares = loaded.bind(columns).outputs(matrix)
    hits = np.array(loaded.facts.outputs)[shares.argmax(1)] == adult.income
    assert hits.mean() == pytest.approx(0.858, abs=5e-4)
