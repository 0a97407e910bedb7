"""A report that was made once and stays as it is, and the links by which others may read it."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.db import models
from django.urls import reverse

from xai.reports.outline import TITLE_MOST
from xai.web.models.links import Link
from xai.web.models.runs import Run

HTML, PDF, BUNDLE = "report.html", "report.pdf", "bundle.zip"


class ReportQuerySet(models.QuerySet["Report"]):
    """Questions over many reports."""

    def for_user(self, user: Any) -> ReportQuerySet:
        """Keep what this user owns."""
        return self.filter(run__owner_id=user.pk)


class Report(models.Model):
    """What a person chose, and the files that a worker made of it; never written to again."""

    class State(models.TextChoices):
        QUEUED = "queued", "Queued"
        RUNNING = "running", "Being made"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="reports")
    title = models.CharField(max_length=TITLE_MOST, blank=True)
    choices = models.JSONField(help_text="sections, samples, and the files asked for.")
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    error = models.TextField(blank=True, help_text="One sentence, when failed.")
    attempts = models.IntegerField(default=0)
    token = models.CharField(max_length=32, blank=True, help_text="Fences a late worker off.")
    lease_until = models.DateTimeField(auto_now_add=True)
    result = models.CharField(max_length=100, blank=True, help_text="Folder under results/.")
    files = models.JSONField(default=dict, help_text="By name: sha256 and bytes.")
    missing = models.JSONField(default=dict, help_text="Why a file was not made, by name.")
    policy = models.TextField(blank=True, help_text="Content policy of the HTML.")
    created = models.DateTimeField(auto_now_add=True)
    finished = models.DateTimeField(null=True)

    objects = ReportQuerySet.as_manager()

    class Meta:
        ordering = ("-created",)
        indexes = (models.Index(fields=("state", "lease_until")),)

    def __str__(self) -> str:
        return self.title or "Report"

    def get_absolute_url(self) -> str:
        """Return the page of the report."""
        return reverse("report-show", args=[self.pk])

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen to it by itself."""
        return self.state in {self.State.DONE, self.State.FAILED}

    @property
    def is_shared(self) -> bool:
        """Whether somebody may hold a link that opens it."""
        return self.links.filter(ReportLink.valid()).exists()


class ReportLink(Link):
    """A link by which anybody who has it may read a report, and nothing else."""

    purpose: ClassVar[str] = "report"

    # A report that somebody was promised does not vanish with a cascade.
    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="links")

    class Meta(Link.Meta):
        pass

    def __str__(self) -> str:
        return f"link to {self.report}"

    def get_absolute_url(self) -> str:
        """Return the address to give away; empty if it can no longer be told."""
        return reverse("shared", args=[self.token]) if self.token else ""
