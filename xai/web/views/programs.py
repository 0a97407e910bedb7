"""For those who write programs: their tokens, and the description of the API."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from xai.errors import InvalidParameter
from xai.web import manual, tokens
from xai.web.api.site import api
from xai.web.models import Token

LASTING = (("30", "30 days"), ("90", "90 days"), ("365", "a year"), ("", "until revoked"))
"""How long a new token may last, in days."""


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def tokens_page(request: HttpRequest) -> HttpResponse:
    """List the tokens; make one, and show its secret this once."""
    context: dict[str, Any] = {"lasting": LASTING, "most": tokens.TOKENS_MOST}
    if request.method == "POST":
        try:
            days = _days(request.POST.get("days", ""))
            made, context["secret"] = tokens.make(request.user, request.POST.get("name", ""), days)
            context["made"] = made
        except InvalidParameter as error:
            context["error"] = str(error)
    context["tokens"] = Token.objects.for_user(request.user)[:200]
    return render(request, "tokens.html", context, status=422 if "error" in context else 200)


@require_POST
def revoke(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Close the door to a program."""
    token = get_object_or_404(Token.objects.for_user(request.user), pk=pk)
    tokens.revoke(token)
    messages.success(request, f"The token {token.name} is revoked.", extra_tags="good")
    return redirect("tokens")


@require_safe
def described(request: HttpRequest) -> HttpResponse:
    """Show every operation of the API, from the description that programs read."""
    schema = api.get_openapi_schema()
    site = request.build_absolute_uri("/").rstrip("/")
    return render(request, "api.html", {"groups": manual.groups(schema), "site": site})


def _days(given: str) -> int | None:
    if not given:
        return None
    if not given.isdigit() or len(given) > 5:
        raise InvalidParameter("Choose how long the token lasts.")
    return int(given)
