"""Moves of an upload from `checking` to `ready` or `refused`: claimed and fenced like a shard."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import F, QuerySet
from django.utils.timezone import now

from tasks.states import ATTEMPTS_MOST, LEASE
from xai.vocabulary import Json
from xai.web import uploads
from xai.web.models import Upload

BELL_LEASE = timedelta(seconds=10)
"""How long a bell may go unanswered before the reaper rings again."""
STOPPED_WORKERS = (
    f"Opening this file stopped {ATTEMPTS_MOST} workers, most likely for want of memory, "
    "so it is not opened again."
)


@dataclass(frozen=True, slots=True)
class Inspection:
    """An upload taken by this worker, and the token that every write must name."""

    upload: Upload
    token: str


def claim(upload_id: str) -> Inspection | None:
    """Take an upload that waits, or return None if another worker took it first."""
    token = uuid.uuid4().hex
    taken = Upload.objects.filter(pk=upload_id, state=Upload.State.CHECKING, token="").update(
        token=token, attempts=F("attempts") + 1, lease_until=now() + LEASE
    )
    return Inspection(Upload.objects.get(pk=upload_id), token) if taken else None


def beat(held: Inspection) -> bool:
    """Renew the lease; False if the upload is no longer this worker's."""
    return bool(_mine(held).update(lease_until=now() + LEASE))


def accept(held: Inspection, facts: Json) -> bool:
    """Note the facts: the upload is ready."""
    # What the row knew before stays known: that it is the file of an example.
    known = {**held.upload.facts, **facts}
    return bool(_mine(held).update(state=Upload.State.READY, facts=known, changed=now()))


def refuse(held: Inspection, sentence: str) -> bool:
    """Note why the file is not accepted, and delete its bytes unless another upload holds them."""
    refused = {"state": Upload.State.REFUSED, "refusal": sentence, "changed": now()}
    if not _mine(held).update(**refused):
        return False
    uploads.release(held.upload.sha256)
    return True


def release(held: Inspection) -> bool:
    """Give an upload back untouched, to be looked at later; it does not count as an attempt."""
    later = {"token": "", "attempts": F("attempts") - 1, "lease_until": now() + BELL_LEASE}
    return bool(_mine(held).update(**later))


def expire(upload: Upload) -> bool:
    """Offer an upload whose inspector is silent to another, or refuse it; True to ring again."""
    held = Inspection(upload, upload.token)
    silent = _mine(held).filter(lease_until=upload.lease_until)
    if upload.token and upload.attempts >= ATTEMPTS_MOST:
        if silent.exists():
            refuse(held, STOPPED_WORKERS)
        return False
    return bool(silent.update(token="", lease_until=now() + BELL_LEASE))


def _mine(held: Inspection) -> QuerySet[Upload]:
    return Upload.objects.filter(pk=held.upload.pk, token=held.token, state=Upload.State.CHECKING)
