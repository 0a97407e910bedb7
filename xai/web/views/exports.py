"""A run taken away: as one HTML file, or as a bundle."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from xai.web.landed import landed


@require_safe
def report(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    landed(request, pk)
    return HttpResponse("")


@require_safe
def bundle(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    landed(request, pk)
    return HttpResponse("")
