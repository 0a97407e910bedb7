"""Tokens: made, shown once, recognised by their hash, revoked."""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.utils.timezone import now

from xai.errors import InvalidParameter
from xai.web.models import Token

PREFIX = "plx_"
"""Lets a scanner of repositories recognise a secret that was committed by mistake."""
TOKENS_MOST = 50
DAYS_MOST = 3650
_START = 9
_EXACT = timedelta(minutes=1)
"""How exactly the last use is kept: a write per request would be a write too many."""


def make(owner: Any, name: str, days: int | None = 90) -> tuple[Token, str]:
    """Make a token that lasts for so many days (None: until revoked); return it and its secret.

    Raises
    ------
    InvalidParameter
        If it has no name, no sensible end, or the owner has too many.
    """
    name = "".join(c for c in name if not unicodedata.category(c).startswith("C")).strip()
    if not name or len(name) > 80:
        raise InvalidParameter("Give the token a name of at most 80 letters: what is it for?")
    if days is not None and not 1 <= days <= DAYS_MOST:
        raise InvalidParameter(f"A token lasts from 1 to {DAYS_MOST} days, or without an end.")
    if Token.objects.for_user(owner).valid().count() >= TOKENS_MOST:
        raise InvalidParameter(f"You have {TOKENS_MOST} tokens. Revoke one that is not used.")
    secret = PREFIX + secrets.token_urlsafe(32)
    token = Token.objects.create(
        owner=owner,
        name=name,
        start=secret[:_START],
        digest=_digest(secret),
        expires=None if days is None else now() + timedelta(days=days),
    )
    return token, secret


def find(secret: str) -> Token | None:
    """Return the valid token with this secret, and note its use."""
    if not secret.startswith(PREFIX) or len(secret) > 100:
        return None
    # 256 random bits cannot be guessed, so one plain hash is enough, and an index can find it.
    token = Token.objects.valid().select_related("owner").filter(digest=_digest(secret)).first()
    if token is not None:
        is_stale = Q(last_used=None) | Q(last_used__lt=now() - _EXACT)
        if token.last_used is None or token.last_used < now() - _EXACT:
            Token.objects.filter(is_stale, pk=token.pk).update(last_used=now())
    return token


def revoke(token: Token) -> None:
    """Close the door to whoever has it, for good."""
    Token.objects.filter(pk=token.pk, revoked=None).update(revoked=now())
    token.refresh_from_db()


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
