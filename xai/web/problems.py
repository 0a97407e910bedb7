"""A refusal for programs: problem details (RFC 9457) with one plain sentence."""

from __future__ import annotations

import json
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse

MEDIA = "application/problem+json"
NOWHERE = "There is no such thing, or it is not yours."
ROOT = "/api/"


def is_of_programs(request: HttpRequest) -> bool:
    """Whether a program asks, which cannot read a page."""
    return request.path_info.startswith(ROOT)


def answer(status: int, sentence: str, **more: object) -> HttpResponse:
    """Return a problem."""
    told = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    content = json.dumps({**told, "detail": sentence, **more})
    response = HttpResponse(content, status=status, content_type=MEDIA)
    response["Cache-Control"] = "no-store"
    if status == HTTPStatus.UNAUTHORIZED:
        response["WWW-Authenticate"] = "Bearer"
    return response
