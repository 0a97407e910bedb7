"""What two features add together: over all rows, and of one row."""

from __future__ import annotations

import uuid

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from xai.reports.interactions import method_of
from xai.web import interactions
from xai.web.landed import landed


@require_safe
def show(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show the strongest pairs of features, and those of the row that the address names."""
    found, view = landed(request, pk), interactions.View.read(request.GET.dict())
    method = method_of(found.results)
    if method is None:
        raise Http404("No interactions were asked for, or none have landed yet.")
    frame = {"landed": found, "run": found.run, "method": method, "unit": found.results.unit}
    shown = interactions.page(found.results, method, view)
    return render(request, "interactions/show.html", frame | shown)
