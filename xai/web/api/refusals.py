"""Which error is answered how."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from xai.errors import XaiError
from xai.web.problems import NOWHERE, answer
from xai.web.rates import TooMany
from xai.web.shelf import Away


def register(api: NinjaAPI) -> None:
    """Have every error of the product answered as a problem; what is left is a bug, and logged."""
    api.add_exception_handler(XaiError, _refused)
    api.add_exception_handler(HttpError, _told)
    api.add_exception_handler(ValidationError, _unread)
    api.add_exception_handler(Http404, _missing)


def _refused(_request: HttpRequest, error: Any) -> HttpResponse:
    if isinstance(error, TooMany):
        response = answer(429, str(error))
        response["Retry-After"] = str(error.wait)
        return response
    if isinstance(error, Away):
        response = answer(503, str(error))
        response["Retry-After"] = "60"
        return response
    offset = getattr(error, "offset", None)
    more = {} if offset is None else {"offset": offset}
    return answer(getattr(error, "status", 422), str(error), **more)


def _told(_request: HttpRequest, error: Any) -> HttpResponse:
    sentence = str(error)
    if error.status_code == HTTPStatus.UNAUTHORIZED and sentence == "Unauthorized":
        sentence = "Log in, or send a token: Authorization: Bearer …"
    return answer(error.status_code, sentence)


def _unread(_request: HttpRequest, error: Any) -> HttpResponse:
    first = error.errors[0]
    # ("body", "asked", "rows"): the name of the function's argument tells a program nothing.
    place = [str(part) for part in first.get("loc", ()) if part not in {"body", "asked"}]
    where = ".".join(place[1:] if place[:1] in (["query"], ["path"]) else place)
    said = first.get("msg", "cannot be read")
    return answer(422, f"{where}: {said}." if where else f"{said}.")


def _missing(_request: HttpRequest, error: Any) -> HttpResponse:
    sentence = str(error)
    # Django's own words name tables; the product's are sentences.
    is_ours = sentence.endswith(".") and "matches the given query" not in sentence
    return answer(404, sentence if is_ours else NOWHERE)
