"""What was asked beside the explanations: a page for each kind of question."""

from __future__ import annotations

import uuid

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from xai.web import analyses
from xai.web.landed import landed


@require_safe
def show(request: HttpRequest, pk: uuid.UUID, page: str) -> HttpResponse:
    """Show the analyses of a page, those that have landed."""
    found = landed(request, pk)
    sections = analyses.sections(found.results, page, request.GET.dict())
    if not sections:
        raise Http404("No such analysis was asked for, or none has landed yet.")
    context = {
        "landed": found,
        "run": found.run,
        "title": analyses.TITLES[page],
        "sections": sections,
    }
    return render(request, "analyses/show.html", context)
