"""Which shard a worker takes next: of the run whose model it has loaded, but fair to other runs."""

from __future__ import annotations

import time
import uuid

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from tasks import states
from tasks.states import Claim
from xai.web.models import Report, Run, Shard, Upload
from xai.web.models.runs import State

TURN_SECONDS = 30.0
"""How long a worker stays with one run while others wait: some times what loading a model takes."""
_TRIES = 20
_RUNNING = Q(jobs__shards__state=State.RUNNING)

_turn: tuple[uuid.UUID | None, float] = (None, 0.0)


def take(hint: int | None = None) -> Claim | None:
    """Claim the shard that is next for this worker, or None if nothing waits."""
    global _turn  # noqa: PLW0603 - a worker process has one turn
    for _ in range(_TRIES):
        chosen = _choose(hint)
        if chosen is None:
            return None
        if held := states.claim(chosen):
            if held.run.pk != _turn[0]:
                _turn = (held.run.pk, time.monotonic())
            return held
        hint = None
    return None


def waiting() -> int | None:
    """Return a shard that waits for a worker, or None."""
    return _queued().values_list("pk", flat=True).first()


def is_person_waiting() -> bool:
    """Whether a file waits for inspection, or a report to be made; a person waits with it."""
    if Report.objects.filter(state=Report.State.QUEUED).exists():
        return True
    return Upload.objects.filter(state=Upload.State.CHECKING, token="").exists()


def _choose(hint: int | None) -> int | None:
    run, since = _turn
    same = _queued().filter(job__run=run).values_list("pk", flat=True).first() if run else None
    others = _queued().exclude(job__run=run) if run else _queued()
    if same is not None and (time.monotonic() - since < TURN_SECONDS or not others.exists()):
        return same
    if hint is not None and others.filter(pk=hint).exists():
        return hint
    # The run that has the fewest workers, then the oldest.
    neediest = (
        Run.objects.annotate(busy=Count("jobs__shards", filter=_RUNNING))
        .filter(Exists(others.filter(job__run=OuterRef("pk"))))
        .order_by("busy", "created")
        .first()
    )
    if neediest is None:
        return same
    return others.filter(job__run=neediest).values_list("pk", flat=True).first()


def _queued() -> QuerySet[Shard]:
    return Shard.objects.filter(state=State.QUEUED).order_by("job__position", "index")
