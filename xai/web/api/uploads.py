"""Files: at once or in parts, what inspection found, what goes together."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Path, Router, Status
from pydantic import Field

from tasks import queue
from xai.web import fitting, rates, uploads
from xai.web.api.shapes import (
    Fitting,
    Offset,
    Purpose,
    Sha,
    UploadAsked,
    UploadList,
    UploadState,
    UploadTold,
)
from xai.web.models import Upload
from xai.web.uploads import UploadError

router = Router(tags=["Files"])

Limit = Annotated[int, Field(ge=1, le=200)]
Skip = Annotated[int, Field(ge=0, le=10**9)]
BYTES = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


def _mine(request: HttpRequest, pk: UUID) -> Upload:
    return get_object_or_404(Upload.objects.for_user(request.user), pk=pk)


def told(upload: Upload) -> UploadTold:
    """Return what programs are told of a file."""
    fields = ("purpose", "name", "size", "received", "sha256", "state", "refusal", "facts")
    return UploadTold(
        id=upload.pk,
        created=upload.created,
        part_bytes=settings.PART_BYTES,
        **{name: getattr(upload, name) for name in fields},
    )


@router.get("/uploads", response=UploadList, summary="List files, the newest first")
def list_uploads(
    request: HttpRequest,
    purpose: Purpose | None = None,
    state: UploadState | None = None,
    sha256: Sha = "",
    limit: Limit = 50,
    skip: Skip = 0,
) -> UploadList:
    """All of yours, or those with one purpose, state or content."""
    found = Upload.objects.for_user(request.user).listed()
    given = {"purpose": purpose, "state": state, "sha256": sha256.lower()}
    found = found.filter(**{name: value for name, value in given.items() if value})
    return UploadList(count=found.count(), items=[told(one) for one in found[skip : skip + limit]])


@router.post("/uploads", response={201: UploadTold}, summary="Begin a file in parts")
def begin_upload(request: HttpRequest, asked: UploadAsked) -> Any:
    """Room is reserved before the first byte. Then send the parts, then complete it.

    Give the file's SHA-256, and a file that changed on its way is refused.
    """
    rates.check("upload", request.user.pk)
    begun = uploads.begin(request.user, asked.name, asked.size, asked.purpose, asked.sha256)
    return Status(201, told(begun))


@router.put(
    "/uploads/{uuid:pk}/parts",
    response=Offset,
    summary="Send the next bytes",
    openapi_extra=BYTES,
)
def send_part(
    request: HttpRequest,
    pk: Path[UUID],
    offset: Annotated[int, Field(ge=0, le=2**62)],
    sha256: Sha = "",
) -> Any:
    """At most `part_bytes` bytes, from the byte expected next.

    A 409 names that byte (`offset`): after a broken connection go on from there. With the part's
    SHA-256, a part that changed on its way is refused and can be sent again.
    """
    upload = _mine(request, pk)
    length = _length(request, settings.PART_BYTES)
    return Offset(offset=uploads.append(upload, offset, length, request, sha256))


@router.post("/uploads/{uuid:pk}/complete", response=UploadTold, summary="Complete a file")
def complete_upload(request: HttpRequest, pk: Path[UUID]) -> Any:
    """Close the file and send it to inspection; asked again, the same answer."""
    upload = _mine(request, pk)
    if upload.state == Upload.State.UPLOADING:
        upload = uploads.complete(upload)
        queue.begin_inspection(upload)
    return told(upload)


@router.put(
    "/uploads/whole",
    response={201: UploadTold},
    summary="Send a file at once",
    openapi_extra=BYTES,
)
def send_whole(
    request: HttpRequest,
    purpose: Purpose,
    name: Annotated[str, Field(min_length=1, max_length=1000)],
    sha256: Sha = "",
) -> Any:
    """The body is the file, at most `one_shot_bytes` of it; larger ones go in parts."""
    rates.check("upload", request.user.pk)
    length = _length(request, settings.ONE_SHOT_BYTES)
    upload = uploads.whole(request.user, name, length, purpose, request, sha256)
    queue.begin_inspection(upload)
    return Status(201, told(upload))


@router.get("/uploads/{uuid:pk}", response=UploadTold, summary="Show a file")
def show_upload(request: HttpRequest, pk: Path[UUID]) -> Any:
    """How far it is; what inspection found, or why it was refused."""
    return told(_mine(request, pk))


@router.get("/uploads/{uuid:pk}/fits", response=list[Fitting], summary="What goes with a file")
def fits(request: HttpRequest, pk: Path[UUID]) -> Any:
    """Models for a dataset, or datasets for a model, the fitting ones first; the 20 newest."""
    upload = _mine(request, pk)
    if upload.state != Upload.State.READY:
        raise UploadError("Only a file that passed inspection can be matched.", 409)
    others = Upload.objects.for_user(request.user).listed().ready().exclude(purpose=upload.purpose)
    return [_fitting(one) for one in fitting.fits(upload, others[:20])]


@router.delete("/uploads/{uuid:pk}", response={204: None}, summary="Delete a file")
def delete_upload(request: HttpRequest, pk: Path[UUID]) -> Any:
    """Refused while an explanation uses it."""
    uploads.delete(_mine(request, pk))
    return Status(204, None)


def _length(request: HttpRequest, most: int) -> int:
    try:
        length = int(request.META["CONTENT_LENGTH"])
    except (KeyError, ValueError):
        raise UploadError("Send a body with a length.", 411) from None
    if length < 1:
        raise UploadError("The body is empty.", 422)
    if length > most:
        raise UploadError(f"The body has more than {most:,} bytes: send the file in parts.", 413)
    return length


def _fitting(one: fitting.Fit) -> Fitting:
    names = ("is_fitting", "reason", "label", "text", "pair", "continuation")
    found = {name: getattr(one, name) for name in names}
    return Fitting(id=one.other.pk, name=one.other.name, **found)
