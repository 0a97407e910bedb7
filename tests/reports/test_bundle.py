"""The bundle: its public schema column by column, whole or absent, and true to the results."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pyarrow.parquet as pq
import pytest

from tests.reports.fixtures import DATA_SHA, METHODS, MODEL_SHA, NAMES, write_run
from xai.errors import InvalidParameter
from xai.jail import browser
from xai.reports import bundle as written
from xai.reports.bundle import write_bundle
from xai.reports.outline import Outline

SCHEMA = {
    "attributions.parquet": [
        ("method", "string"), ("sample", "int64"), ("target", "string"), ("output", "int32"),
        ("names", "list<element: string>"), ("values", "list<element: float>"),
        ("shape", "list<element: int32>"), ("base", "double"), ("error", "double"),
    ],
    "errors.parquet": [
        ("method", "string"), ("sample", "int64"), ("target", "string"), ("output", "int32"),
        ("names", "list<element: string>"), ("values", "list<element: float>"),
    ],
    "importance.parquet": [
        ("method", "string"), ("name", "string"), ("value", "double"), ("low", "double"),
        ("high", "double"),
    ],
    "predictions.parquet": [
        ("sample", "int64"), ("target", "string"), ("value", "double"), ("probability", "double"),
        ("label", "string"), ("predicted", "string"), ("correct", "bool"),
        ("outputs", "list<element: double>"),
    ],
    "faithfulness.parquet": [
        ("method", "string"), ("baseline", "string"), ("measure", "string"), ("sample", "int64"),
        ("value", "double"),
    ],
    "agreement.parquet": [
        ("measure", "string"), ("a", "string"), ("b", "string"), ("sample", "int64"),
        ("value", "double"),
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def bundle(results, tmp_path_factory):
    out = tmp_path_factory.mktemp("out") / "bundle"
    write_bundle(results, out)
    return out


@pytest.fixture(scope="module")
def manifest(bundle):
    return json.loads((bundle / "manifest.json").read_text())


def rows(bundle, name):
    return pq.read_table(bundle / f"{name}.parquet").to_pylist()


@pytest.mark.parametrize("name", SCHEMA)
def test_every_column_has_its_type(bundle, name):
    schema = pq.read_schema(bundle / name)
    assert [(field.name, str(field.type)) for field in schema] == SCHEMA[name]


@pytest.mark.parametrize("name", SCHEMA)
def test_an_empty_run_has_the_same_schema(tmp_path, name):
    write_bundle(write_run(tmp_path / "run", rows=2, methods=()), tmp_path / "out")
    if name in {"agreement.parquet", "faithfulness.parquet"}:
        assert not (tmp_path / "out" / name).exists()
        return
    schema = pq.read_schema(tmp_path / "out" / name)
    assert [(field.name, str(field.type)) for field in schema] == SCHEMA[name]


def test_nothing_else_is_in_it(bundle):
    written = {"manifest.json", "report.html"}
    others = written | {"agreement.json", "faithfulness.json", "strategies.json"}
    others |= {"importances.json"}
    assert {path.name for path in bundle.iterdir()} == set(SCHEMA) | others


def test_attributions_are_those_of_the_results(bundle, results):
    found = rows(bundle, "attributions")
    assert len(found) == 60 * 5  # the second seed is no method of its own
    lime = [row for row in found if row["method"] == "lime"]
    np.testing.assert_array_equal([r["values"] for r in lime], results.method("lime").values)
    assert lime[0]["names"] == list(NAMES)
    assert lime[0]["shape"] == [8]
    assert {row["output"] for row in found} == {0}


def test_error_is_the_largest_standard_error_or_the_gap_or_null(bundle):
    by_method = {row["method"]: row["error"] for row in rows(bundle, "attributions")}
    assert by_method["lime"] == pytest.approx(0.3)
    assert by_method["shapley"] == 0.0
    assert by_method["occlusion"] is None


def test_base_is_there_where_the_method_has_one(bundle):
    by_method = {row["method"]: row["base"] for row in rows(bundle, "attributions")}
    assert abs(by_method["shapley"]) == 0.25
    assert by_method["lime"] is None


def test_standard_errors_are_one_per_unit(bundle):
    found = rows(bundle, "errors")
    assert {row["method"] for row in found} == {"lime"}
    assert len(found) == 60
    assert len(found[0]["values"]) == 8


def test_importance_holds_local_and_global_methods(bundle):
    assert {row["method"] for row in rows(bundle, "importance")} == set(METHODS)


def test_samples_are_rows_of_the_dataset(bundle):
    assert [row["sample"] for row in rows(bundle, "predictions")] == list(range(0, 120, 2))


def test_the_manifest_names_files_hashes_seeds_and_the_command(manifest):
    assert manifest["schema"] == 1
    assert (manifest["model"]["sha256"], manifest["dataset"]["sha256"]) == (MODEL_SHA, DATA_SHA)
    assert manifest["output"] == "margin"
    assert manifest["isolation"] == "full"
    assert manifest["samples"] == 60
    assert manifest["libraries"]["xgboost"] == "3.2.0"
    assert manifest["command"].startswith("python manage.py explain credit.json people.csv")
    assert "Column truth is not used by the model." in manifest["warnings"]


def test_the_manifest_tells_every_method(manifest):
    assert [method["name"] for method in manifest["methods"]] == list(METHODS)
    lime = manifest["methods"][3]
    assert lime["status"] == "done"
    assert lime["parameters"]["samples"] == 2000
    assert (lime["seed"], lime["another_seed"]) == (0, 1)
    assert (lime["evaluations"], lime["seconds"]) == (12345, 1.5)
    assert manifest["methods"][1]["groups"][0] == ["age", "income"]


def test_a_failed_method_is_in_the_manifest_with_its_sentence(tmp_path):
    found = write_run(tmp_path / "run", rows=4, errors={"builtin": "It was stopped."})
    write_bundle(found, tmp_path / "out")
    entries = json.loads((tmp_path / "out" / "manifest.json").read_text())["methods"]
    (failed,) = [entry for entry in entries if entry["status"] == "failed"]
    assert (failed["name"], failed["error"]) == ("builtin", "It was stopped.")


def test_the_manifest_fingerprints_the_other_files(bundle, manifest):
    assert set(manifest["files"]) == {p.name for p in bundle.iterdir()} - {"manifest.json"}
    for name, facts in manifest["files"].items():
        content = (bundle / name).read_bytes()
        assert facts == {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}


def test_the_same_results_give_the_same_bytes(results, bundle, tmp_path):
    write_bundle(results, tmp_path / "again")
    for path in bundle.iterdir():
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes()


def test_what_fails_leaves_nothing_behind(results, tmp_path, monkeypatch):
    def fail(*_):
        raise OSError("the disk is full")

    monkeypatch.setattr(written, "render", fail)
    with pytest.raises(OSError, match="disk"):
        write_bundle(results, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_an_empty_folder_is_filled_and_a_full_one_is_refused(results, tmp_path):
    (tmp_path / "out").mkdir()
    write_bundle(results, tmp_path / "out")
    with pytest.raises(InvalidParameter, match="exists already"):
        write_bundle(results, tmp_path / "out")


def test_numbers_that_json_has_not_become_null(results, tmp_path):
    manifest = results.manifest | {"model": results.manifest["model"] | {"score": float("nan")}}
    changed = type(results).gather(manifest, results.folders)
    write_bundle(changed, tmp_path / "out")
    assert json.loads((tmp_path / "out" / "manifest.json").read_text())["model"]["score"] is None


def test_a_pdf_that_cannot_be_made_is_named_and_the_rest_is_there(results, tmp_path, monkeypatch):
    monkeypatch.setenv("PARALLAX_CHROMIUM", "no-such-browser")
    missing = write_bundle(results, tmp_path / "out", Outline(with_pdf=True))
    assert list(missing) == ["report.pdf"]
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["missing_files"] == missing
    assert "report.html" in manifest["files"]


@pytest.mark.slow
@pytest.mark.skipif(browser.find() is None, reason="no Chromium on this machine")
def test_a_pdf_is_printed_when_asked_for(results, tmp_path):
    assert write_bundle(results, tmp_path / "out", Outline(with_pdf=True)) == {}
    assert (tmp_path / "out" / "report.pdf").read_bytes().startswith(b"%PDF-")
