"""How often somebody may knock: counted in the broker, so that it holds over all processes."""

from __future__ import annotations

import logging
import math
import time
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from limits import parse
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from xai.errors import XaiError

log = logging.getLogger(__name__)
_SOCKET, _TCP = "redis+socket://", ("redis://", "rediss://")
_WAIT: dict[str, Any] = {"socket_timeout": 1, "socket_connect_timeout": 1}


class TooMany(XaiError):
    """Somebody knocks too often; `wait` is in whole seconds."""

    def __init__(self, wait: int) -> None:
        super().__init__(f"Too many requests. Try again in {wait} seconds.")
        self.wait = wait


def check(what: str, *who: object) -> None:
    """Count one knock of somebody at one of the doors of `settings.RATES`.

    Raises
    ------
    TooMany
        If it is one too many. A server counts; on a laptop nobody else can knock.
    """
    rate = settings.RATES[what]
    if not settings.IS_SERVER or rate == "none":
        return
    item, key = parse(rate), (what, *map(str, who))
    try:
        _count(_shared(), item, key)
    except TooMany:
        raise
    except Exception as error:
        # Without the broker every process counts for itself: weaker, but open to no flood.
        log.warning("The broker does not count (%s).", error)
        _count(_own(), item, key)


def address_of(request: HttpRequest) -> str:
    """Return where a request comes from: the last address that our own proxy saw."""
    if settings.BEHIND_PROXY:
        seen = str(request.META.get("HTTP_X_FORWARDED_FOR", "")).rsplit(",", 1)[-1].strip()
        if seen:
            return seen[:60]
    return str(request.META.get("REMOTE_ADDR", ""))


def forget() -> None:
    """Begin anew: for tests."""
    _own.cache_clear()
    _shared.cache_clear()


def _count(limiter: SlidingWindowCounterRateLimiter, item: Any, key: tuple[str, ...]) -> None:
    if not limiter.hit(item, *key):
        ends = limiter.get_window_stats(item, *key).reset_time
        raise TooMany(max(1, math.ceil(ends - time.time())))


@cache
def _own() -> SlidingWindowCounterRateLimiter:
    return SlidingWindowCounterRateLimiter(MemoryStorage())


@cache
def _shared() -> SlidingWindowCounterRateLimiter:
    address = settings.CELERY_BROKER_URL
    if address.startswith(_SOCKET):
        address = f"redis+unix://{address.removeprefix(_SOCKET)}"
    elif not address.startswith(_TCP):
        return _own()
    return SlidingWindowCounterRateLimiter(RedisStorage(address, **_WAIT))
