"""The way of a file into the data folder: begin, parts, complete. Nothing here looks inside it."""

from __future__ import annotations

import fcntl
import hashlib
import os
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Q
from django.utils.timezone import now

from xai.errors import XaiError
from xai.web import files, quotas, shelf
from xai.web.models import Run, Upload
from xai.web.templatetags.parallax import size as in_words

_READ = 256 * 2**10
STALE = timedelta(days=2)
"""After this long without a byte, a growing upload is given up."""


class UploadError(XaiError):
    """An upload cannot go on; `status` is the answer's, `offset` the byte expected next."""

    def __init__(self, sentence: str, status: int, offset: int | None = None) -> None:
        super().__init__(sentence)
        self.status = status
        self.offset = offset


class Stream(Protocol):
    """A request's body."""

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes; empty at the end."""


def clean_name(name: str) -> str:
    """Return a given name as text to show: no folders, no control or direction characters."""
    base = name.replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(c for c in base if not unicodedata.category(c).startswith("C"))
    return kept.strip()[:255] or "unnamed"


def begin(owner: Any, name: str, size: int, purpose: str, sha256: str = "") -> Upload:
    """Reserve room for a file before its first byte.

    Raises
    ------
    UploadError
        If the file is empty or too large.
    QuotaExceeded
        If the quota or the disk has no room for it.
    """
    if purpose not in Upload.Purpose.values:
        raise UploadError("An upload is a model or a dataset.", 422)
    if size < 1:
        raise UploadError("The file is empty.", 422)
    if size > settings.MAX_FILE:
        raise UploadError(
            f"The file has {in_words(size)}; the largest file accepted here has "
            f"{in_words(settings.MAX_FILE)}.",
            413,
        )
    with transaction.atomic():
        # PostgreSQL: one upload of an owner at a time counts. SQLite is IMMEDIATE: the same.
        get_user_model().objects.select_for_update().get(pk=owner.pk)
        quotas.check_files(owner, size)
        quotas.check_disk(size)
        return Upload.objects.create(
            owner=owner,
            name=clean_name(name),
            size=size,
            purpose=purpose,
            facts={"expected_sha256": sha256.lower()} if sha256 else {},
        )


def promise(owner: Any, name: str, purpose: str, facts: dict[str, Any]) -> Upload:
    """Reserve a place for a file that a worker will make here; `adopt` gives it its bytes.

    Raises
    ------
    QuotaExceeded
        If the quota or the disk has no room.
    """
    with transaction.atomic():
        get_user_model().objects.select_for_update().get(pk=owner.pk)
        quotas.check_files(owner, 0)
        quotas.check_disk(0)
        return Upload.objects.create(
            owner=owner,
            name=name,
            size=0,
            purpose=purpose,
            facts=facts,
            state=Upload.State.CHECKING,
        )


def adopt(upload: Upload, made: Path) -> None:
    """Move a file that was made here to the stored bytes, and note its hash on the upload.

    Raises
    ------
    UploadError
        409 if another worker adopted one first.
    """
    with made.open("rb") as file:
        sha, size = hashlib.file_digest(file, "sha256").hexdigest(), made.stat().st_size
    with _store_locked(sha):
        shelf.keep_upload(sha, made)
        moved = Upload.objects.filter(pk=upload.pk, token=upload.token, sha256="").update(
            sha256=sha, size=size, received=size, changed=now()
        )
        if not moved:
            raise UploadError("The file is there already.", 409)
        _store(made, sha)
    upload.refresh_from_db()


def append(upload: Upload, offset: int, length: int, body: Stream, sha256: str = "") -> int:
    """Write `length` bytes of `body` at `offset`; return the byte expected next.

    Raises
    ------
    UploadError
        409 if `offset` is not the next byte or another part is being written; 413 if the part
        reaches beyond the declared size; 400 if the body ends early; 422 if its bytes are not
        those of `sha256`.
    """
    if not 0 < length <= settings.PART_BYTES or offset + length > upload.size:
        raise UploadError("The part is empty, too large, or reaches beyond the file's end.", 413)
    handle = os.open(files.part(upload.pk), os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(handle, "r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UploadError("Another part is being written.", 409, upload.received) from None
        upload.refresh_from_db()
        if upload.state != Upload.State.UPLOADING or offset != upload.received:
            raise UploadError("This is not the next byte.", 409, upload.received)
        file.seek(offset)
        found = _copy(body, file, length)
        file.flush()
        if sha256 and sha256.lower() != found:
            sentence = "The part changed on its way (wrong SHA-256). Send it again."
            raise UploadError(sentence, 422, offset)
        Upload.objects.filter(pk=upload.pk, received=offset).update(
            received=offset + length, changed=now()
        )
    upload.received = offset + length
    return upload.received


def whole(owner: Any, name: str, size: int, purpose: str, body: Stream, sha256: str = "") -> Upload:
    """Take a file at once, by the same steps; nothing stays of one that fails.

    Raises
    ------
    UploadError, QuotaExceeded
        As `begin`, `append` and `complete`.
    """
    upload = begin(owner, name, size, purpose, sha256)
    try:
        while (offset := upload.received) < size:
            append(upload, offset, min(settings.PART_BYTES, size - offset), body)
        return complete(upload)
    except Exception:
        if upload.pk:
            discard(upload)
        raise


def _copy(body: Stream, file: Any, length: int) -> str:
    """Return the SHA-256 of what was copied."""
    digest = hashlib.sha256()
    try:
        while length > 0:
            piece = body.read(min(_READ, length))
            if not piece:
                raise UploadError("The part ended early.", 400)
            file.write(piece)
            digest.update(piece)
            length -= len(piece)
    except OSError as error:
        raise UploadError("The part could not be read or written.", 507) from error
    return digest.hexdigest()


def complete(upload: Upload) -> Upload:
    """Name the bytes by their hash; the upload then waits for inspection.

    Raises
    ------
    UploadError
        409 if bytes are missing; 422 if they are not those that were announced.
    """
    if upload.state != Upload.State.UPLOADING or upload.received != upload.size:
        raise UploadError("The file is not complete.", 409, upload.received)
    part = files.part(upload.pk)
    with part.open("r+b") as file:
        file.truncate(upload.size)
        sha = hashlib.file_digest(file, "sha256").hexdigest()
        os.fsync(file.fileno())
    if upload.facts.get("expected_sha256", sha) != sha:
        discard(upload)
        raise UploadError("The bytes changed on their way (wrong SHA-256). Upload again.", 422)
    with _store_locked(sha):
        try:
            shelf.keep_upload(sha, part)
        except shelf.Away as error:
            raise UploadError(str(error), 503, upload.received) from None
        moved = Upload.objects.filter(pk=upload.pk, state=Upload.State.UPLOADING).update(
            state=Upload.State.CHECKING, sha256=sha, facts={}, changed=now()
        )
        if not moved:
            raise UploadError("The upload was completed already.", 409)
        _store(part, sha)
    upload.refresh_from_db()
    return upload


def _store(path: Path, sha: str) -> None:
    target = files.stored(sha)
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.replace(target)
    target.chmod(0o400)


def delete(upload: Upload) -> None:
    """Delete an upload that no run uses, and its bytes unless another upload shares them.

    Raises
    ------
    UploadError
        If a run uses it.
    """
    with transaction.atomic():
        used = Q(model=upload) | Q(dataset=upload) | Q(external=upload) | Q(replacer=upload)
        if Run.objects.filter(used).exists():
            raise UploadError("An explanation uses this file, so it stays.", 409)
        sha = upload.sha256
        discard(upload)
    release(sha)


def discard(upload: Upload) -> None:
    """Drop the row and the growing file."""
    files.part(upload.pk).unlink(missing_ok=True)
    upload.delete()


def discard_stale() -> int:
    """Give up uploads that stopped growing; return how many."""
    stale = Upload.objects.filter(state=Upload.State.UPLOADING, changed__lt=now() - STALE)
    found = list(stale)
    for upload in found:
        discard(upload)
    return len(found)


def release(sha: str) -> None:
    """Delete stored bytes that no upload holds; a refused upload holds none."""
    if not sha:
        return
    holding = (Upload.State.CHECKING, Upload.State.READY)
    with _store_locked(sha):
        if not Upload.objects.filter(sha256=sha, state__in=holding).exists():
            shelf.forget_upload(sha)


@contextmanager
def _store_locked(sha: str) -> Iterator[None]:
    """Keep one process from deleting the bytes that another is just beginning to share."""
    with (files.folder("files") / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with transaction.atomic(), shelf.locked(sha):
            yield
