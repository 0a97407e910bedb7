from __future__ import annotations

import io
import json
import zipfile

import pytest
from django.urls import reverse

from tests.web.landed_run import EVIL, land
from xai.web import files
from xai.web.middleware import local_owner


@pytest.fixture
def get(client, make_upload):
    run = land(local_owner(), make_upload, evil=True)
    return lambda name: client.get(reverse(name, args=[run.pk]))


def body(answer):
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


@pytest.mark.parametrize(("name", "ending"), [("report", "html"), ("bundle", "zip")])
def test_an_export_is_a_download_that_can_do_nothing_here(get, name, ending):
    answer = get(name)
    body(answer)
    assert answer.status_code == 200
    assert answer["Content-Disposition"].startswith('attachment; filename="parallax-')
    assert answer["Content-Disposition"].endswith(f'.{ending}"')
    assert answer["X-Content-Type-Options"] == "nosniff"
    policy = answer["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert policy.endswith("; sandbox allow-scripts")
    assert "unsafe" not in policy


def test_the_report_is_whole_and_inert(get):
    text = body(get("report")).decode()
    assert text.lstrip().lower().startswith("<!doctype html>")
    assert "Shapley values" in text
    assert EVIL[0] not in text
    assert "<img src=x" not in text
    assert "http://" not in text.replace("http://www.w3.org", "")


def test_the_bundle_holds_the_files_of_the_interface(get):
    archive = zipfile.ZipFile(io.BytesIO(body(get("bundle"))))
    assert archive.testzip() is None
    names = set(archive.namelist())
    assert {
        "manifest.json", "attributions.parquet", "importance.parquet", "predictions.parquet",
        "agreement.parquet", "agreement.json", "report.html",
    } <= names  # fmt: skip
    assert "shapley" in json.dumps(json.loads(archive.read("manifest.json")))


def test_nothing_is_left_behind(get):
    body(get("bundle"))
    assert list(files.folder("scratch").iterdir()) == []
