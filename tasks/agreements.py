"""Agreement, faithfulness, strategies: opened when the methods are over, for what succeeded."""

from __future__ import annotations

import json
from pathlib import Path

from django.utils.timezone import now

from tasks import bells, reuse
from xai.runner.plan import job_key
from xai.web import shelf
from xai.web.models import Job, Shard
from xai.web.models.runs import State


def open_or_cancel(job: Job, computed: list[Job]) -> None:
    """Queue a step that looks at finished methods; with too few of them, cancel it quietly.

    Call it in a transaction; `job` is waiting, and the `computed` jobs are over.
    """
    done = [other for other in computed if other.state == State.DONE]
    shards = Shard.objects.filter(job=job)
    scopes = {"local", "concepts"} if job.role == Job.Role.STRATEGIES else {"local"}
    count = sum(other.role == Job.Role.METHOD and _scope(other) in scopes for other in done)
    if count < (2 if job.role == Job.Role.AGREEMENT else 1):
        job.state, job.finished = State.CANCELLED, now()
        shards.update(state=State.CANCELLED)
    else:
        # The key names what is compared: a method that failed today may succeed when retried.
        parts = sorted(other.key for other in done)
        asked = {"role": job.role, "params": job.params, "parts": parts}
        job.key = job_key(job.run.recipe, asked)
        if earlier := reuse.find(job.run.owner_id, job.key):
            reuse.link(job, earlier)
            shards.update(state=State.DONE)
        else:
            job.state = State.QUEUED
            shards.update(state=State.QUEUED, sent_at=now(), attempts=0)
            bells.ring(shards.values_list("pk", flat=True))
    job.save()


def folders(job: Job) -> dict[str, Path]:
    """Return the folders to look at: by slug, "self:<slug>", and the predictions, for the units."""
    others = Job.objects.filter(run_id=job.run_id, state=State.DONE).exclude(pk=job.pk)
    prefix = {
        Job.Role.PREDICTIONS: "predictions",
        Job.Role.METHOD: "",
        Job.Role.SELF: "self:",
    }
    return {
        prefix[Job.Role(other.role)] + other.method: shelf.results(other.result)
        for other in others
        if other.role in prefix
    }


def _scope(job: Job) -> str:
    facts = json.loads((shelf.results(job.result) / "job.json").read_text("utf-8"))
    # The control explains nothing: with it alone there is nothing to compare.
    return "" if facts.get("family") == "Control" else str(facts.get("scope", "local"))
