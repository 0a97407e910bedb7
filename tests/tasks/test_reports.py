"""A report is made once, by one worker, and kept as it is."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import zipfile

import pytest

from tasks import bells, housekeeping, reports
from tests.web.landed_run import land
from xai.errors import InvalidParameter, XaiError
from xai.web import files, removal
from xai.web.models import Report, ReportLink, Run
from xai.web.models.reports import BUNDLE, HTML, PDF

CHOICES = {"sections": ["verdict", "samples"], "samples": "4, 2", "files": [BUNDLE]}


@pytest.fixture
def run(alice, make_upload):
    return land(alice, make_upload, rows=20, methods=("shapley", "lime", "random"))


@pytest.fixture
def report(run):
    return reports.ask(run, "For the board", CHOICES)


def made(report):
    reports.make(str(report.pk))
    report.refresh_from_db()
    return report


def read(report, name):
    return (files.results(report.result) / name).read_bytes()


def test_it_holds_what_was_chosen_and_its_hashes_are_right(report):
    made(report)
    assert report.state == "done"
    assert set(report.files) == {HTML, BUNDLE}
    page = read(report, HTML).decode()
    assert "<title>For the board</title>" in page
    assert page.index("<h3>Row 4") < page.index("<h3>Row 2")
    assert 'id="agreement"' not in page
    assert report.policy in page
    for name, facts in report.files.items():
        assert facts["sha256"] == hashlib.sha256(read(report, name)).hexdigest()


def test_its_bundle_holds_the_same_report(report):
    made(report)
    archive = zipfile.ZipFile(io.BytesIO(read(report, BUNDLE)))
    assert archive.read(HTML) == read(report, HTML)
    listed = json.loads(archive.read("manifest.json"))["files"][HTML]["sha256"]
    assert listed == report.files[HTML]["sha256"]


def test_nothing_is_left_in_scratch(report):
    made(report)
    assert list(files.folder("scratch").iterdir()) == []


def test_without_a_browser_the_report_is_there_and_says_why_the_pdf_is_not(run, monkeypatch):
    monkeypatch.setenv("PARALLAX_CHROMIUM", "no-such-browser")
    report = made(reports.ask(run, "", CHOICES | {"files": [PDF]}))
    assert (report.state, set(report.files)) == ("done", {HTML})
    assert "print it from your browser" in report.missing[PDF]


def test_two_messages_make_one_report(report):
    first = reports.claim(str(report.pk))
    assert first is not None
    assert reports.claim(str(report.pk)) is None


def test_a_late_worker_writes_nothing(report):
    late = reports.claim(str(report.pk))
    Report.objects.filter(pk=report.pk).update(token="another")
    reports._make(late)
    report.refresh_from_db()
    assert (report.state, report.result) == ("running", "")
    assert not list(files.folder("results").glob("report-*"))


def test_what_goes_wrong_is_said_in_a_sentence(run):
    report = made(reports.ask(run, "", CHOICES | {"samples": "7777"}))
    assert report.state == "failed"
    assert "Row 7777 is not among the explained rows" in report.error
    again = reports.ask(run, "", CHOICES)
    for folder in files.folder("results").iterdir():
        shutil.rmtree(folder)
    assert made(again).error == reports.INTERNAL


def test_a_silent_worker_s_report_is_made_by_another_and_then_given_up(report, monkeypatch):
    rung = []
    monkeypatch.setattr(bells, "ring_report", rung.append)
    for _ in range(reports.ATTEMPTS_MOST):
        assert reports.claim(str(report.pk))
        Report.objects.filter(pk=report.pk).update(lease_until="2020-01-01T00:00Z")
        housekeeping.reap()
    report.refresh_from_db()
    assert rung == [report.pk]
    assert (report.state, report.error) == ("failed", reports.STOPPED_WORKERS)


def test_housekeeping_keeps_the_files_of_reports(report, monkeypatch):
    made(report)
    monkeypatch.setattr(housekeeping, "_is_forgotten", lambda path: path.exists())
    housekeeping.sweep()
    assert read(report, HTML)
    removal.remove_report(report)
    assert not list(files.folder("results").glob("report-*"))


def test_a_run_keeps_so_many_reports(run, monkeypatch):
    monkeypatch.setattr(reports, "REPORTS_MOST", 1)
    reports.ask(run, "", CHOICES)
    with pytest.raises(InvalidParameter, match="Delete one first"):
        reports.ask(run, "", CHOICES)


@pytest.mark.parametrize(
    "remove", [removal.remove_report, lambda report: removal.remove(report.run)]
)
def test_a_report_that_is_shared_is_not_removed(report, remove):
    made(report)
    link = ReportLink.made(report=report)
    with pytest.raises(XaiError, match="Revoke the link first"):
        remove(report)
    assert read(report, HTML)
    link.revoke()
    remove(report)
    assert not Report.objects.exists()
    assert not list(files.folder("results").glob("report-*"))


def test_a_run_goes_with_its_reports(report):
    made(report)
    removal.remove(report.run)
    assert not Run.objects.exists()
    assert not list(files.folder("results").iterdir())
