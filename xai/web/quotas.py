"""What one owner may keep and have waiting; asked in the transaction that takes it."""

from __future__ import annotations

import shutil
from typing import Any

from django.conf import settings
from django.db.models import F, Sum

from xai.errors import XaiError
from xai.web import files
from xai.web.models import Run, Shard, Upload
from xai.web.models.runs import OVER
from xai.web.templatetags.parallax import size as in_words

UNFINISHED = (Shard.State.WAITING, Shard.State.QUEUED, Shard.State.RUNNING)


class QuotaExceeded(XaiError):
    """An owner has as much as is allowed; `status` is the answer's."""

    def __init__(self, sentence: str, status: int) -> None:
        super().__init__(sentence)
        self.status = status


def check_files(owner: Any, size: int) -> None:
    """Refuse a file of so many bytes that would be one too many, or too large beside the others.

    Raises
    ------
    QuotaExceeded
    """
    kept = Upload.objects.for_user(owner).exclude(state=Upload.State.REFUSED)
    if kept.count() >= settings.QUOTA_FILES:
        raise QuotaExceeded(
            f"You already have {settings.QUOTA_FILES} files, which is the limit. "
            "Delete some that no explanation uses.",
            507,
        )
    used = kept.aggregate(total=Sum("size"))["total"] or 0
    if used + size > settings.QUOTA_BYTES:
        raise QuotaExceeded(
            f"The file has {in_words(size)}, and of your {in_words(settings.QUOTA_BYTES)} only "
            f"{in_words(max(0, settings.QUOTA_BYTES - used))} are left. Delete files first.",
            507,
        )


def check_disk(size: int) -> None:
    """Refuse a file that would fill the disk, what others were promised counted.

    Raises
    ------
    QuotaExceeded
    """
    growing = Upload.objects.filter(state=Upload.State.UPLOADING)
    promised = growing.aggregate(total=Sum(F("size") - F("received")))["total"] or 0
    free = shutil.disk_usage(files.folder("parts")).free - promised
    if free - size < settings.DISK_FLOOR:
        raise QuotaExceeded("The disk of this installation has no room for the file.", 507)


def check_work(owner: Any, shards: int) -> None:
    """Refuse one more explanation of so many shards while too much of an owner's waits.

    Raises
    ------
    QuotaExceeded
    """
    runs = Run.objects.for_user(owner).exclude(state__in=OVER).count()
    if runs >= settings.QUOTA_RUNS:
        raise QuotaExceeded(
            f"You have {runs} explanations that are not done, and {settings.QUOTA_RUNS} is the "
            "limit. Wait until one is done, or cancel one.",
            429,
        )
    waiting = Shard.objects.filter(job__run__owner_id=owner.pk, state__in=UNFINISHED).count()
    if waiting + shards > settings.QUOTA_SHARDS:
        raise QuotaExceeded(
            f"This explanation would be cut into {shards:,} shards; {waiting:,} of yours wait "
            f"already, and {settings.QUOTA_SHARDS:,} is the limit. Choose fewer rows or methods, "
            "or wait.",
            429,
        )
