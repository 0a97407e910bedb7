"""The strategic cluster graph of finished runs: tables, texts, concepts of pictures."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.reports.fixtures import NAMES, write_run
from tests.reports.picture_run import write_picture_run
from tests.reports.text_run import write_story_run, write_text_run
from xai.reports import strategies
from xai.reports.bundle import write_bundle
from xai.reports.explained import PLACES, lay_out, methods_of


def test_features_of_a_table_are_the_units(tmp_path):
    run = write_run(tmp_path, rows=40, methods=("occlusion", "random"))
    method, *others = methods_of(run)
    assert (method.slug, others) == ("occlusion", [])
    graph = strategies.of(run, method)
    assert graph.names == NAMES
    assert graph.samples.tolist() == run.predictions.samples.tolist()
    assert np.isin(graph.correct, [0, 1]).any()


def test_what_is_written_is_plain_and_complete(tmp_path):
    run = write_run(tmp_path, rows=40, methods=("occlusion",))
    method = methods_of(run)[0]
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
    assert strategies.of(run, methods_of(run)[0]) is None


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
    method = methods_of(run)[0]
    graph = strategies.of(run, method)
    assert set(graph.names) == {"good", "and", "bad", "dull", "film"}
    values = method.ragged.values(method.ragged.at(0))
    tokens = run.samples[0]["tokens"]
    good = sum(float(v) for v, token in zip(values, tokens, strict=True) if token == "good")
    found = lay_out(run, method)
    assert found.values[0, found.names.index("good")] == pytest.approx(good)
    assert np.isnan(found.values[0, found.names.index("bad")])


def test_what_is_read_is_what_was_made(tmp_path):
    run = write_run(tmp_path, rows=40, methods=("occlusion",))
    method = methods_of(run)[0]
    made, read = strategies.compute(run, method), strategies.of(run, method)
    assert strategies.as_json(read, method) == strategies.as_json(made, method)
    np.testing.assert_allclose(
        strategies.vectors(run, method).values, lay_out(run, method).values, rtol=1e-6
    )


def test_no_graph_is_made_where_one_is_only_read(tmp_path, monkeypatch):
    run = write_run(tmp_path, rows=40, methods=("occlusion",))
    monkeypatch.setattr("xai.reports.strategies.strategies", None)
    assert strategies.of(run, methods_of(run)[0]) is not None
    del run.folders["strategies"]
    assert strategies.of(run, methods_of(run)[0]) is None


def test_words_of_prompts_are_summed_over_the_written_tokens(tmp_path):
    prompts = ("the red dog", "the dog", "a red ball", "the ball")
    run = write_story_run(tmp_path, prompts=prompts)
    method = methods_of(run)[0]
    assert strategies.of(run, method).samples.tolist() == [0, 1, 2, 3]
    found, ragged = lay_out(run, method), method.ragged
    token = run.samples[1]["tokens"].index("dog")
    expected = sum(float(ragged.values(place)[token]) for place in ragged.of(1))
    assert found.values[1, found.names.index("dog")] == pytest.approx(expected)


def test_places_are_the_units_of_pictures_without_concepts(tmp_path):
    run = write_picture_run(tmp_path, concepts=False)
    method = methods_of(run)[0]
    graph = strategies.of(run, method)
    assert graph.names[0] == "row 1, column 1"
    assert len(graph.names) == PLACES**2
    totals = [method.ragged.values(i).sum() for i in range(len(method.ragged))]
    np.testing.assert_allclose(lay_out(run, method).values.sum(axis=1), totals, rtol=1e-5)
