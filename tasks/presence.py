"""The pulse of a process: a row says that it lives, and counts what it has done."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from celery.signals import worker_ready, worker_shutdown
from django.db import DatabaseError, close_old_connections, connection
from django.utils.timezone import now

from xai.web.models import Worker

PULSE_SECONDS = 10.0

log = logging.getLogger(__name__)


@dataclass
class Counts:
    """What this process has done since it started."""

    shards: int = 0
    seconds: float = 0.0
    evaluations: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def shard(self, seconds: float) -> None:
        """Count a shard that was computed."""
        with self._lock:
            self.shards += 1
            self.seconds += seconds

    def evaluated(self, count: int) -> None:
        """Count evaluations of a model."""
        with self._lock:
            self.evaluations += max(0, count)


counts = Counts()


class Pulse:
    """Keeps one row fresh from a thread of its own, until `end`."""

    def __init__(self, kind: str, name: str) -> None:
        self._who: dict[str, Any] = {"name": name[:200], "host": socket.gethostname()[:200]}
        self._fixed = {"kind": kind, "pid": os.getpid(), "started": now()}
        self._over = threading.Event()
        self._before = (time.monotonic(), 0)
        self._thread = threading.Thread(target=self._go, daemon=True, name="pulse")

    def start(self) -> None:
        """Write the row now, and again every few seconds."""
        self.beat()
        self._thread.start()

    def beat(self) -> None:
        """Write the row."""
        then, before = self._before
        self._before = moment, done = time.monotonic(), counts.evaluations
        rate = (done - before) / (moment - then) if moment > then else 0.0
        found = {
            "seen": now(),
            "shards": counts.shards,
            "seconds": counts.seconds,
            "evaluations": done,
            "rate": rate,
        }
        try:
            Worker.objects.update_or_create(defaults=self._fixed | found, **self._who)
        except DatabaseError:
            log.warning("A pulse was missed.", exc_info=True)

    def end(self) -> None:
        """Say that this process leaves: it is not missed, it has gone."""
        self._over.set()
        try:
            Worker.objects.filter(**self._who, pid=os.getpid()).delete()
        except DatabaseError:
            log.warning("The row of this process stays until it is swept.", exc_info=True)

    def _go(self) -> None:
        try:
            while not self._over.wait(PULSE_SECONDS):
                close_old_connections()
                self.beat()
        finally:
            connection.close()


_pulses: list[Pulse] = []


@worker_ready.connect
def _appear(sender: Any = None, **_facts: Any) -> None:
    _pulses.append(Pulse(Worker.Kind.WORKER, str(getattr(sender, "hostname", "") or "worker")))
    _pulses[-1].start()


@worker_shutdown.connect
def _leave(**_facts: Any) -> None:
    while _pulses:
        _pulses.pop().end()
