"""A run taken away: as one HTML file, or as a bundle."""

from __future__ import annotations

import shutil
import uuid
from typing import TypeVar

from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from tasks.reports import pack
from xai.reports.bundle import write_bundle
from xai.reports.html import policy, render
from xai.web import files, opinions
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
    scratch = files.scratch()
    try:
        write_bundle(opinions.add_to(found, scratch / "people"), scratch / "bundle")
        packed = pack(scratch / "bundle", scratch / "bundle.zip")
        # Open, it can be read to its end after its name is gone.
        response = FileResponse(packed.open("rb"), content_type="application/zip")
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return _attached(response, found, "zip")


def _attached(response: Answer, found: Landed, ending: str) -> Answer:
    """Return the answer as a download under a name of ours: none that a person gave."""
    name = f"parallax-{str(found.run.pk)[:8]}.{ending}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Content-Security-Policy"] = f"{policy()}; sandbox allow-scripts"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-cache"
    return response
