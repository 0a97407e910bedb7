"""Where the attention heads of a text classifier look, and what each does to the score."""

from __future__ import annotations

import uuid

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from xai.reports.heads import method_of
from xai.web import heads
from xai.web.landed import landed


@require_safe
def show(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show every head of the text that the address names, and one head large."""
    found, view = landed(request, pk), heads.View.read(request.GET.dict())
    method = method_of(found.results)
    if method is None:
        raise Http404("No attention heads were asked for, or none have landed yet.")
    frame = {"landed": found, "run": found.run, "method": method}
    return render(request, "heads/show.html", frame | heads.page(found.results, method, view))
