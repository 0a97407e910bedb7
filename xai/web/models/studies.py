"""Blind comparisons: what is asked of people, who may answer, and what they said."""

from __future__ import annotations

import hashlib
import random
import uuid
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from xai.evaluation.plausibility import MARKED, PICKED
from xai.evaluation.plausibility import Ballot as Said
from xai.web.models.links import Link
from xai.web.models.runs import Run

TITLE_MOST = 120


def new_seed() -> int:
    """Return what fixes the orders in which a study shows its explanations."""
    return random.SystemRandom().randrange(2**31)


class StudyQuerySet(models.QuerySet["Study"]):
    """Questions over many studies."""

    def for_user(self, user: Any) -> StudyQuerySet:
        """Keep what this user owns."""
        return self.filter(run__owner_id=user.pk)

    def for_person(self, user: Any) -> StudyQuerySet:
        """Keep what this user may answer: their own, and what a link that still works let them."""
        return self.filter(Q(run__owner_id=user.pk) | Q(pk__in=self.for_guest(user)))

    def for_guest(self, user: Any) -> StudyQuerySet:
        """Keep what a link that still works let this user answer."""
        links = Invitation.objects.filter(Invitation.valid(), guests__person_id=user.pk)
        return self.filter(pk__in=links.values("study"))


class Study(models.Model):
    """One blind comparison of some methods on some samples of a run."""

    class Asks(models.TextChoices):
        BOTH = "both", "Mark what should matter, then pick an explanation"
        MARKS = "marks", "Mark what should matter"
        PICKS = "picks", "Pick an explanation"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="studies")
    title = models.CharField(max_length=TITLE_MOST, help_text="What invited people read.")
    asks = models.CharField(max_length=10, choices=Asks.choices, default=Asks.BOTH)
    methods = models.JSONField(help_text="Slugs.")
    samples = models.JSONField(help_text="Rows of the dataset.")
    seed = models.BigIntegerField(default=new_seed, help_text="Fixes every order that is shown.")
    is_open = models.BooleanField(default=True)
    created = models.DateTimeField(auto_now_add=True)

    objects = StudyQuerySet.as_manager()

    class Meta:
        ordering = ("-created",)

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """Return the owner's page with what people said."""
        return reverse("study", args=[self.pk])

    @property
    def kinds(self) -> tuple[str, ...]:
        """What is asked on each sample, in this order: marks before anything is shown."""
        if self.asks == self.Asks.BOTH:
            return (MARKED, PICKED)
        return (MARKED,) if self.asks == self.Asks.MARKS else (PICKED,)

    def shown(self, person: Any, sample: int) -> list[str]:
        """Return the methods in the order in which this person sees them on this sample."""
        return self._shuffled(list(self.methods), f"{person.pk}:{sample}")

    def order(self, person: Any) -> list[int]:
        """Return the samples in the order in which this person is asked about them."""
        return self._shuffled(list(self.samples), f"{person.pk}:samples")

    def _shuffled(self, things: list[Any], what: str) -> list[Any]:
        digest = hashlib.sha256(f"{self.seed}:{self.pk}:{what}".encode()).digest()
        random.Random(digest).shuffle(things)  # noqa: S311 - an order, not a secret
        return things


class Ballot(models.Model):
    """One answer of one person on one sample: who, when, and what stood before them."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="ballots")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    name = models.CharField(max_length=150, help_text="Of the person, at that time.")
    sample = models.BigIntegerField()
    kind = models.CharField(max_length=10, choices=((PICKED, "Pick"), (MARKED, "Marks")))
    shown = models.JSONField(default=list, help_text="Methods in the order of the page.")
    picked = models.CharField(max_length=40, blank=True, help_text="Empty: none makes sense.")
    marks = models.JSONField(default=list, help_text="Units that should matter.")
    is_passed = models.BooleanField(default=False, help_text="The person could not say.")
    created = models.DateTimeField(auto_now_add=True)
    changed = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("created",)
        constraints = (
            models.UniqueConstraint(
                fields=("study", "person", "sample", "kind"), name="one_answer_per_question"
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} of {self.name}"

    def said(self) -> Said:
        """Return it as the laboratory counts it."""
        return Said(
            person=self.name,
            sample=self.sample,
            kind=self.kind,
            shown=tuple(self.shown),
            picked=self.picked,
            marks=tuple(self.marks),
        )


class Invitation(Link):
    """A link by which people with an account may answer a study, and see nothing else of the run.

    Revoked, it also takes back what it gave: those whom it let in can answer no more. What they
    said stays.
    """

    purpose: ClassVar[str] = "invitation"

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="invitations")

    class Meta(Link.Meta):
        pass

    def __str__(self) -> str:
        return f"invitation to {self.study}"

    def get_absolute_url(self) -> str:
        """Return the address to give away; empty if it can no longer be told."""
        return reverse("invited", args=[self.token]) if self.token else ""


class Guest(models.Model):
    """Somebody who took up an invitation."""

    invitation = models.ForeignKey(Invitation, on_delete=models.CASCADE, related_name="guests")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    joined = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("invitation", "person"), name="one_guest_per_link"),
        )

    def __str__(self) -> str:
        return f"{self.person} by {self.invitation}"
