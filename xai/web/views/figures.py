"""Figures as JSON, drawn by the page; kept by the browser, because results do not change."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from xai.reports import pictures
from xai.reports.results import Results
from xai.web.landed import landed

if TYPE_CHECKING:
    import uuid

FOREVER, ASK_AGAIN = "private, max-age=31536000, immutable", "private, no-cache"


@require_safe
def show(request: HttpRequest, pk: uuid.UUID, name: str) -> HttpResponse:
    """Return one figure, or 304 if the browser has it."""
    found = landed(request, pk)
    query = request.GET.dict()
    named = f"{found.version} {name} {sorted(query.items())}"
    etag = f'"{hashlib.sha256(named.encode()).hexdigest()[:32]}"'
    response = get_conditional_response(request, etag=etag)
    if response is None:
        response = JsonResponse(_drawn(found.results, name, query))
        response["ETag"] = etag
    response["Cache-Control"] = FOREVER if query.get("v") == found.version else ASK_AGAIN
    return response


def _drawn(results: Results, name: str, query: dict[str, str]) -> dict[str, Any]:
    try:
        return pictures.draw(results, name, query)
    except (KeyError, IndexError, ValueError) as error:
        raise Http404(f"There is no such figure: {error}") from None
