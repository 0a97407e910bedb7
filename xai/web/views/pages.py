"""Home, and the page about this installation."""

from __future__ import annotations

import platform
import sqlite3

from django.conf import settings
from django.db import connection
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from xai.runner.examples import EXAMPLES
from xai.web import system as machine
from xai.web.models import Run, Study, Upload

SQLITE_SOUND = (3, 51, 3)
"""From this version on, a rare corruption of write-ahead logs is mended."""
RECENT = 8
SHOWN_BESIDE = ("django", "celery", "gunicorn")
"""Versions that the supervisor noted; the page asks for the others itself."""


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show the recent runs, the examples, and the way to one's own."""
    runs = Run.objects.for_user(request.user).listed().select_related("model", "dataset")[:RECENT]
    ready = Upload.objects.for_user(request.user).ready()
    asked = Study.objects.for_guest(request.user).filter(is_open=True)[:RECENT]
    context = {
        "runs": runs,
        "asked": asked,
        "has_files": ready.exists(),
        "examples": EXAMPLES.values(),
    }
    return render(request, "home.html", context)


@require_safe
def system(request: HttpRequest) -> HttpResponse:
    """Show what isolates models here, what carries the messages, and the limits."""
    is_sqlite = connection.vendor == "sqlite"
    mine = Upload.objects.for_user(request.user).exclude(state=Upload.State.REFUSED)
    noted = machine.read()
    context = {
        "machine": noted,
        "blocked": sum(probe["blocked"] for probe in noted["isolation"]["probes"]),
        "versions": [(n.title(), v) for n, v in noted["versions"].items() if n in SHOWN_BESIDE],
        "isolation_required": settings.ISOLATION_REQUIRED,
        "mode": settings.MODE,
        "python": platform.python_version(),
        "database": f"SQLite {sqlite3.sqlite_version}" if is_sqlite else "PostgreSQL",
        "is_sqlite_old": is_sqlite and sqlite3.sqlite_version_info < SQLITE_SOUND,
        "used": mine.aggregate(total=Sum("size"))["total"] or 0,
        "files": mine.count(),
        "limits": settings,
    }
    return render(request, "system.html", context)
