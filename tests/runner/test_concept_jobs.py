"""A concept job from shard to bundle: computed, checked, merged, handed out."""

from __future__ import annotations

import json

import numpy as np
import pyarrow.parquet as pq
import pytest

from tests.methods.concepts.planted import pictures, problem
from tests.reports.fixtures import write_run
from xai.errors import XaiError
from xai.methods import catalogue
from xai.reports import strategies
from xai.reports.bundle import write_bundle
from xai.reports.explained import methods_of
from xai.reports.results import Results
from xai.runner.merge import merge
from xai.runner.parts import keep_part
from xai.vocabulary import MethodChoice, Recipe
from xai.workbench import concept_shards

IMAGES, _MASKS, _LABELS = pictures(12)
PARAMS = catalogue.card("craft", catalogue.IMAGES).read({"concepts": 3, "curves": False})
JOB = {"role": "method", "method": "craft", "params": PARAMS, "seed": 0}


def pose(_payload, _recipe, seed):
    return problem(IMAGES, seed=seed)


@pytest.fixture(scope="module")
def computed():
    recipe = Recipe("m", "d", (MethodChoice("craft", PARAMS),), kind=catalogue.IMAGES)
    return concept_shards.explain(pose, {"job": JOB}, recipe, lambda *_: None)


def kept(folder, computed, **changes):
    arrays, facts = computed
    made = folder / "made"
    made.mkdir()
    arrays = arrays | changes
    for name, array in arrays.items():
        np.save(made / f"{name}.npy", array, allow_pickle=False)
    known = {
        "kind": catalogue.IMAGES,
        "arrays": sorted(arrays),
        "seconds": 1.0,
        "libraries": {},
        "unit": "probability",
        "problem": "classification",
        "warnings": [],
        "outputs": ["red things", "green things", "blue things"],
    }
    keep_part(json.loads(json.dumps(facts | known)), made, folder / "part")
    return folder / "part"


def test_a_job_becomes_the_files_of_the_bundle(tmp_path, computed):
    target = tmp_path / "craft"
    facts = merge(JOB | {"key": "k"}, [kept(tmp_path, computed)], target)
    assert facts["scope"] == "concepts"
    results = Results.gather({"seed": 0, "errors": {}, "recipe": {}}, {"craft": target})
    assert results.local_methods() == []
    assert results.method("craft").scope == "concepts"
    shares = pq.read_table(target / "concepts.parquet").to_pydict()
    assert len(shares["sample"]) == 12 * 3
    whole = [concept for concept in facts["concepts"] if concept["parent"] is None]
    assert len(whole) == 3
    for concept in whole:
        mine = [
            value
            for value, number in zip(shares["importance"], shares["concept"], strict=True)
            if number == concept["id"]
        ]
        assert np.mean(mine) == pytest.approx(concept["importance"])
    maps = pq.read_table(target / "concept_maps.parquet").to_pydict()
    assert {tuple(shape) for shape in maps["shape"]} == {(8, 8)}
    assert {len(values) for values in maps["values"]} == {64}


def test_the_bundle_holds_the_concepts(tmp_path, computed):
    merge(JOB | {"key": "k"}, [kept(tmp_path, computed)], tmp_path / "craft")
    run = write_run(tmp_path / "run", rows=20, methods=("occlusion",))
    folders = run.folders | {"craft": tmp_path / "craft"}
    write_bundle(Results.gather(run.manifest, folders), tmp_path / "out")
    written = json.loads((tmp_path / "out" / "concepts.json").read_text())
    first = written["concepts"][0]
    assert {"id", "name", "class", "layer", "importance", "low", "high", "crops"} <= set(first)
    assert {"sample", "x", "y", "width", "height", "coefficient"} == set(first["crops"][0])
    assert written["layer"] == "bend"
    columns = pq.read_schema(tmp_path / "out" / "concepts.parquet").names
    assert columns == ["sample", "concept", "coefficient", "importance", "sobol"]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"maps": np.zeros((3, 8, 8))}, "maps of the concepts"),
        ({"importances": np.full(36, np.nan)}, "NaN or infinity"),
        ({"coefficients": np.zeros(5)}, "has shape"),
        ({"concepts": np.full(36, 99)}, "do not fit"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path, computed, changes, sentence):
    with pytest.raises(XaiError, match=sentence):
        kept(tmp_path, computed, **changes)


def test_the_concepts_are_the_units_of_the_graph_of_strategies(tmp_path, computed):
    merge(JOB | {"key": "k"}, [kept(tmp_path, computed)], tmp_path / "craft")
    results = Results.gather({}, {"craft": tmp_path / "craft"})
    method = methods_of(results)[0]
    graph = strategies.compute(results, method)
    assert graph.names == ("Concept 1", "Concept 2", "Concept 3")
    assert graph.samples.tolist() == list(range(100, 112))
    assert strategies.as_json(graph, method)["method"] == "craft"
