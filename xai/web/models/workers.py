"""The processes that compute: seen lately or not, and what they have done."""

from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.utils.timezone import now

SILENT = timedelta(seconds=45)
"""A process that was not seen for so long is taken for dead; it beats every 10 seconds."""


class WorkerQuerySet(models.QuerySet["Worker"]):
    """Questions over many processes."""

    def alive(self) -> WorkerQuerySet:
        """Keep those that beat."""
        return self.filter(seen__gte=now() - SILENT)


class Worker(models.Model):
    """One running process; the counts begin at 0 when it starts."""

    class Kind(models.TextChoices):
        WORKER = "worker", "Worker"
        HOUSEKEEPING = "housekeeping", "Housekeeping"

    kind = models.CharField(max_length=12, choices=Kind.choices)
    name = models.CharField(max_length=200)
    host = models.CharField(max_length=200)
    pid = models.IntegerField()
    started = models.DateTimeField()
    seen = models.DateTimeField()
    shards = models.BigIntegerField(default=0, help_text="Computed since it started.")
    seconds = models.FloatField(default=0.0, help_text="Spent on them.")
    evaluations = models.BigIntegerField(default=0, help_text="Of models, since it started.")
    rate = models.FloatField(default=0.0, help_text="Evaluations per second, lately.")

    objects = WorkerQuerySet.as_manager()

    class Meta:
        ordering = ("host", "name")
        constraints = (
            models.UniqueConstraint(fields=("name", "host"), name="one_worker_per_name"),
        )

    def __str__(self) -> str:
        return f"{self.name} on {self.host}"
