"""A text edited on the page and explained again, without leaving it."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET, require_POST

from tasks import edits
from xai.errors import XaiError
from xai.web import comparison, texts
from xai.web.landed import Landed
from xai.web.models import Run


@require_POST
def begin(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Explain the text of the form; answer with the fragment that watches it."""
    run = get_object_or_404(Run.objects.for_user(request.user), pk=pk)
    given = {name: request.POST.get(name, "") for name in ("text", "pair", "continuation")}
    try:
        edit = edits.begin(run, **given)
    except XaiError as error:
        return render(request, "texts/_edit.html", {"error": str(error)})
    return render(request, "texts/_edit.html", _shown(edit))


@require_GET
def show(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Return what has landed of an edit."""
    mine = Run.objects.for_user(request.user).exclude(parent=None)
    return render(request, "texts/_edit.html", _shown(get_object_or_404(mine, pk=pk)))


def _shown(edit: Run) -> dict[str, Any]:
    landed = Landed(edit, tuple(edit.jobs.all()))
    context: dict[str, Any] = {"edit": edit, "run": edit, "landed": landed, "is_edit": True}
    if "predictions" not in landed.folders or len(landed.folders) < 2:
        return context
    results = landed.results
    state = texts.State(sample=int(results.predictions.samples[0]))
    return context | {
        "state": state,
        "unit": results.unit,
        "prediction": comparison.prediction(results, state),
        **texts.side_by_side(results, state),
    }
