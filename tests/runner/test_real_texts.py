"""Real text classifiers on real sentences, from file to bundle, through the jail."""

from __future__ import annotations

import json

import numpy as np
import pyarrow.parquet as pq
import pytest

from tests.shared import FOLDER, needs_shared
from xai.assets.packing import pack
from xai.assets.texts import read_texts
from xai.methods import catalogue
from xai.reports.bundle import ATTRIBUTIONS, PREDICTIONS
from xai.runner.explain import Options, explain

PAIRS = {
    "bert-tiny-sst2": "sst2_dev.csv",
    "minilm-sst2": "sst2_test_named_labels.jsonl",
}
PATHS = {"integrated_gradients", "deeplift"}


@needs_shared
@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "score"), [*((model, "probability") for model in PAIRS), ("bert-tiny-sst2", "logit")]
)
def test_a_real_classifier_is_explained_to_the_end(model, score, tmp_path):
    zipped = pack(FOLDER / "models" / model, tmp_path / "model.zip")
    methods = tuple(catalogue.of(catalogue.TEXT)) if score == "probability" else _complete()
    options = Options(
        rows="sample:4", methods=methods, params={"shapley": {"coalitions": 64}}, score=score
    )
    out = tmp_path / "out"
    failed = explain(zipped, FOLDER / "text" / PAIRS[model], out, options, lambda *_: None)
    manifest = json.loads((out / "manifest.json").read_text())
    attributions, predictions = (pq.read_table(out / f"{name}.parquet") for name in _TABLES)
    said = {row["sample"]: row["value"] for row in predictions.to_pylist()}
    assert failed == {}
    assert {entry["status"] for entry in manifest["methods"]} == {"done"}
    assert manifest["output"] == score
    assert (attributions.schema, predictions.schema) == (ATTRIBUTIONS, PREDICTIONS)
    for row in attributions.to_pylist():
        assert len(row["names"]) == len(row["values"]) == row["shape"][0]
        missed = abs(said[row["sample"]] - (row["base"] or 0) - sum(row["values"]))
        if row["method"] == "shapley":
            assert missed < 1e-4
        if row["method"] in PATHS:
            assert missed < 0.01 * max(abs(said[row["sample"]] - row["base"]), 0.02)
        if row["method"] == "attention_rollout":
            text = read_texts(FOLDER / "text" / PAIRS[model], "text").texts[row["sample"]]
            expected = _literal_rollout(FOLDER / "models" / model, text)
            np.testing.assert_allclose(row["values"], expected, atol=1e-5)


_TABLES = ("attributions", "predictions")


def _complete():
    cards = catalogue.of(catalogue.TEXT).values()
    return tuple(card.slug for card in cards if card.is_complete)


def _literal_rollout(folder, text):
    """Follow the attention of a plain call of the network, number by number."""
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    network = AutoModelForSequenceClassification.from_pretrained(
        folder, attn_implementation="eager", dtype=torch.float32
    ).eval()
    given = AutoTokenizer.from_pretrained(folder)(text, return_tensors="pt")
    with torch.no_grad():
        layers = network(**given, output_attentions=True).attentions
    size = layers[0].shape[-1]
    reached = [[float(i == j) for j in range(size)] for i in range(size)]
    for layer in layers:
        heads = layer[0].double().tolist()
        mixed = [[0.0] * size for _ in range(size)]
        for i in range(size):
            for j in range(size):
                mixed[i][j] = 0.5 * (i == j) + 0.5 * sum(h[i][j] for h in heads) / len(heads)
        reached = [
            [sum(mixed[i][k] * reached[k][j] for k in range(size)) for j in range(size)]
            for i in range(size)
        ]
    return reached[0]
