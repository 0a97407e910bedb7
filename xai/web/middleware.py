"""What every request passes: a limit on its body, the policy headers, and who is asking."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.functional import SimpleLazyObject

from xai.web import problems, shelf

Handler = Callable[[HttpRequest], HttpResponse]

LOCAL_NAME = "local"
_NORMAL_BODY = 2**20
_MARGIN = 64 * 2**10
"""Room for the other fields and the borders of a multipart form."""
_PART = re.compile(r"/uploads/(?:[0-9a-f-]{36}/parts|new)/|/api/v1/uploads/[0-9a-f-]{36}/parts")
_WHOLE = "/api/v1/uploads/whole"


class BodyLimit:
    """Refuse a body by its declared length, before anything reads it."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer 411 without a length, 413 beyond the limit of the address."""
        length = request.META.get("CONTENT_LENGTH") or ""
        if request.META.get("HTTP_TRANSFER_ENCODING") or not (length.isdigit() or length == ""):
            return _refusal(request, "The request has a body without a length.", 411)
        limit = _limit(request.path_info)
        if int(length or 0) > limit:
            return _refusal(request, f"The request is larger than {limit // 2**20} MB.", 413)
        return self.get_response(request)


def _limit(path: str) -> int:
    if path == _WHOLE:
        return int(settings.ONE_SHOT_BYTES)
    return settings.PART_BYTES + _MARGIN if _PART.fullmatch(path) else _NORMAL_BODY


def _refusal(request: HttpRequest, sentence: str, status: int) -> HttpResponse:
    if problems.is_of_programs(request):
        response = problems.answer(status, sentence)
    else:
        response = HttpResponse(sentence, status=status, content_type="text/plain; charset=utf-8")
    # The body is left unread: the connection cannot serve another request.
    response["X-Content-Type-Options"] = "nosniff"
    return response


class ContentPolicy:
    """Add the content and permissions policies, unless a view has set a stricter one."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response
        self.policy = "; ".join(
            f"{name} {' '.join(sources)}" for name, sources in settings.SECURE_CSP.items()
        )

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer with the headers."""
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", self.policy)
        response.headers.setdefault("Permissions-Policy", settings.PERMISSIONS_POLICY)
        return response


class LocalOwner:
    """In local mode, everybody on this machine is the one owner; no password."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Name the owner, for a request that came to a loopback address only."""
        if not settings.IS_SERVER:
            # Refuses a foreign Host, and with it a page elsewhere that calls itself 127.0.0.1.
            request.get_host()
            # Asked for when needed: whether the process lives is no matter of the database.
            owner: Any = SimpleLazyObject(local_owner)
            request.user = owner
        return self.get_response(request)


class LoginRequired(LoginRequiredMiddleware):
    """Leads to the login, but does not ask who is there where nobody need be."""

    def process_view(
        self,
        request: HttpRequest,
        view_func: Callable[..., HttpResponseBase],
        view_args: Any,
        view_kwargs: Any,
    ) -> HttpResponseBase | None:
        """Leave open views alone: a probe must not touch the database."""
        if not getattr(view_func, "login_required", True):
            return None
        return super().process_view(request, view_func, view_args, view_kwargs)


class StoreAway:
    """Answer 503 in words while the shared store does not answer."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass on."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Turn the store's silence into a page."""
        if not isinstance(error, shelf.Away):
            return None
        answer = render(request, "503.html", {"sentence": str(error)}, status=503)
        answer["Retry-After"] = "60"
        return answer


def local_owner() -> Any:
    """Return the owner of everything in local mode, made at the first call."""
    users = get_user_model().objects
    # get_or_create would open a write transaction on every page.
    found = users.filter(username=LOCAL_NAME).first()
    if found is None:
        found, _ = users.get_or_create(
            username=LOCAL_NAME, defaults={"password": make_password(None)}
        )
    return found
