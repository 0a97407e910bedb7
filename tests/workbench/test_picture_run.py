"""An image classifier from its zip to the merged results, as child and runner do it."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.assets.folders import CLASSES, tiny_image_classifier
from xai.reports.ragged import read_ragged, read_samples
from xai.reports.results import Results
from xai.runner.merge import merge
from xai.runner.parts import keep_part
from xai.vocabulary import Recipe
from xai.workbench import kinds, shards

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=["mobilenet", "vit"])
def model(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    return tiny_image_classifier(folder / "model.zip", kind=request.param)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    import io
    import zipfile

    from PIL import Image

    path, draw = tmp_path_factory.mktemp("pictures") / "set.zip", np.random.default_rng(0)
    with zipfile.ZipFile(path, "w") as archive:
        for i, label in enumerate([*CLASSES, CLASSES[0]]):
            pixels = draw.integers(0, 255, (40 + i, 50, 3), dtype=np.uint8)
            stream = io.BytesIO()
            Image.fromarray(pixels).save(stream, "PNG")
            archive.writestr(f"{label}/{i}.png", stream.getvalue())
    return path


@pytest.fixture
def compute(model, pictures, tmp_path, monkeypatch):
    """Return a maker of merged jobs, by method; "" for the predictions."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    recipe = Recipe("m", "d", (), rows="all", kind="image-classification")

    def run(method, **params):
        role = "method" if method else "predictions"
        job = {"role": role, "method": method, "params": params, "seed": 0}
        parts = []
        for start, stop in ((0, 3), (3, 4)):
            out = tmp_path / f"{method}-{start}"
            out.mkdir()
            payload = {
                "model": str(model), "format": "hf-image-classification", "dataset": str(pictures),
                "recipe": recipe.as_json(), "job": job, "start": start, "stop": stop,
                "out": str(out),
            }  # fmt: skip
            reply = shards.compute(payload, lambda _done, _total: None)
            keep_part(json.loads(json.dumps(reply)), out, tmp_path / f"{method}-{start}-part")
            parts.append(tmp_path / f"{method}-{start}-part")
        merge(job | {"key": "k"}, parts, tmp_path / f"merged-{method}")
        return tmp_path / f"merged-{method}"

    return run


def test_predictions_hold_what_the_model_saw_and_the_labels(compute):
    folder = compute("")
    samples = read_samples(folder)
    assert {samples[i]["height"] for i in range(4)} == {40, 41, 42, 43}
    assert all(samples[i]["jpeg"].startswith("/9j/") for i in range(4))
    found = Results.gather({}, {"predictions": folder}).predictions
    assert sorted(found.labels) == sorted([*CLASSES, CLASSES[0]])
    np.testing.assert_allclose(found.outputs.sum(axis=1), 1, atol=1e-6)


def test_shapley_values_add_up_to_the_models_own_probability(compute):
    predictions = Results.gather({}, {"predictions": compute("")}).predictions
    found = read_ragged(
        compute("shapley", coalitions=64, exact_up_to=8, inner=8, segmentation="grid", parts=4)
    )
    for i, sample in enumerate(predictions.samples):
        place = found.at(int(sample))
        total = found.base[place] + found.values(place).astype(float).sum()
        assert total == pytest.approx(predictions.values[i], abs=1e-4)
        assert len(found.shape(place)) == 2


def test_superpixels_are_taken_as_well(compute):
    found = read_ragged(compute("occlusion", segmentation="superpixels", parts=6))
    assert len(found) == 4


def test_what_fits_says_which_labels_it_found(model, pictures, monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    payload = {"model": str(model), "format": "hf-image-classification", "dataset": str(pictures)}
    assert kinds.load("image-classification").fit(payload)["label"] == "label"


def test_integrated_gradients_of_pictures_keep_their_gap(compute):
    predictions = Results.gather({}, {"predictions": compute("")}).predictions
    found = read_ragged(compute("integrated_gradients", steps=20, gap=0.01, most=160))
    for i, sample in enumerate(predictions.samples):
        place = found.at(int(sample))
        total = found.base[place] + found.values(place).astype(float).sum()
        assert found.gap[place] == pytest.approx(abs(predictions.values[i] - total), abs=1e-4)


def test_attention_of_pictures_is_merged_as_shares_of_pixels(compute, model):
    if "vit" not in str(model):
        pytest.skip("a convolutional network has no attention")
    for slug in ("attention_rollout", "attention_relevance"):
        found = read_ragged(compute(slug))
        values = found.values(found.at(0))
        assert (values >= 0).all()
        assert values.any()
