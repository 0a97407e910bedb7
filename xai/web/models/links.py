"""Links that let others in: nobody can guess one, its owner can revoke it, and it may expire.

The row keeps a digest of the token and what the token is made from with the site's secret key: who
reads the database alone cannot open a link, and the owner can still see it again.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from datetime import datetime
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.timezone import now

TOKEN_BYTES = 32
"""256 bits."""


def new_nonce() -> str:
    """Return what a new token is made from."""
    return secrets.token_hex(TOKEN_BYTES)


class Link(models.Model):
    """A token for one thing; `made` writes one, `opened` finds what a token opens."""

    purpose: ClassVar[str] = ""
    """Tokens of one purpose open nothing of another."""

    nonce = models.CharField(max_length=64, default=new_nonce, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created = models.DateTimeField(auto_now_add=True)
    expires = models.DateTimeField(null=True)
    revoked = models.DateTimeField(null=True)

    class Meta:
        abstract = True
        ordering = ("-created",)

    @classmethod
    def made(cls, expires: datetime | None = None, **of: Any) -> Self:
        """Write a new link."""
        link = cls(expires=expires, **of)
        link.digest = _digest(link._made())
        link.save()
        return link

    @classmethod
    def opened(cls, token: str) -> Self | None:
        """Return the link that this token opens now; None if there is none, or no longer."""
        digest = _digest(token)
        found = cls.objects.filter(cls.valid(), digest=digest).first()  # type: ignore[attr-defined]
        is_it = found is not None and constant_time_compare(found.digest, digest)
        return found if is_it else None

    @classmethod
    def valid(cls) -> Q:
        """Return what asks for links that open something now."""
        return Q(revoked=None) & (Q(expires=None) | Q(expires__gt=now()))

    @property
    def token(self) -> str:
        """The token; empty if the site's secret key is another by now (the link itself works)."""
        made = self._made()
        return made if _digest(made) == self.digest else ""

    @property
    def is_valid(self) -> bool:
        """Whether it opens something now."""
        return self.revoked is None and (self.expires is None or self.expires > now())

    def revoke(self) -> None:
        """Close it for good; from now on nobody can tell that it ever was."""
        self.revoked = self.revoked or now()
        self.save(update_fields=["revoked"])

    def _made(self) -> str:
        salt = f"xai.web.link.{self.purpose}"
        digest = salted_hmac(salt, self.nonce, algorithm="sha256").digest()
        return base64.urlsafe_b64encode(digest).decode("ascii").rstrip("=")


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
