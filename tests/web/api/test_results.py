"""What came out, for programs: the same numbers as on the pages and in the bundle."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile

import numpy as np
import pyarrow.parquet as pq
import pytest

from tests.web.landed_run import land, land_pictures, land_story, land_text
from xai.web.landed import Landed


@pytest.fixture
def run(alice, make_upload, data_dir):
    return land(alice, make_upload, rows=6, features=4, evil=True)


def read(answer):
    return b"".join(answer)


def test_a_sample_is_what_the_methods_found(program, run):
    results = Landed(run, tuple(run.jobs.all())).results
    listed = program.get(f"/runs/{run.pk}/samples").json()
    assert listed["count"] == 6
    sample = listed["items"][3]["sample"]
    shown = program.get(f"/runs/{run.pk}/samples/{sample}").json()
    assert shown["prediction"] == listed["items"][3]
    assert shown["prediction"]["value"] == pytest.approx(results.predictions.values[3])
    found = {one["method"]: one for one in shown["explanations"]}
    assert set(found) == {method.slug for method in results.local_methods()}
    for method in results.local_methods():
        told = found[method.slug]
        assert told["names"] == list(method.names)
        np.testing.assert_array_equal(np.float32(told["values"]), method.values[3])
    assert program.get(f"/runs/{run.pk}/samples/1").status_code == 404


@pytest.mark.parametrize("make", [land_text, land_story, land_pictures])
def test_samples_of_every_kind_have_their_units(program, alice, make_upload, make):
    run = make(alice, make_upload)
    results = Landed(run, tuple(run.jobs.all())).results
    sample = int(results.predictions.samples[0])
    shown = program.get(f"/runs/{run.pk}/samples/{sample}").json()
    for told in shown["explanations"]:
        assert len(told["values"]) == np.prod(told["shape"])
        assert len(told["names"]) in {0, len(told["values"])}
    ragged = [method for method in results.local_methods() if method.is_ragged]
    outputs = [one["output"] for one in shown["explanations"] if one["method"] == ragged[0].slug]
    assert outputs == [int(ragged[0].ragged.outputs[at]) for at in ragged[0].ragged.of(sample)]


def test_the_verdict_and_its_numbers(program, run):
    told = program.get(f"/runs/{run.pk}/overview").json()
    assert any(one["topic"] == "relies" for one in told["sentences"])
    assert {one["method"] for one in told["importance"]} >= {"shapley", "lime"}
    agreement = program.get(f"/runs/{run.pk}/agreement")
    assert agreement.json() == Landed(run, tuple(run.jobs.all())).results.agreement


def test_the_bundle_is_the_sum_of_its_files(program, run):
    listed = program.get(f"/runs/{run.pk}/files").json()
    archive = zipfile.ZipFile(io.BytesIO(read(program.get(f"/runs/{run.pk}/bundle.zip"))))
    assert [one["name"] for one in listed] == sorted(archive.namelist())
    sizes = {one["name"]: one["size"] for one in listed}
    table = read(program.get(f"/runs/{run.pk}/files/attributions.parquet"))
    assert len(table) == sizes["attributions.parquet"]
    assert pq.read_table(io.BytesIO(table)).num_rows > 0
    known = {one["name"]: one["sha256"] for one in listed}
    assert known["attributions.parquet"] == hashlib.sha256(table).hexdigest()
    manifest = read(program.get(f"/runs/{run.pk}/files/manifest.json"))
    assert json.loads(manifest)["recipe"] == run.recipe_json
    assert program.get(f"/runs/{run.pk}/files/..").status_code == 404
    assert program.get(f"/runs/{run.pk}/files/secret_key").status_code == 404


def test_report_and_figures_are_those_of_the_pages(program, run):
    report = program.get(f"/runs/{run.pk}/report.html")
    assert "sandbox" in report.headers["Content-Security-Policy"]
    assert "<html" in report.content.decode()
    figure = program.get(f"/runs/{run.pk}/figures/beeswarm", method="shapley")
    assert figure.json()["data"]
    assert program.get(f"/runs/{run.pk}/figures/nothing").status_code == 404


def test_before_the_first_result_there_is_none(program, alice, make_run):
    run = make_run(alice)
    for path in ("overview", "samples", "bundle.zip", "agreement"):
        answer = program.get(f"/runs/{run.pk}/{path}")
        assert (answer.status_code, answer.json()["detail"]) == (404, "Nothing has landed yet.")


def test_a_report_is_asked_for_made_shared_and_deleted(program, run, monkeypatch):
    from tasks import heart, reports

    monkeypatch.setattr(heart, "BEAT_SECONDS", 1e6)
    wrong = program.post(f"/runs/{run.pk}/reports", {"samples": "1"})
    assert wrong.status_code == 422
    asked = {"title": "For the file", "files": ["bundle.zip"]}
    made = program.post(f"/runs/{run.pk}/reports", asked).json()
    path = f"/reports/{made['id']}"
    assert (made["state"], made["files"]) == ("queued", [])
    assert program.post(f"{path}/links", {}).status_code == 409
    reports.make(made["id"])
    told = program.get(path).json()
    assert (told["state"], told["title"]) == ("done", "For the file")
    sums = {one["name"]: one["sha256"] for one in told["files"]}
    assert set(sums) == {"report.html", "bundle.zip"}
    page = read(program.get(f"{path}/files/report.html"))
    assert hashlib.sha256(page).hexdigest() == sums["report.html"]
    link = program.post(f"{path}/links", {"days": "7"}).json()
    assert program.client.get(link["url"]).status_code == 200
    refused = program.ask("delete", path)
    assert (refused.status_code, "Revoke the link" in refused.json()["detail"]) == (422, True)
    assert program.ask("delete", f"{path}/links/{link['id']}").status_code == 204
    assert program.client.get(link["url"]).status_code == 404
    assert program.ask("delete", path).status_code == 204
    assert program.get(f"/runs/{run.pk}/reports").json() == []
