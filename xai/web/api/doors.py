"""Who asks: a program with its token, or a page with its session and CSRF token."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja.errors import HttpError
from ninja.security import HttpBearer, SessionAuth
from ninja.utils import check_csrf

from xai.web import rates, tokens
from xai.web.models import Token


class Bearer(HttpBearer):
    """`Authorization: Bearer plx_…`; a wrong token is refused, whatever else was sent."""

    def authenticate(self, request: HttpRequest, token: str) -> Token:
        """Name the owner of the token."""
        found = tokens.find(token.strip())
        if found is None:
            rates.check("api", rates.address_of(request))
            raise HttpError(401, "This token is unknown, expired or revoked.")
        rates.check("api", found.owner_id)
        request.user = found.owner
        return found


class Session(SessionAuth):
    """The cookie of somebody who is logged in; what changes something needs X-CSRFToken too."""

    def __call__(self, request: HttpRequest) -> Any:
        """Return the user, or None for the next door to ask."""
        user = request.user
        if not user.is_authenticated:
            rates.check("api", rates.address_of(request))
            return None
        rates.check("api", user.pk)
        if check_csrf(request):
            raise HttpError(
                403,
                "Send a token (Authorization: Bearer …), or from a page of this site its "
                "X-CSRFToken.",
            )
        return user


def is_person(request: HttpRequest) -> bool:
    """Whether somebody logged in asks, not a program with a token."""
    return not isinstance(getattr(request, "auth", None), Token)
