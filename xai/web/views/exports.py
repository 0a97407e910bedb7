"""A run taken away: as one HTML file, or as a bundle."""

from __future__ import annotations

import shutil
import uuid
import zipfile
from pathlib import Path
from typing import TypeVar

from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from xai.reports.bundle import write_bundle
from xai.reports.html import policy, render
from xai.web import files
from xai.web.landed import Landed, landed

Answer = TypeVar("Answer", bound=HttpResponseBase)
STORED = {".parquet", ".png"}
"""Compressed already."""


@require_safe
def report(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Return the report: one file that opens without this site."""
    found = landed(request, pk)
    response = HttpResponse(render(found.results), content_type="text/html; charset=utf-8")
    return _attached(response, found, "html")


@require_safe
def bundle(request: HttpRequest, pk: uuid.UUID) -> FileResponse:
    """Return everything, with its manifest, as a zip."""
    found = landed(request, pk)
    scratch = files.scratch()
    try:
        write_bundle(found.results, scratch / "bundle")
        packed = _pack(scratch / "bundle", scratch / "bundle.zip")
        # Open, it can be read to its end after its name is gone.
        response = FileResponse(packed.open("rb"), content_type="application/zip")
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return _attached(response, found, "zip")


def _pack(folder: Path, target: Path) -> Path:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            kind = zipfile.ZIP_STORED if path.suffix in STORED else zipfile.ZIP_DEFLATED
            archive.write(path, path.relative_to(folder), compress_type=kind)
    return target


def _attached(response: Answer, found: Landed, ending: str) -> Answer:
    """Return the answer as a download under a name of ours: none that a person gave."""
    name = f"parallax-{str(found.run.pk)[:8]}.{ending}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Content-Security-Policy"] = f"{policy()}; sandbox allow-scripts"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-cache"
    return response
