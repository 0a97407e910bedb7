"""The example that runs without any upload: begun by one button, watched until its run is there."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from tasks import examples
from xai.errors import XaiError
from xai.runner.examples import EXAMPLES, Example


def _example(name: str) -> Example:
    if name not in EXAMPLES:
        raise Http404
    return EXAMPLES[name]


@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest, name: str) -> HttpResponse:
    """Begin the example, or show how far it is; its run's page once there is one."""
    example = _example(name)
    if request.method == "POST":
        try:
            run = examples.begin(request.user, example)
        except XaiError as error:
            messages.add_message(request, messages.ERROR, str(error), extra_tags="bad")
            return redirect("home")
        return redirect(run or request.path)
    if run := examples.run_of(request.user, example):
        return redirect(run)
    return render(request, "examples/show.html", _card(request, example))


@require_GET
def status(request: HttpRequest, name: str) -> HttpResponse:
    """Return the moving part of the page, or lead htmx to the run."""
    example = _example(name)
    if run := examples.run_of(request.user, example):
        answer: HttpResponse = HttpResponseClientRedirect(run.get_absolute_url())
        return answer
    return render(request, "examples/_status.html", _card(request, example))


def _card(request: HttpRequest, example: Example) -> dict[str, Any]:
    uploads = examples.files_of(request.user, example)
    is_waiting = bool(uploads) and all(one.state != one.State.REFUSED for one in uploads)
    return {"example": example, "uploads": uploads, "is_waiting": is_waiting}
