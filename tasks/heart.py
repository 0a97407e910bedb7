"""The heartbeat of a worker: renews leases, and notices lost ones and its own end."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from celery.signals import worker_shutting_down
from django.db import OperationalError, connection

from tasks.presence import counts
from tasks.states import BEAT_SECONDS, LEASE, Claim, beat

PROGRESS_SECONDS = 1.0
_MOST = 2**62
"""Counts come from the jailed child; the column is a signed 64-bit integer."""

log = logging.getLogger(__name__)
stopping = threading.Event()
"""Set when this worker was told to end: it gives its shard back instead of finishing it."""


class Lost(Exception):
    """The shard is no longer this worker's: cancelled, or given to another."""


class Stopping(Exception):
    """The worker is told to end."""


@worker_shutting_down.connect
def _stop(**_facts: Any) -> None:
    stopping.set()


class Heart:
    """Beats for one claimed shard while its child computes."""

    def __init__(self, held: Claim) -> None:
        self._held = held
        self._progress = self._noted = 0
        self._renewed = time.monotonic()

    def note(self, done: int, _total: int) -> None:
        """Remember the progress; it is written with a later beat."""
        done = max(0, min(int(done), _MOST))
        counts.evaluated(done - self._progress)
        self._progress = done

    def computed(self, evaluations: int, seconds: float) -> None:
        """Count a whole shard for this worker, and say it to the log."""
        counts.evaluated(max(0, min(int(evaluations), _MOST)) - self._progress)
        counts.shard(seconds)
        more = {"evaluations": evaluations, "seconds": round(seconds, 3)}
        log.info("Computed a shard of %s.", self._held.job, extra=more)

    def poll(self) -> None:
        """Beat when it is time; raise if the shard is lost or the worker must end."""
        if stopping.is_set():
            raise Stopping
        silent = time.monotonic() - self._renewed
        has_news = self._progress != self._noted
        if silent < (PROGRESS_SECONDS if has_news else BEAT_SECONDS):
            return
        try:
            is_mine = beat(self._held, self._progress)
        except OperationalError:
            # A busy database costs a beat; a worker that cannot renew its lease must stop itself.
            log.warning("A beat was missed.", exc_info=True)
            # A connection that the server dropped stays dropped; the next beat opens another.
            connection.close()
            is_mine = silent < LEASE.total_seconds()
        else:
            self._renewed, self._noted = time.monotonic(), self._progress
        if not is_mine:
            raise Lost


@contextmanager
def beating(renew: Callable[[], bool]) -> Iterator[None]:
    """Renew a lease from a second thread, where the work itself cannot be asked to."""
    over = threading.Event()
    thread = threading.Thread(target=_beat_until, args=(renew, over), daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _beat_until(renew: Callable[[], bool], over: threading.Event) -> None:
    try:
        while not over.wait(BEAT_SECONDS):
            try:
                renew()
            except OperationalError:
                log.warning("A beat was missed.", exc_info=True)
                connection.close()
    finally:
        connection.close()
