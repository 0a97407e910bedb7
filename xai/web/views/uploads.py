"""Files: their way in, and what inspection says of them."""

from __future__ import annotations

import json
import uuid
from functools import wraps
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tasks import queue
from xai.errors import XaiError
from xai.web import fitting, paging, rates, uploads
from xai.web.models import Run, Upload
from xai.web.quotas import QuotaExceeded
from xai.web.rates import TooMany
from xai.web.uploads import UploadError

if TYPE_CHECKING:
    from collections.abc import Callable

PURPOSES = {"models": Upload.Purpose.MODEL, "datasets": Upload.Purpose.DATASET}


def _mine(request: HttpRequest, pk: uuid.UUID) -> Upload:
    return get_object_or_404(Upload.objects.for_user(request.user), pk=pk)


def _said(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Answer what is refused as JSON with its status."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except UploadError as error:
            told: dict[str, Any] = {"error": str(error)}
            if error.offset is not None:
                told["offset"] = error.offset
            return JsonResponse(told, status=error.status)
        except QuotaExceeded as error:
            return JsonResponse({"error": str(error)}, status=error.status)
        except TooMany as error:
            headers = {"Retry-After": str(error.wait)}
            return JsonResponse({"error": str(error)}, status=429, headers=headers)

    return answer


@require_POST
@_said
def begin(request: HttpRequest) -> HttpResponse:
    """Reserve room for a file: `{name, size, purpose, sha256?}` in, `{id, offset, chunk}` out."""
    rates.check("upload", request.user.pk)
    try:
        asked = json.loads(request.body)
        name, size, purpose = str(asked["name"]), int(asked["size"]), str(asked["purpose"])
        sha256 = str(asked.get("sha256") or "")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError):
        raise UploadError("Give name, size and purpose as JSON.", 422) from None
    upload = uploads.begin(request.user, name, size, purpose, sha256)
    told = {"id": str(upload.pk), "offset": 0, "chunk": settings.PART_BYTES}
    return JsonResponse(told, status=201)


@require_http_methods(["PUT"])
@_said
def parts(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Take the next bytes; 409 with the right offset if they are others."""
    upload = _mine(request, pk)
    try:
        offset = int(request.GET["offset"])
        length = int(request.META["CONTENT_LENGTH"])
    except (KeyError, ValueError):
        raise UploadError("Give an offset, and a body with a length.", 411) from None
    return JsonResponse({"offset": uploads.append(upload, offset, length, request)})


@require_GET
def offset(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Say which byte comes next, for an upload that was interrupted."""
    upload = _mine(request, pk)
    return JsonResponse({"offset": upload.received, "state": upload.state})


@require_POST
@_said
def complete(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Close the file and send it to inspection."""
    upload = _mine(request, pk)
    # Asked again, because the answer was lost on its way: the same answer.
    if upload.state == Upload.State.UPLOADING:
        upload = uploads.complete(upload)
        queue.begin_inspection(upload)
    return JsonResponse({"url": upload.get_absolute_url()})


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Offer the two upload areas; take a small file from a browser without JavaScript."""
    context: dict[str, Any] = {"limit": settings.MAX_FILE}
    if request.method == "POST":
        try:
            return redirect(_whole(request))
        except XaiError as error:
            context["error"] = str(error)
    status = 422 if "error" in context else 200
    return render(request, "uploads/new.html", context, status=status)


def _whole(request: HttpRequest) -> Upload:
    given = request.FILES.get("file")
    if given is None or given.size is None:
        raise UploadError("Choose a file first.", 422)
    rates.check("upload", request.user.pk)
    purpose = request.POST.get("purpose", "")
    upload = uploads.whole(request.user, given.name or "", given.size, purpose, given)
    queue.begin_inspection(upload)
    return upload


@require_GET
def listing(request: HttpRequest, purpose: str) -> HttpResponse:
    """List the models or the datasets of the owner."""
    mine = Upload.objects.for_user(request.user).listed().filter(purpose=PURPOSES[purpose])
    context = {"uploads": paging.page(request, mine), "purpose": purpose}
    return render(request, "uploads/list.html", context)


@require_GET
def show(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show the inspection card, the refusal, or how far the file is."""
    return render(request, "uploads/show.html", _card(request, _mine(request, pk)))


@require_GET
def status(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Return the card alone, for htmx to swap in."""
    return render(request, "uploads/_status.html", _card(request, _mine(request, pk)))


def _card(request: HttpRequest, upload: Upload) -> dict[str, Any]:
    context: dict[str, Any] = {"upload": upload, "facts": upload.facts}
    if upload.state == Upload.State.READY:
        mine = Upload.objects.for_user(request.user).listed().ready()
        others = mine.exclude(purpose=upload.purpose)
        context["fits"] = fitting.fits(upload, others[:20])
        key = {"model": "model", "dataset": "dataset"}[upload.purpose]
        runs = Run.objects.for_user(request.user).listed()
        context["runs"] = runs.filter(**{key: upload})[:5]
    return context


@require_POST
def delete(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Delete a file that no explanation uses."""
    upload = _mine(request, pk)
    purpose = "models" if upload.purpose == Upload.Purpose.MODEL else "datasets"
    try:
        uploads.delete(upload)
    except UploadError as error:
        messages.add_message(request, messages.ERROR, str(error), extra_tags="bad")
        return redirect(upload)
    messages.success(request, f"{upload.name} is deleted.", extra_tags="good")
    return redirect(reverse(purpose))
