"""A run taken away: as one HTML file, or as a bundle."""

from __future__ import annotations

import shutil
import uuid
from pathlib import Path
from typing import TypeVar

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from xai.reports.html import policy, render
from xai.web import files, opinions, packing
from xai.web.landed import Landed, landed

Answer = TypeVar("Answer", bound=HttpResponseBase)


@require_safe
def report(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Return the report: one file that opens without this site."""
    found = landed(request, pk)
    scratch = files.scratch()
    try:
        text = render(opinions.add_to(found, scratch / "people"))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    response = HttpResponse(text, content_type="text/html; charset=utf-8")
    return _attached(response, found, "html")


@require_safe
def bundle(request: HttpRequest, pk: uuid.UUID) -> FileResponse:
    """Return everything, with its manifest, as a zip."""
    found = landed(request, pk)
    response = FileResponse(packing.zipped(found), content_type="application/zip")
    return _attached(response, found, "zip")


@require_safe
def member(request: HttpRequest, pk: uuid.UUID, name: str) -> FileResponse:
    """Return one file of the bundle."""
    found = landed(request, pk)
    opened = packing.member(found, name)
    if opened is None:
        raise Http404("The bundle has no file of this name.")
    response = FileResponse(opened, content_type="application/octet-stream")
    return _attached(response, found, Path(name).suffix.removeprefix("."))


def _attached(response: Answer, found: Landed, ending: str) -> Answer:
    """Return the answer as a download under a name of ours: none that a person gave."""
    name = f"parallax-{str(found.run.pk)[:8]}.{ending}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Content-Security-Policy"] = f"{policy()}; sandbox allow-scripts"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-cache"
    return response
