"""Runs, jobs and shards: the only truth about what is asked and what is done."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.urls import reverse

from xai.analyses.catalogue import ANALYSES
from xai.methods import catalogue
from xai.vocabulary import Recipe


class State(models.TextChoices):
    """Of a run, a job or a shard. `WAITING` waits for other jobs, not for a worker."""

    WAITING = "waiting", "Waiting"
    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    PARTIAL = "partial", "Done in part"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


OVER = (State.DONE, State.PARTIAL, State.FAILED, State.CANCELLED)


class RunQuerySet(models.QuerySet["Run"]):
    """Questions over many runs."""

    def for_user(self, user: Any) -> RunQuerySet:
        """Keep what this user owns."""
        return self.filter(owner_id=user.pk)

    def listed(self) -> RunQuerySet:
        """Keep what people asked for, not what they tried on one of its texts."""
        return self.filter(parent=None)


class Run(models.Model):
    """One execution of a recipe. `PARTIAL`: some methods are done, some failed."""

    State = State

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="runs"
    )
    model = models.ForeignKey("Upload", on_delete=models.PROTECT, related_name="+")
    dataset = models.ForeignKey("Upload", on_delete=models.PROTECT, related_name="+")
    external = models.ForeignKey(
        "Upload",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text="A second dataset, where one was chosen to compare with.",
    )
    replacer = models.ForeignKey(
        "Upload",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text="The masked language model that lends words to a method.",
    )
    parent = models.ForeignKey(
        "self",
        on_delete=models.CASCADE,
        null=True,
        related_name="edits",
        help_text="The run whose text was edited and explained again; never listed.",
    )
    recipe_json = models.JSONField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    cancel_requested = models.BooleanField(default=False)
    created = models.DateTimeField(auto_now_add=True)
    started = models.DateTimeField(null=True)
    finished = models.DateTimeField(null=True)

    objects = RunQuerySet.as_manager()

    class Meta:
        ordering = ("-created",)
        indexes = (
            models.Index(fields=("owner", "-created")),
            models.Index(fields=("state",)),
        )

    def __str__(self) -> str:
        return f"{self.model} on {self.dataset}"

    def get_absolute_url(self) -> str:
        """Return the page with its progress."""
        return reverse("run", args=[self.pk])

    @property
    def recipe(self) -> Recipe:
        """What was asked."""
        return Recipe.from_json(self.recipe_json)

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen to it by itself."""
        return self.state in OVER

    @property
    def has_results(self) -> bool:
        """Whether there is something to show: the predictions, and at least one method."""
        landed = self.jobs.filter(state=State.DONE)
        roles = set(landed.values_list("role", flat=True))
        return {Job.Role.PREDICTIONS, Job.Role.METHOD} <= roles

    @property
    def more_pages(self) -> frozenset[str]:
        """Pages that only some runs have: concepts, strategies, attention, of analyses."""
        roles = (Job.Role.METHOD, Job.Role.ANALYSIS)
        over = self.jobs.filter(state=State.DONE, role__in=roles)
        found_jobs = list(over.values_list("role", "method", "params"))
        done = [(slug, params) for role, slug, params in found_jobs if role == Job.Role.METHOD]
        pairs = any(slug == "shapley" and params.get("interactions") for slug, params in done)
        kind = self.recipe.kind
        cards = [catalogue.card(method, kind) for method, _params in done]
        found = {"concepts"} if any(card.scope == "concepts" for card in cards) else set()
        heads = {"attention"} if any(card.scope == "heads" for card in cards) else set()
        heads |= {"interactions"} if pairs else set()
        local = any(card.scope == "local" and card.family != "Control" for card in cards)
        heads |= {
            ANALYSES[slug].page for role, slug, _params in found_jobs if role == Job.Role.ANALYSIS
        }
        people = {"people"} if sum(card.scope == "local" for card in cards) > 1 else set()
        return frozenset(people | found | heads | ({"strategies"} if found or local else set()))


class Job(models.Model):
    """One method of a run, or one of the steps around the methods."""

    State = State

    class Role(models.TextChoices):
        PREDICTIONS = "predictions", "Predictions"
        METHOD = "method", "Method"
        SELF = "self", "Same method, another seed"
        AGREEMENT = "agreement", "Agreement"
        FAITHFULNESS = "faithfulness", "Faithfulness"
        ANALYSIS = "analysis", "Analysis"
        STRATEGIES = "strategies", "Strategies"

    LATER = (Role.AGREEMENT, Role.FAITHFULNESS, Role.STRATEGIES)
    """They wait for the methods, and look at those that succeeded."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="jobs")
    position = models.IntegerField(help_text="Order on the page.")
    role = models.CharField(max_length=12, choices=Role.choices)
    method = models.CharField(
        max_length=40, blank=True, help_text="Slug; empty unless METHOD, SELF, ANALYSIS."
    )
    params = models.JSONField(default=dict)
    seed = models.BigIntegerField(default=0)
    key = models.CharField(max_length=64, help_text="Hash of all that determines the result.")
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    error = models.TextField(blank=True, help_text="One sentence, when failed.")
    evaluations = models.BigIntegerField(default=0, help_text="Model evaluations, when done.")
    planned = models.BigIntegerField(default=0, help_text="Model evaluations, estimated.")
    seconds = models.FloatField(default=0.0, help_text="Summed over shards.")
    result = models.CharField(max_length=100, blank=True, help_text="Folder under results/.")
    reused = models.BooleanField(default=False, help_text="Linked to an earlier job's files.")
    started = models.DateTimeField(null=True)
    finished = models.DateTimeField(null=True)

    class Meta:
        ordering = ("position",)
        constraints = (
            models.UniqueConstraint(fields=("run", "position"), name="one_job_per_position"),
        )
        indexes = (
            models.Index(fields=("key", "state")),
            models.Index(fields=("result",)),
        )

    def __str__(self) -> str:
        return self.method or self.role

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen to it by itself."""
        return self.state in OVER


class Shard(models.Model):
    """One slice of a job: the unit that a worker claims, by lease and fencing token."""

    State = State

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="shards")
    index = models.IntegerField()
    start = models.IntegerField(help_text="First row (or feature), counted in the chosen rows.")
    stop = models.IntegerField(help_text="One past the last.")
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    attempts = models.IntegerField(default=0)
    token = models.CharField(max_length=32, blank=True)
    lease_until = models.DateTimeField(auto_now_add=True, help_text="Never empty.")
    sent_at = models.DateTimeField(auto_now_add=True, help_text="When the bell was last rung.")
    progress = models.BigIntegerField(default=0, help_text="Evaluations done so far.")
    planned = models.BigIntegerField(default=0, help_text="Evaluations, estimated.")
    seconds = models.FloatField(default=0.0)
    error = models.TextField(blank=True)

    class Meta:
        ordering = ("index",)
        constraints = (
            models.UniqueConstraint(fields=("job", "index"), name="one_shard_per_index"),
        )
        indexes = (
            models.Index(fields=("state", "lease_until")),
            models.Index(fields=("state", "sent_at")),
        )

    def __str__(self) -> str:
        return f"{self.job} {self.start}:{self.stop}"
