"""Results that are there already are linked, not computed: by key, within one owner."""

from __future__ import annotations

from typing import Any

from django.utils.timezone import now

from xai.web import shelf
from xai.web.models import Job
from xai.web.models.runs import State


def find(owner_id: Any, key: str) -> Job | None:
    """Return a finished job of this owner whose result has this key and is still there."""
    jobs = Job.objects.filter(run__owner_id=owner_id, result=key, state=State.DONE)
    earlier = jobs.first()
    return earlier if earlier is not None and is_merged(key) else None


def is_merged(key: str) -> bool:
    """Whether the result folder of this key is whole; `job.json` is written last."""
    return shelf.is_merged(key)


def link(job: Job, earlier: Job) -> Job:
    """Give a job the result of an earlier one; the caller saves it."""
    job.state = State.DONE
    job.key = job.result = earlier.result
    job.reused = True
    job.evaluations, job.seconds = earlier.evaluations, earlier.seconds
    job.started = job.finished = now()
    return job
