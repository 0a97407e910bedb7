"""The pages for what went wrong."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from xai.web import problems


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    """Say that this is not allowed."""
    return render(request, "403.html", status=403)


def missing(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    """Say that there is no such page; the same answer for things of other people."""
    if problems.is_of_programs(request):
        return problems.answer(404, problems.NOWHERE)
    return render(request, "404.html", status=404)


def failed(request: HttpRequest) -> HttpResponse:
    """Say that the fault is ours, without the database or the user."""
    if problems.is_of_programs(request):
        return problems.answer(500, "The fault is ours; it has been logged.")
    return render(request, "500.html", status=500)


def unverified(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001
    """Say that a form came without its token, as after a cookie was cleared."""
    return render(request, "403.html", status=403)
