"""What a program shows instead of a password: kept as a hash, with an end, revocable."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.timezone import now


class TokenQuerySet(models.QuerySet["Token"]):
    """Questions over many tokens."""

    def for_user(self, user: Any) -> TokenQuerySet:
        """Keep what this user owns."""
        return self.filter(owner_id=user.pk)

    def valid(self) -> TokenQuerySet:
        """Keep those that still open the door."""
        is_lasting = Q(expires=None) | Q(expires__gt=now())
        return self.filter(is_lasting, revoked=None, owner__is_active=True)


class Token(models.Model):
    """One key of one owner. The secret itself is shown once and kept nowhere."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="tokens"
    )
    name = models.CharField(max_length=80, help_text="What it is for.")
    start = models.CharField(max_length=12, help_text="First letters, to tell tokens apart.")
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the secret.")
    created = models.DateTimeField(auto_now_add=True)
    expires = models.DateTimeField(null=True)
    last_used = models.DateTimeField(null=True, help_text="To the minute.")
    revoked = models.DateTimeField(null=True)

    objects = TokenQuerySet.as_manager()

    class Meta:
        ordering = ("-created",)

    def __str__(self) -> str:
        return self.name

    @property
    def state(self) -> str:
        """Return "valid", "expired" or "revoked"."""
        if self.revoked:
            return "revoked"
        return "expired" if self.expires and self.expires <= now() else "valid"
