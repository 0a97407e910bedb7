"""Reports: asked for by a person, made by a worker, kept as they are."""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import uuid
import zipfile
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.timezone import now

from tasks import bells
from tasks.celery import app
from tasks.heart import beating
from tasks.inspections import BELL_LEASE
from tasks.states import ATTEMPTS_MOST, LEASE
from xai import logs
from xai.errors import InvalidParameter, XaiError
from xai.vocabulary import Json
from xai.web import files, opinions, shelf
from xai.web.landed import Landed
from xai.web.models import Report, Run
from xai.web.models.reports import BUNDLE, HTML, PDF

if TYPE_CHECKING:
    from xai.reports.outline import Outline

REPORTS_MOST = 50
"""Of one run."""
INTERNAL = "The report could not be made: an internal error, which has been logged."
STOPPED_WORKERS = (
    f"Making this report stopped {ATTEMPTS_MOST} workers, most likely for want of memory. "
    "Choose fewer rows."
)
_STORED = {".parquet", ".png"}
"""Compressed already."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Making:
    """A report taken by this worker, and the token that every write must name."""

    report: Report
    token: str


def ask(run: Run, title: str, choices: dict[str, Json]) -> Report:
    """Write down what is wanted, and wake a worker.

    Parameters
    ----------
    choices : dict
        "sections" (list), "samples" (text), "files" (list of names), all checked.

    Raises
    ------
    InvalidParameter
        If the run has too many reports already.
    """
    if run.reports.count() >= REPORTS_MOST:
        raise InvalidParameter(f"One explanation keeps {REPORTS_MOST} reports. Delete one first.")
    with transaction.atomic():
        report = Report.objects.create(run=run, title=title, choices=choices)
        Report.objects.filter(pk=report.pk).update(lease_until=now() + BELL_LEASE)
        bells.ring_report(report.pk)
    return report


@app.task(name="tasks.reports.make")
def make(report_id: str) -> None:
    """Make the report with this id, unless another worker already took it."""
    try:
        with logs.about(report=report_id):
            if held := claim(report_id):
                _make(held)
    except BaseException:
        log.exception("The worker goes on; the reaper repairs what it left.")


def claim(report_id: str) -> Making | None:
    """Take a report that waits, or return None if another worker took it first."""
    token = uuid.uuid4().hex
    waiting = Report.objects.filter(pk=report_id, state=Report.State.QUEUED)
    taken = waiting.update(
        state=Report.State.RUNNING,
        token=token,
        attempts=F("attempts") + 1,
        lease_until=now() + LEASE,
    )
    if not taken:
        return None
    found = Report.objects.select_related("run__model", "run__dataset", "run__owner")
    return Making(found.get(pk=report_id), token)


def beat(held: Making) -> bool:
    """Renew the lease; False if the report is no longer this worker's."""
    return bool(_mine(held).update(lease_until=now() + LEASE))


def fail(held: Making, sentence: str) -> bool:
    """Note why there is no report."""
    failed = {"state": Report.State.FAILED, "error": sentence, "finished": now()}
    return bool(_mine(held).update(**failed))


def release(held: Making) -> bool:
    """Give a report back untouched, to be made later; it does not count as an attempt."""
    later = {"token": "", "attempts": F("attempts") - 1, "lease_until": now() + BELL_LEASE}
    return bool(_mine(held).update(state=Report.State.QUEUED, **later))


def repair() -> None:
    """Give the reports of silent workers to others, and ring again for those nobody heard of."""
    silent = Report.objects.filter(
        state__in=(Report.State.QUEUED, Report.State.RUNNING), lease_until__lt=now()
    )
    for report in silent:
        held = Making(report, report.token)
        if report.attempts >= ATTEMPTS_MOST and report.state == Report.State.RUNNING:
            fail(held, STOPPED_WORKERS)
        elif _again(held):
            bells.ring_report(report.pk)


def _again(held: Making) -> bool:
    same = Report.objects.filter(
        pk=held.report.pk, token=held.token, state=held.report.state, lease_until__lt=now()
    )
    waiting = {"state": Report.State.QUEUED, "token": "", "lease_until": now() + BELL_LEASE}
    return bool(same.update(**waiting))


def _mine(held: Making) -> QuerySet[Report]:
    return Report.objects.filter(pk=held.report.pk, token=held.token, state=Report.State.RUNNING)


def _make(held: Making) -> None:
    scratch = files.scratch()
    try:
        with beating(partial(beat, held)):
            done = _written(held, scratch)
        if not _mine(held).update(**done):
            shutil.rmtree(files.results(done["result"]), ignore_errors=True)
    except shelf.Away:
        release(held)
    except XaiError as error:
        fail(held, str(error))
    except BaseException:
        log.exception("Report %s", held.report.pk)
        fail(held, INTERNAL)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _written(held: Making, scratch: Path) -> dict[str, Json]:
    """Write the files and put them where they stay; return what the row shall say."""
    from xai.reports.bundle import write_bundle  # noqa: PLC0415 - an idle worker stays small
    from xai.reports.html import policy  # noqa: PLC0415 - as above

    report, kept = held.report, scratch / "kept"
    landed = Landed(report.run, tuple(report.run.jobs.all()))
    chosen = _outline(report, landed)
    results = opinions.add_to(landed, scratch / "people")
    missing = write_bundle(results, scratch / "bundle", chosen)
    kept.mkdir()
    for name in (HTML, PDF):
        if (scratch / "bundle" / name).exists():
            shutil.copyfile(scratch / "bundle" / name, kept / name)
    if BUNDLE in report.choices["files"]:
        pack(scratch / "bundle", kept / BUNDLE)
    found = {path.name: _fingerprint(path) for path in sorted(kept.iterdir())}
    key = f"report-{report.pk.hex}-{held.token}"
    (kept / shelf.LAST).write_text(json.dumps({"role": "report", "files": found}), "utf-8")
    kept.rename(files.results(key))
    shelf.keep_results(key)
    return {
        "state": Report.State.DONE,
        "files": found,
        "missing": missing,
        "policy": policy(),
        "result": key,
        "error": "",
        "finished": now(),
    }


def _outline(report: Report, landed: Landed) -> Outline:
    from xai.reports.outline import outline  # noqa: PLC0415 - as above

    choices = report.choices
    chosen = outline(report.title, choices["sections"], choices["samples"], landed.results)
    return replace(chosen, with_pdf=PDF in choices["files"])


def pack(folder: Path, target: Path) -> Path:
    """Zip a folder; what is compressed already is stored as it is."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            kind = zipfile.ZIP_STORED if path.suffix in _STORED else zipfile.ZIP_DEFLATED
            archive.write(path, path.relative_to(folder), compress_type=kind)
    return target


def _fingerprint(path: Path) -> dict[str, Json]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"sha256": digest, "bytes": path.stat().st_size}
