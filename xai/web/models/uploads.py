"""An uploaded model or dataset, from the first byte to `ready` or `refused`."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.urls import reverse


class UploadQuerySet(models.QuerySet["Upload"]):
    """Questions over many uploads."""

    def for_user(self, user: Any) -> UploadQuerySet:
        """Keep what this user owns."""
        return self.filter(owner_id=user.pk)

    def listed(self) -> UploadQuerySet:
        """Keep what people uploaded."""
        return self.filter(is_scratch=False)

    def ready(self) -> UploadQuerySet:
        """Keep what passed inspection."""
        return self.filter(state=Upload.State.READY)


class Upload(models.Model):
    """One file of one owner. Uploads of the same bytes share one stored file, named by its hash."""

    class Purpose(models.TextChoices):
        MODEL = "model", "Model"
        DATASET = "dataset", "Dataset"

    class State(models.TextChoices):
        UPLOADING = "uploading", "Uploading"
        CHECKING = "checking", "Checking"
        READY = "ready", "Ready"
        REFUSED = "refused", "Refused"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="uploads"
    )
    purpose = models.CharField(max_length=10, choices=Purpose.choices)
    name = models.CharField(max_length=255, help_text="As given, control characters removed.")
    size = models.BigIntegerField(help_text="Bytes, as declared before the first of them.")
    received = models.BigIntegerField(default=0, help_text="Bytes on disk so far.")
    sha256 = models.CharField(max_length=64, blank=True, help_text="Empty until complete.")
    state = models.CharField(max_length=10, choices=State.choices, default=State.UPLOADING)
    facts = models.JSONField(default=dict, help_text="What inspection found; see xai.assets.")
    refusal = models.TextField(blank=True, help_text="One sentence, when refused.")
    attempts = models.IntegerField(default=0, help_text="How often inspection was begun.")
    lease_until = models.DateTimeField(auto_now_add=True, help_text="Inspection's lease.")
    token = models.CharField(max_length=32, blank=True, help_text="Fences a late inspector off.")
    is_scratch = models.BooleanField(
        default=False, help_text="Written here for an edited text; never listed, soon deleted."
    )
    created = models.DateTimeField(auto_now_add=True)
    changed = models.DateTimeField(auto_now=True)

    objects = UploadQuerySet.as_manager()

    class Meta:
        ordering = ("-created",)
        indexes = (models.Index(fields=("owner", "purpose", "state")),)

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Return the page of the inspection card."""
        return reverse("upload", args=[self.pk])

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen to it by itself."""
        return self.state in {self.State.READY, self.State.REFUSED}
