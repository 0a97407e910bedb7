"""Remove runs and reports, and the results that nobody else shares."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

from django.db import models, transaction

from xai.errors import XaiError
from xai.web import files, shelf
from xai.web.models import Job, Report, ReportLink, Run

SHARED = "A report of this explanation is shared by a link. Revoke the link first."


def remove(run: Run) -> None:
    """Delete the rows of a run and of its reports, and the folders that only they named.

    Raises
    ------
    XaiError
        If somebody may hold a link to one of its reports.
    """
    with transaction.atomic():
        _let_go(ReportLink.objects.filter(report__run=run))
        names = set(run.jobs.exclude(result="").values_list("result", flat=True))
        reports = set(run.reports.exclude(result="").values_list("result", flat=True))
        run.delete()
        names -= set(Job.objects.filter(result__in=names).values_list("result", flat=True))
        gone = _set_aside(names | reports)
    _forget(names | reports, gone)


def remove_report(report: Report) -> None:
    """Delete a report and its files.

    Raises
    ------
    XaiError
        If somebody may hold a link to it.
    """
    with transaction.atomic():
        _let_go(ReportLink.objects.filter(report=report))
        names = {report.result} - {""}
        report.delete()
        gone = _set_aside(names)
    _forget(names, gone)


def _let_go(links: models.QuerySet[ReportLink]) -> None:
    if links.filter(ReportLink.valid()).exists():
        raise XaiError(SHARED)
    links.delete()


def _set_aside(names: set[str]) -> list[Path]:
    """Move folders away before the commit: whoever asks for the same result next finds no half."""
    folders = [folder for name in names if (folder := files.results(name)).exists()]
    return [folder.rename(files.scratch() / folder.name) for folder in folders]


def _forget(names: set[str], gone: list[Path]) -> None:
    for name in names:
        # What a store that is away keeps is swept later: no row names it.
        with suppress(shelf.Away):
            shelf.forget_results(name)
    for folder in gone:
        shutil.rmtree(folder.parent, ignore_errors=True)
