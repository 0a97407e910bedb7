"""How a model decides: the strategic cluster graph."""

from __future__ import annotations

import uuid

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from xai.reports.explained import methods_of
from xai.web import clusters
from xai.web.landed import landed


@require_safe
def show(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show the graph, its clusters, and the samples that the address selects."""
    found, view = landed(request, pk), clusters.View.read(request.GET.dict())
    methods = methods_of(found.results)
    if not methods:
        raise Http404("No method of this run explains samples over the same units.")
    frame = {"landed": found, "run": found.run, "state": view}
    shown = clusters.page(found.results, methods, view)
    return render(request, "strategies/show.html", frame | shown)
