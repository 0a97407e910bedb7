"""What an image classifier looks for, class by class."""

from __future__ import annotations

import uuid

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from xai.reports.concepts import method_of
from xai.web import concepts
from xai.web.landed import landed


@require_safe
def show(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show the concepts of the class that the address names, and their maps in one picture."""
    found, view = landed(request, pk), concepts.View.read(request.GET.dict())
    method = method_of(found.results)
    if method is None:
        raise Http404("No concepts were asked for, or none have landed yet.")
    frame = {"landed": found, "run": found.run, "state": view, "method": method}
    return render(request, "concepts/show.html", frame | concepts.page(found.results, method, view))
