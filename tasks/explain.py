"""Compute shards: one bell wakes a worker, which works until its turn is over."""

from __future__ import annotations

import logging
import time
from functools import partial
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import OperationalError, connection

from tasks import agreements, bells, sessions, states, turns
from tasks.celery import app
from tasks.heart import Heart, Lost, Stopping, beating, stopping
from tasks.queue import part_of
from tasks.states import Claim
from xai import logs
from xai.errors import DiskFull, XaiError
from xai.vocabulary import Json, Recipe
from xai.web import files, shelf
from xai.web.models import Job

if TYPE_CHECKING:
    from xai.runner.faithfulness import Given

INTERNAL = "This method stopped on an internal error. It has been logged."

log = logging.getLogger(__name__)


@app.task(name="tasks.explain.work")
def work(shard_id: int) -> None:
    """Take this shard or any other that waits, then the next, until the turn is over."""
    # MemoryError or SystemExit that leaves a task ends the whole worker, again and again.
    try:
        _work(shard_id)
    except BaseException:
        log.exception("The worker goes on; the reaper repairs what it left.")


def compute(held: Claim) -> None:
    """Compute one claimed shard, and whatever ends with it; never raises for what a model does."""
    try:
        if held.job.role in {Job.Role.AGREEMENT, Job.Role.STRATEGIES}:
            _look_back(held)
        else:
            _explain(held)
    except Lost:
        log.info("Shard %s is no longer ours.", held.shard.pk)
    except (Stopping, shelf.Away):
        states.release(held)
    except OperationalError:
        # Not the model's fault, and nothing can be written: the reaper gives the shard to another.
        log.warning("Shard %s: the database does not answer.", held.shard.pk, exc_info=True)
        connection.close()
    except XaiError as error:
        states.fail(held, str(error))
    except BaseException as error:
        log.exception("Shard %s", held.shard.pk)
        states.fail(held, str(DiskFull()) if DiskFull.is_behind(error) else INTERNAL)


def _work(shard_id: int) -> None:
    began, hint = time.monotonic(), shard_id
    while not stopping.is_set() and time.monotonic() - began < turns.TURN_SECONDS:
        held = turns.take(hint)
        if held is None:
            return
        with logs.about(run=held.run.pk, shard=held.shard.pk):
            compute(held)
        if turns.is_person_waiting():
            break
    waiting = turns.waiting()
    if waiting is not None:
        bells.ring([waiting])


def _explain(held: Claim) -> None:
    heart, shard = Heart(held), held.shard
    part = files.results(held.job.key) / "parts" / part_of(shard, held.token)
    recipe, given = _builds_on(held)
    with sessions.using(held.run) as session:
        reply = session.compute(
            recipe,
            _asked(held.job),
            shard.start,
            shard.stop,
            part,
            given=given,
            on_progress=heart.note,
            poll=heart.poll,
            wall_s=settings.SHARD_SECONDS_MOST,
        )
    heart.computed(reply["evaluations"], reply["seconds"])
    shelf.keep_results(held.job.key, part.name)
    is_last = states.part_done(held, reply["evaluations"], reply["seconds"])
    if is_last is None:
        shelf.forget_part(held.job.key, part.name)
        raise Lost
    if is_last:
        _merge(held)


def _merge(held: Claim) -> None:
    from xai.runner.merge import merge  # noqa: PLC0415 - an idle worker stays small

    shards = held.job.shards.order_by("index")
    names = [part_of(shard, shard.token) for shard in shards]
    with beating(partial(states.beat, held)):
        parts = [shelf.part(held.job.key, name) for name in names]
        facts = merge(_asked(held.job, held.job.key), parts, files.results(held.job.key))
        shelf.keep_results(held.job.key)
    if not states.close(held, facts["evaluations"], facts["seconds"]):
        raise Lost
    # Another run may be computing the same job: only our own parts go.
    for name in names:
        shelf.forget_part(held.job.key, name)


def _look_back(held: Claim) -> None:
    """Compute a step that looks at finished methods and needs no model."""
    from xai.runner import agreement, strategies  # noqa: PLC0415 - as above

    step = agreement if held.job.role == Job.Role.AGREEMENT else strategies
    began = time.monotonic()
    with beating(partial(states.beat, held)):
        asked = _asked(held.job, held.job.key)
        step.evaluate(agreements.folders(held.job), files.results(held.job.key), asked)
        shelf.keep_results(held.job.key)
    states.close(held, 0, time.monotonic() - began)


def _builds_on(held: Claim) -> tuple[Recipe, Given | None]:
    """Return what a shard is asked, and the results that it builds on, if it does."""
    recipe, shard = held.run.recipe, held.shard
    if held.job.role != Job.Role.FAITHFULNESS:
        return recipe, None
    from xai.runner import faithfulness  # noqa: PLC0415 - as above

    folders = agreements.folders(held.job)
    given = faithfulness.given(folders, shard.start, shard.stop)
    return faithfulness.narrowed(recipe, folders), given


def _asked(job: Job, key: str = "") -> dict[str, Json]:
    asked = {"role": job.role, "method": job.method, "params": job.params, "seed": job.seed}
    return asked | {"key": key} if key else asked
