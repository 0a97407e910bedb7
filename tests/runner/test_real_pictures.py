"""The real image classifiers on real photographs, float and ONNX, from file to bundle."""

from __future__ import annotations

import json
import zipfile

import numpy as np
import pyarrow.parquet as pq
import pytest

from tests.shared import FOLDER, needs_shared
from xai.runner.explain import explain
from xai.runner.options import Options

MODEL = "mobilenet_v1_0.25_128"
METHODS = {
    "float": ("craft", "shapley", "rise", "integrated_gradients"),
    "onnx": ("craft", "shapley", "rise"),
}
FEW = {
    "craft": {"concepts": 4, "curves": False},
    "shapley": {"coalitions": 64, "parts": 16},
    "rise": {"masks": 50},
}
COLUMNS = ["method", "sample", "target", "output", "names", "values", "shape", "base", "error"]


def photographs():
    """Return the paths of sixteen photographs, by their name in the data set."""
    folder = FOLDER / "images" / "concepts"
    return {
        f"{label}/{path.name}": path
        for label in ("ant", "daisy")
        for path in sorted((folder / label).iterdir())[:8]
    }


def packed(path, parts):
    with zipfile.ZipFile(path, "w") as archive:
        for name, source in parts.items():
            archive.write(source, name)
    return path


def model_of(form, folder):
    models = FOLDER / "models"
    if form == "float":
        return packed(folder / "m.zip", {p.name: p for p in (models / MODEL).iterdir()})
    names = (f"{MODEL}.onnx", f"{MODEL}.labels.json")
    return packed(folder / "m.zip", {name: models / name for name in names})


def own_answers(form):
    """Return what the model itself says, as its makers run it: probabilities (n, k)."""
    from PIL import Image
    from transformers import AutoImageProcessor, AutoModelForImageClassification

    folder = FOLDER / "models" / MODEL
    pictures = [Image.open(path).convert("RGB") for path in photographs().values()]
    processor = AutoImageProcessor.from_pretrained(folder, backend="pil")
    pixels = processor(pictures, return_tensors="pt")["pixel_values"]
    if form == "float":
        network = AutoModelForImageClassification.from_pretrained(folder).eval()
        logits = network(pixels).logits.detach().double().numpy()
    else:
        import onnxruntime

        session = onnxruntime.InferenceSession(str(FOLDER / "models" / f"{MODEL}.onnx"))
        name = session.get_inputs()[0].name
        logits = np.concatenate([
            session.run(None, {name: one[None].numpy()})[0] for one in pixels
        ]).astype(np.float64)  # fmt: skip
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    return shares / shares.sum(axis=1, keepdims=True)


@needs_shared
@pytest.mark.slow
@pytest.mark.parametrize("form", METHODS)
def test_a_real_classifier_is_explained_and_predicts_what_it_does_by_itself(form, tmp_path):
    data = packed(tmp_path / "photographs.zip", photographs())
    options = Options(methods=METHODS[form], params=FEW, rows="all")
    model = model_of(form, tmp_path)
    assert explain(model, data, tmp_path / "out", options, lambda *_: None) == {}
    predictions = pq.read_table(tmp_path / "out" / "predictions.parquet").to_pylist()
    shares = own_answers(form)
    assert [row["sample"] for row in predictions] == list(range(16))
    for row, own in zip(predictions, shares, strict=True):
        np.testing.assert_allclose(row["outputs"], own, atol=1e-4)
        assert row["probability"] == pytest.approx(own.max(), abs=1e-4)
    table = pq.read_table(tmp_path / "out" / "attributions.parquet")
    assert table.column_names == COLUMNS
    for row in table.to_pylist():
        assert len(row["values"]) == np.prod(row["shape"])
        if row["method"] in {"shapley", "integrated_gradients"}:
            missed = row["base"] + sum(row["values"]) - shares[row["sample"]].max()
            left = row["error"] if row["method"] == "integrated_gradients" else 0
            assert abs(missed) <= left + 1e-4
    found = json.loads((tmp_path / "out" / "concepts.json").read_text())
    assert {"id", "class", "importance", "low", "high", "sobol", "crops"} <= set(
        found["concepts"][0]
    )
    assert {one["logit_error"] is not None for one in found["classes"]} == {True}
