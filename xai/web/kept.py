"""The files of a finished report, given out as they were made: what has changed is not given."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from django.http import FileResponse, Http404, HttpResponse
from django.http.response import HttpResponseBase

from xai.errors import XaiError
from xai.web import shelf
from xai.web.models import Report
from xai.web.models.reports import BUNDLE, HTML, PDF

TYPES = {HTML: "text/html; charset=utf-8", PDF: "application/pdf", BUNDLE: "application/zip"}
TITLES = {HTML: "HTML", PDF: "PDF", BUNDLE: "Bundle"}
GONE = "The file of this report is gone from the disk."
CHANGED = "This file is not the one that was made: its SHA-256 has changed on the disk."


class Changed(XaiError):
    """A file is not there as it was made."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One file of a report, as its page lists it."""

    name: str
    title: str
    size: int
    sha256: str


def listed(report: Report) -> list[Kept]:
    """Return the files of a report."""
    return [
        Kept(name, title, report.files[name]["bytes"], report.files[name]["sha256"])
        for name, title in TITLES.items()
        if name in report.files
    ]


def page(report: Report) -> HttpResponseBase:
    """Return the HTML to be read here: sandboxed, with the policy that it was made with."""
    try:
        response = HttpResponse(_path(report, HTML).read_bytes(), content_type=TYPES[HTML])
    except Changed as error:
        return _refusal(error)
    response["Content-Security-Policy"] = (
        f"{report.policy}; frame-ancestors 'none'; sandbox allow-scripts"
    )
    return _quiet(response)


def download(report: Report, name: str) -> HttpResponseBase:
    """Return a file to be taken away, under a name of ours."""
    try:
        return opened(report, name, TYPES.get(name, ""))
    except Changed as error:
        return _refusal(error)


def opened(report: Report, name: str, kind: str) -> HttpResponseBase:
    """Return a file as an attachment.

    Raises
    ------
    Changed
        If it is not there as it was made.
    """
    if name not in TYPES or name not in report.files:
        raise Http404
    response = FileResponse(_path(report, name).open("rb"), content_type=kind)
    ending = name.rpartition(".")[2]
    response["Content-Disposition"] = (
        f'attachment; filename="parallax-{str(report.pk)[:8]}.{ending}"'
    )
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return _quiet(response)


def _quiet(response: HttpResponseBase) -> HttpResponseBase:
    """Keep the address of the report to whoever has it."""
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response


def _refusal(error: Changed) -> HttpResponse:
    return HttpResponse(str(error), status=500, content_type="text/plain; charset=utf-8")


def _path(report: Report, name: str) -> Path:
    if name not in report.files or not report.result:
        raise Http404
    path = shelf.results(report.result) / name
    if not path.exists():
        raise Changed(GONE)
    with path.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != report.files[name]["sha256"]:
            raise Changed(CHANGED)
    return path
