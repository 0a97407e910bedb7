"""The strategic cluster graph of finished runs: tables, texts, concepts of pictures."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.reports.fixtures import NAMES, write_run
from tests.reports.text_run import write_text_run
from xai.reports import strategies
from xai.reports.bundle import write_bundle


def test_features_of_a_table_are_the_units(tmp_path):
    run = write_run(tmp_path, rows=40, methods=("occlusion", "random"))
    method, *others = strategies.methods_of(run)
    assert (method.slug, others) == ("occlusion", [])
    graph = strategies.of(run, method)
    assert graph.names == NAMES
    assert graph.samples.tolist() == run.predictions.samples.tolist()
    assert np.isin(graph.correct, [0, 1]).any()


def test_what_is_written_is_plain_and_complete(tmp_path):
    run = write_run(tmp_path, rows=40, methods=("occlusion",))
    method = strategies.methods_of(run)[0]
    written = json.loads(json.dumps(strategies.as_json(strategies.of(run, method), method)))
    assert len(written["points"]) == 40
    assert {"sample", "x", "y", "cluster", "dominant", "purity", "correct"} == set(
        written["points"][0]
    )
    assert sum(cluster["size"] for cluster in written["clusters"]) == 40
    assert {point["cluster"] for point in written["points"]} == {
        cluster["id"] for cluster in written["clusters"]
    }


def test_too_few_samples_have_no_graph(tmp_path):
    run = write_run(tmp_path, rows=3, methods=("occlusion",))
    assert strategies.of(run, strategies.methods_of(run)[0]) is None


@pytest.mark.parametrize("methods", [("occlusion", "lime"), ("permutation",)])
def test_the_bundle_holds_the_graph_of_the_first_method(tmp_path, methods):
    run = write_run(tmp_path / "run", rows=20, methods=methods)
    write_bundle(run, tmp_path / "out")
    path = tmp_path / "out" / "strategies.json"
    assert path.exists() == (methods[0] == "occlusion")
    if path.exists():
        assert json.loads(path.read_text())["method"] == "occlusion"


def test_words_of_texts_are_summed_over_their_places(tmp_path):
    sentences = ("good and good", "bad and dull", "good film", "dull dull film")
    run = write_text_run(tmp_path, sentences=sentences, methods=("shapley",))
    method = strategies.methods_of(run)[0]
    graph = strategies.of(run, method)
    assert set(graph.names) == {"good", "and", "bad", "dull", "film"}
    values = method.ragged.values(method.ragged.at(0))
    tokens = run.samples[0]["tokens"]
    good = sum(float(v) for v, token in zip(values, tokens, strict=True) if token == "good")
    found = strategies._vectors(run, method)
    assert found.values[0, found.names.index("good")] == pytest.approx(good)
    assert np.isnan(found.values[0, found.names.index("bad")])
