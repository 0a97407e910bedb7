"""Moves of shards, jobs and runs. Each is decided by one conditional UPDATE, so it happens once.

A claim hands out a token and a lease. Every later write names the token: a worker that was thought
dead, or whose run was cancelled, changes no row (fencing).
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils.timezone import now

from tasks import agreements
from xai.web.models import Job, Run, Shard
from xai.web.models.runs import OVER, State

LEASE = timedelta(seconds=15)
BEAT_SECONDS = 5.0
"""A third of the lease: two beats may be lost before the shard is."""
ATTEMPTS_MOST = 2
STOPPED_WORKERS = (
    f"This part of the work stopped {ATTEMPTS_MOST} workers, most likely for want of memory. "
    "Choose fewer rows or a smaller background and try again."
)

_UNFINISHED = (State.WAITING, State.QUEUED, State.RUNNING)


@dataclass(frozen=True, slots=True)
class Claim:
    """A shard taken by this worker: the row as it was, and the token that every write must name."""

    shard: Shard
    token: str

    @property
    def job(self) -> Job:
        """The shard's job."""
        return self.shard.job

    @property
    def run(self) -> Run:
        """The shard's run."""
        return self.shard.job.run


def claim(shard_id: int) -> Claim | None:
    """Take a queued shard, or return None if another worker took it first."""
    token = uuid.uuid4().hex
    with transaction.atomic():
        _lock(Run.objects.filter(jobs__shards=shard_id))
        taken = Shard.objects.filter(pk=shard_id, state=State.QUEUED).update(
            state=State.RUNNING,
            attempts=F("attempts") + 1,
            token=token,
            lease_until=now() + LEASE,
            progress=0,
        )
        if not taken:
            return None
        shard = Shard.objects.select_related("job__run__model", "job__run__dataset").get(
            pk=shard_id
        )
        started = {"state": State.RUNNING, "started": now()}
        Job.objects.filter(pk=shard.job_id, state=State.QUEUED).update(**started)
        Run.objects.filter(pk=shard.job.run_id, state=State.QUEUED).update(**started)
    return Claim(shard, token)


def beat(held: Claim, progress: int | None = None) -> bool:
    """Renew the lease and note the progress; False if the shard is no longer this worker's."""
    values = {} if progress is None else {"progress": progress}
    return bool(_mine(held).update(lease_until=now() + LEASE, **values))


def part_done(held: Claim, evaluations: int, seconds: float) -> bool | None:
    """Note that a shard's part is kept; say whether this was the job's last.

    Returns
    -------
    bool or None
        True for the last part: the shard stays claimed while this worker merges, so that a death
        during the merge is repaired like any other. False for another part; None if the shard is
        no longer this worker's.
    """
    with transaction.atomic():
        _lock(Run.objects.filter(pk=held.run.pk))
        done = {"progress": evaluations, "seconds": seconds, "error": ""}
        others = Shard.objects.filter(job=held.job).exclude(pk=held.shard.pk)
        is_last = not others.exclude(state=State.DONE).exists()
        if is_last:
            done["lease_until"] = now() + LEASE
        else:
            done["state"] = State.DONE
        return is_last if _mine(held).update(**done) else None


def close(held: Claim, evaluations: int, seconds: float) -> bool:
    """End a merged job, exactly once, and whatever ends with it; False if it was not ours."""
    with transaction.atomic():
        _lock(Run.objects.filter(pk=held.run.pk))
        if not _mine(held).update(state=State.DONE):
            return False
        Job.objects.filter(pk=held.job.pk, state=State.RUNNING).update(
            state=State.DONE,
            result=held.job.key,
            evaluations=evaluations,
            seconds=seconds,
            finished=now(),
        )
        settle(held.run.pk)
    return True


def fail(held: Claim, sentence: str) -> bool:
    """Fail a shard and its job with a sentence; the run's other methods go on."""
    with transaction.atomic():
        _lock(Run.objects.filter(pk=held.run.pk))
        if not _mine(held).update(state=State.FAILED, error=sentence):
            return False
        fail_job(held.job, sentence)
        settle(held.run.pk)
    return True


