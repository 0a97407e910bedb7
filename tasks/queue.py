"""What a person may ask of the workers: explain, cancel, try again, look into a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils.timezone import now

from tasks import reuse, states
from tasks.bells import ring, ring_inspection
from tasks.inspections import BELL_LEASE
from xai.runner.plan import JobPlan, plan
from xai.vocabulary import Recipe
from xai.web import quotas, shelf
from xai.web.models import Job, Run, Shard, Upload
from xai.web.models.runs import State

__all__ = ["begin_inspection", "cancel", "part_of", "retry", "ring", "submit"]


RETRIED = (State.PARTIAL, State.FAILED, State.CANCELLED)


def submit(
    owner: Any,
    recipe: Recipe,
    model: Upload,
    dataset: Upload,
    *,
    replacer: Upload | None = None,
    parent: Run | None = None,
) -> Run:
    """Write a run with its jobs and shards, link what is there already, and wake workers.

    Parameters
    ----------
    replacer : Upload or None
        The masked language model that the recipe names.
    parent : Run or None
        The run of which this one explains an edited text.

    Raises
    ------
    InvalidParameter
        If rows or parameters cannot be read; nothing is written then.
    QuotaExceeded
        If too much work of the owner waits already.
    """
    plans = plan(recipe, model.facts, dataset.facts)
    with transaction.atomic():
        _check_room(owner, sum(len(job.shards) for job in plans))
        run = Run.objects.create(
            owner=owner,
            model=model,
            dataset=dataset,
            external=_external(owner, recipe),
            replacer=replacer,
            parent=parent,
            recipe_json=recipe.as_json(),
        )
        jobs = Job.objects.bulk_create(_job(run, i, job) for i, job in enumerate(plans))
        shards = Shard.objects.bulk_create(
            shard
            for job, planned in zip(jobs, plans, strict=True)
            for shard in _shards(job, planned)
        )
        ring(shard.pk for shard in shards if shard.state == State.QUEUED)
        states.settle(run.pk)
    run.refresh_from_db()
    return run


def cancel(run: Run) -> None:
    """Stop what is not done; what is done stays. A run that is over stays as it is."""
    states.cancel(run)
    run.refresh_from_db()


def retry(run: Run) -> None:
    """Compute what failed or was cancelled, and nothing else.

    Raises
    ------
    QuotaExceeded
        If too much work of the owner waits already.
    """
    with transaction.atomic():
        if run.state in RETRIED:
            _check_room(run.owner, 0)
        again = Run.objects.filter(pk=run.pk, state__in=RETRIED)
        if again.update(state=State.RUNNING, cancel_requested=False, finished=None):
            _reopen(run)
            states.settle(run.pk)
    run.refresh_from_db()


def begin_inspection(upload: Upload) -> None:
    """Send a complete upload to a worker, which looks into it in a jailed process."""
    with transaction.atomic():
        Upload.objects.filter(pk=upload.pk, state=Upload.State.CHECKING).update(
            attempts=0, token="", lease_until=now() + BELL_LEASE
        )
        ring_inspection(upload.pk)


def _check_room(owner: Any, shards: int) -> None:
    # PostgreSQL: one question of an owner at a time. SQLite is IMMEDIATE: the same.
    get_user_model().objects.select_for_update().get(pk=owner.pk)
    quotas.check_work(owner, shards)


def part_of(shard: Shard, token: str) -> str:
    """Return the name of the folder of a shard's part: no two attempts share one."""
    return f"{shard.index}-{token}"


def _external(owner: Any, recipe: Recipe) -> Upload | None:
    """Return the owner's upload that is the second dataset of a recipe."""
    if not recipe.external:
        return None
    datasets = Upload.objects.for_user(owner).filter(purpose=Upload.Purpose.DATASET)
    return datasets.filter(sha256=recipe.external).first()


def _job(run: Run, position: int, planned: JobPlan) -> Job:
    is_later = planned.role in Job.LATER
    job = Job(
        run=run,
        position=position,
        role=planned.role,
        method=planned.method,
        params=dict(planned.params),
        seed=planned.seed,
        key=planned.key,
        planned=planned.planned,
        state=State.WAITING if is_later else State.QUEUED,
    )
    earlier = None if is_later else reuse.find(run.owner_id, planned.key)
    return reuse.link(job, earlier) if earlier else job


def _shards(job: Job, planned: JobPlan) -> Sequence[Shard]:
    if job.state == State.DONE:
        return ()
    return [
        Shard(
            job=job,
            index=index,
            start=shard.start,
            stop=shard.stop,
            planned=shard.planned,
            state=job.state,
        )
        for index, shard in enumerate(planned.shards)
    ]


def _reopen(run: Run) -> None:
    missing = Job.objects.filter(run=run).exclude(state=State.DONE)
    for job in missing.exclude(role__in=Job.LATER):
        _again(job)
    # The later steps wait anew: more methods may succeed than they looked at.
    later = Job.objects.filter(run=run, role__in=Job.LATER)
    later.update(state=State.WAITING, error="", result="", reused=False, finished=None)
    Shard.objects.filter(job__in=later).update(
        state=State.WAITING, attempts=0, token="", error="", progress=0
    )
    queued = Shard.objects.filter(job__run=run, state=State.QUEUED)
    ring(queued.values_list("pk", flat=True))


def _again(job: Job) -> None:
    """Queue the shards whose part is not there; one at least, for its worker merges."""
    shards = list(job.shards.all())
    missing = [
        s
        for s in shards
        if s.state != State.DONE or not shelf.has_part(job.key, part_of(s, s.token))
    ] or shards[-1:]
    Shard.objects.filter(pk__in=[shard.pk for shard in missing]).update(
        state=State.QUEUED, attempts=0, token="", error="", progress=0, sent_at=now()
    )
    Job.objects.filter(pk=job.pk).update(state=State.QUEUED, error="", finished=None)
