"""How far a run is, as its page shows it: one line per job, from two queries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Case, Count, F, Q, Sum, When
from django.db.models.functions import Least
from django.utils.timezone import now

from xai.analyses.catalogue import ANALYSES
from xai.methods import catalogue
from xai.web.models import Job, Run, Shard

if TYPE_CHECKING:
    from datetime import datetime

FEW = 1000
"""Below this many evaluations, a rate would tell of starting, not of computing."""
STEPS = {
    Job.Role.PREDICTIONS: "Predictions",
    Job.Role.AGREEMENT: "Agreement between the methods",
    Job.Role.FAITHFULNESS: "Faithfulness to the model",
    Job.Role.STRATEGIES: "Strategies of the model",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One job of a run's page; counts are model evaluations."""

    job: Job
    title: str
    done: int
    planned: int
    shards_done: int
    shards: int
    rate: float | None
    left: float | None

    @property
    def percent(self) -> int:
        """Return how much is done, of 100."""
        if self.job.state == Job.State.DONE:
            return 100
        if self.planned:
            return min(99, 100 * self.done // self.planned)
        return 99 * self.shards_done // self.shards if self.shards else 0


def lines(run: Run) -> list[Line]:
    """Return one line per job, in the order of the page."""
    done = Case(
        When(shards__state=Shard.State.DONE, then=F("shards__planned")),
        default=Least(F("shards__progress"), F("shards__planned")),
    )
    jobs = run.jobs.annotate(
        total=Sum("shards__planned"),
        so_far=Sum(done),
        shard_count=Count("shards"),
        shards_over=Count("shards", filter=Q(shards__state=Shard.State.DONE)),
    )
    return [_line(job, now()) for job in jobs]


def title_of(job: Job) -> str:
    """Return what the job is called on the page."""
    if job.role in STEPS:
        return STEPS[Job.Role(job.role)]
    card = ANALYSES.get(job.method) or catalogue.CATALOGUE.get(job.method)
    name = card.title if card else job.method
    return f"{name}, again with another seed" if job.role == Job.Role.SELF else name


def left_of_run(found: list[Line]) -> float | None:
    """Return the seconds left for the whole run, at the speed of the jobs that run now."""
    rate = sum(line.rate or 0 for line in found if not line.job.is_over)
    if not rate:
        return None
    return sum(line.planned - line.done for line in found if not line.job.is_over) / rate


def _line(job: Job, moment: datetime) -> Line:
    planned = int(getattr(job, "total", None) or job.planned)
    done = planned if job.state == Job.State.DONE else int(getattr(job, "so_far", None) or 0)
    rate = left = None
    if job.started and done:
        spent = ((job.finished or moment) - job.started).total_seconds()
        counted = job.evaluations or done
        rate = counted / spent if spent > 1 and counted >= FEW else None
    if rate and not job.is_over:
        left = max(0.0, (planned - done) / rate)
    return Line(
        job=job,
        title=title_of(job),
        done=job.evaluations if job.state == Job.State.DONE else done,
        planned=planned,
        shards_done=getattr(job, "shards_over", 0),
        shards=getattr(job, "shard_count", 0),
        rate=rate,
        left=left,
    )