def fail_job(job: Job, sentence: str) -> None:
    """End a job in failure. Without predictions nothing can be shown, so the whole run ends."""
    unfinished = Job.objects.filter(pk=job.pk).exclude(state__in=OVER)
    if not unfinished.update(state=State.FAILED, error=sentence, finished=now()):
        return
    _cancel_shards(Q(job=job))
    if job.role == Job.Role.PREDICTIONS:
        _cancel_jobs(job.run_id, "Not computed: the model does not run on this data.")


def release(held: Claim) -> bool:
    """Give a shard back untouched, for a worker that must stop; it does not count as an attempt."""
    return bool(
        _mine(held).update(
            state=State.QUEUED, token="", attempts=F("attempts") - 1, sent_at=now(), progress=0
        )
    )


def expire(shard: Shard) -> State | None:
    """Take a shard from a worker that stopped beating; None if it still beats, or another did this.

    Parameters
    ----------
    shard : Shard
        As it looked when its lease had run out; a beat since then changes the row, and saves it.

    Returns
    -------
    State or None
        QUEUED for another worker to take, or FAILED when it has stopped too many already.
    """
    with transaction.atomic():
        _lock(Run.objects.filter(jobs__shards=shard.pk))
        silent = Shard.objects.filter(
            pk=shard.pk, token=shard.token, state=State.RUNNING, lease_until=shard.lease_until
        )
        if shard.attempts < ATTEMPTS_MOST:
            queued = silent.update(state=State.QUEUED, token="", progress=0, sent_at=now())
            return State.QUEUED if queued else None
        if not silent.update(state=State.FAILED, error=STOPPED_WORKERS):
            return None
        fail_job(shard.job, STOPPED_WORKERS)
        settle(shard.job.run_id)
    return State.FAILED


def cancel(run: Run) -> bool:
    """End a run now. Its workers lose their shards at the next beat and kill their children."""
    with transaction.atomic():
        ended = Run.objects.filter(pk=run.pk).exclude(state__in=OVER)
        if not ended.update(state=State.CANCELLED, cancel_requested=True, finished=now()):
            return False
        _cancel_jobs(run.pk, "")
    return True


def settle(run_id: uuid.UUID) -> None:
    """Open the later steps when the methods are over, and close the run when all is over.

    Harmless at any time; call it in the transaction of the move before it.
    """
    jobs = list(Job.objects.filter(run_id=run_id))
    computing = [job for job in jobs if job.role not in {*Job.LATER, Job.Role.ANALYSIS}]
    if any(not job.is_over for job in computing):
        return
    for job in jobs:
        if job.state == State.WAITING:
            agreements.open_or_cancel(job, computing)
    if any(not job.is_over for job in jobs):
        return
    Run.objects.filter(pk=run_id).exclude(state__in=OVER).update(
        state=outcome(jobs), finished=now()
    )


def outcome(jobs: list[Job]) -> State:
    """Return the state of a run whose jobs are all over; a step cancelled quietly is no matter."""
    asked = [job for job in jobs if job.role in {Job.Role.METHOD, Job.Role.PREDICTIONS}]
    methods = [job for job in asked if job.role == Job.Role.METHOD] or asked
    if not any(job.state == State.DONE for job in methods):
        return State.FAILED
    is_whole = all(job.state == State.DONE for job in asked)
    return State.DONE if is_whole and not _failed(jobs) else State.PARTIAL


def _failed(jobs: list[Job]) -> bool:
    return any(job.state == State.FAILED for job in jobs)


def _mine(held: Claim) -> QuerySet[Shard]:
    return Shard.objects.filter(pk=held.shard.pk, token=held.token, state=State.RUNNING)


def _cancel_jobs(run_id: uuid.UUID, why: str) -> None:
    Job.objects.filter(run_id=run_id).exclude(state__in=OVER).update(
        state=State.CANCELLED, error=why, finished=now()
    )
    _cancel_shards(Q(job__run_id=run_id))


def _cancel_shards(which: Q) -> None:
    Shard.objects.filter(which, state__in=_UNFINISHED).update(state=State.CANCELLED, token="")


def _lock(runs: QuerySet[Run]) -> None:
    """Let one worker at a time decide on a run (PostgreSQL; SQLite's transactions do already)."""
    runs.select_for_update(of=("self",)).first()
