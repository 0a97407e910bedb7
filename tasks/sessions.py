"""The one jailed child that a worker keeps: loaded once, used shard after shard."""

from __future__ import annotations

import atexit
import logging
import os
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from celery.signals import worker_init, worker_shutdown
from django.conf import settings

from xai.errors import XaiError
from xai.web import files, shelf
from xai.web.models import Run

if TYPE_CHECKING:
    from xai.jail import Limits
    from xai.runner.session import Session

log = logging.getLogger(__name__)

IDLE_SECONDS = 60.0
_MEMORY_MOST_MB = 4096
_MEMORY_SHARE = 0.6
"""Of the machine's memory, for all children together; the rest is for the site and the system."""


@dataclass(slots=True)
class _Kept:
    key: tuple[Any, ...]
    session: Session
    scratch: Path
    used: float = field(default_factory=time.monotonic)


_lock = threading.RLock()
"""Held while the child is used, so that the timer closes an idle one only."""
_kept: _Kept | None = None
_timer: threading.Timer | None = None


@contextmanager
def using(run: Run) -> Iterator[Session]:
    """Give the child of a run's model and dataset; another owner's is never shared."""
    global _kept  # noqa: PLW0603 - one child per worker process is the point
    recipe = run.recipe
    key = (run.owner_id, recipe.model, recipe.dataset, recipe.external, recipe.replacer)
    with _lock:
        if _kept is None or _kept.key != key:
            close()
            _kept = _open(key, run)
        try:
            yield _kept.session
        finally:
            _kept.used = time.monotonic()
            _close_later()


def prepare() -> None:
    """Compile what trees need, while a person reads what was found of a model: once, ever."""
    from xai.runner import compiled  # noqa: PLC0415 - only workers jail anything

    room = files.scratch()
    try:
        compiled.ready(files.compiled(), room)
    except XaiError:
        # Whoever needs it will say so; the upload has nothing to do with it.
        log.warning("The code of the tree tables was not compiled.", exc_info=True)
    finally:
        shutil.rmtree(room, ignore_errors=True)


def close() -> None:
    """Kill the child, if there is one, and remove its folder."""
    global _kept  # noqa: PLW0603
    with _lock:
        if _kept is not None:
            _kept.session.close()
            shutil.rmtree(_kept.scratch, ignore_errors=True)
            _kept = None


@worker_init.connect
def _require_isolation(**_facts: Any) -> None:
    """Fail closed: a worker without the required isolation does not start."""
    if settings.ISOLATION_REQUIRED != "none":
        from xai import jail  # noqa: PLC0415 - as below

        jail.require(settings.ISOLATION_REQUIRED)


@worker_shutdown.connect
def _close_at_end(**_facts: Any) -> None:
    close()


atexit.register(close)


def limits() -> Limits:
    """Return what a child may use: its share of the memory when every core has one."""
    from xai.jail import Limits  # noqa: PLC0415 - only workers jail anything

    total_mb = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**20
    share = int(total_mb * _MEMORY_SHARE / (os.cpu_count() or 1))
    return Limits(memory_mb=min(_MEMORY_MOST_MB, share))


def _open(key: tuple[Any, ...], run: Run) -> _Kept:
    from xai.runner.session import Session  # noqa: PLC0415 - the website imports no session

    scratch, external = files.scratch(), run.recipe.external
    session = Session(
        shelf.stored(run.model.sha256),
        run.model.facts["format"],
        shelf.stored(run.dataset.sha256),
        scratch=scratch,
        replacer=shelf.stored(run.replacer.sha256) if run.replacer else None,
        limits=limits(),
        threads=1,
        external=shelf.stored(external) if external else None,
        code=files.compiled() if "trees" in run.model.facts["capabilities"] else None,
    )
    return _Kept(key, session, scratch)


def _close_later() -> None:
    global _timer  # noqa: PLW0603
    if _timer is not None:
        _timer.cancel()
    _timer = threading.Timer(IDLE_SECONDS, _close_if_idle)
    _timer.daemon = True
    _timer.start()


def _close_if_idle() -> None:
    with _lock:
        if _kept is not None and time.monotonic() - _kept.used >= IDLE_SECONDS * 0.99:
            close()
