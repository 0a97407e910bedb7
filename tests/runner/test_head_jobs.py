"""A job of attention heads from shard to bundle: computed, checked, merged, handed out."""

from __future__ import annotations

import json

import numpy as np
import pyarrow.parquet as pq
import pytest

from tests.assets.folders import tiny_text_classifier
from tests.reports.text_run import write_text_run
from xai.errors import XaiError
from xai.methods import catalogue
from xai.methods.attention import heads
from xai.reports import heads as reading
from xai.reports.bundle import write_bundle
from xai.reports.results import Results
from xai.runner.merge import merge
from xai.runner.parts import keep_part
from xai.vocabulary import MethodChoice, Recipe
from xai.workbench import shards, texts

JOB = {"role": "method", "method": "attention_heads", "params": {}, "seed": 0}


@pytest.fixture(scope="module")
def computed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("heads")
    model = tiny_text_classifier(folder / "model.zip", labels=("awful", "lovely"))
    (folder / "data.csv").write_text("text\na very good film\nboring\n")
    (folder / "made").mkdir()
    recipe = Recipe(
        "m", "d", (MethodChoice("attention_heads", {}),), rows="all", text="text",
        kind=catalogue.TEXT,
    )  # fmt: skip
    payload = {"model": str(model), "format": "hf-text-classification", "job": JOB, "start": 0,
               "stop": 2, "dataset": str(folder / "data.csv"), "recipe": recipe.as_json(),
               "out": str(folder / "made")}  # fmt: skip
    reply = json.loads(json.dumps(shards.compute(payload, lambda *_: None)))
    return folder / "made", reply, texts.pose(payload, recipe, 0, 0, 2)


def test_a_job_becomes_what_pages_read(computed, tmp_path):
    made, reply, posed = computed
    keep_part(reply, made, tmp_path / "part")
    merge(JOB | {"key": "k"}, [tmp_path / "part"], tmp_path / "attention_heads")
    results = Results.gather({}, {"attention_heads": tmp_path / "attention_heads"})
    method, expected = reading.method_of(results), heads.explain(posed, heads.Params())
    assert reading.samples_of(method) == [0, 1]
    assert method.evaluations == expected.evaluations == 2 * 6
    for sample in (0, 1):
        found = reading.read(method, sample)
        np.testing.assert_allclose(found.maps, expected.maps[sample], atol=1e-7)
        np.testing.assert_allclose(found.entropy, expected.entropy[sample])
        np.testing.assert_allclose(found.effect, expected.effect[sample])
        labels = reading.labels_of(method, sample)
        assert list(labels) == ["awful", "lovely"]
        np.testing.assert_allclose(list(labels.values()), expected.alike[sample])
    with pytest.raises(KeyError):
        reading.read(method, 2)


@pytest.mark.parametrize("name", ["maps", "entropy", "effect", "alike"])
def test_arrays_that_do_not_fit_are_refused(computed, tmp_path, name):
    made, reply, _posed = computed
    other = tmp_path / "made"
    other.mkdir()
    for array in reply["arrays"]:
        values = np.load(made / f"{array}.npy")
        np.save(other / f"{array}.npy", values[1:] if array == name else values)
    with pytest.raises(XaiError, match=name):
        keep_part(reply, other, tmp_path / "part")


def test_the_bundle_has_maps_and_labels(tmp_path):
    results = write_text_run(tmp_path / "run", heads={"effect": True})
    write_bundle(results, tmp_path / "bundle")
    assert pq.read_table(tmp_path / "bundle/heads.parquet").num_rows == 4
    assert pq.read_table(tmp_path / "bundle/label_words.parquet").num_rows == 2
