"""Real text classifiers on real sentences, from file to bundle, through the jail."""

from __future__ import annotations

import json

import pyarrow.parquet as pq
import pytest

from tests.shared import FOLDER, needs_shared
from xai.assets.packing import pack
from xai.methods import catalogue
from xai.runner.explain import explain
from xai.runner.options import Options

PAIRS = {
    "bert-tiny-sst2": "sst2_dev.csv",
    "minilm-sst2": "sst2_test_named_labels.jsonl",
}


@needs_shared
@pytest.mark.slow
@pytest.mark.parametrize("model", PAIRS)
def test_a_real_classifier_is_explained_to_the_end(model, tmp_path):
    zipped = pack(FOLDER / "models" / model, tmp_path / "model.zip")
    methods = tuple(catalogue.of(catalogue.TEXT))
    options = Options(rows="sample:4", methods=methods, params={"shapley": {"coalitions": 64}})
    out = tmp_path / "out"
    failed = explain(zipped, FOLDER / "text" / PAIRS[model], out, options, lambda *_: None)
    manifest = json.loads((out / "manifest.json").read_text())
    rows = pq.read_table(out / "attributions.parquet").to_pylist()
    said = {
        row["sample"]: row["value"]
        for row in pq.read_table(out / "predictions.parquet").to_pylist()
    }
    assert failed == {}
    assert {entry["status"] for entry in manifest["methods"]} == {"done"}
    for row in rows:
        missed = abs(said[row["sample"]] - (row["base"] or 0) - sum(row["values"]))
        if row["method"] == "shapley":
            assert missed < 1e-4
        if row["method"] == "integrated_gradients":
            assert missed < 0.01 * max(abs(said[row["sample"]] - row["base"]), 0.02)
