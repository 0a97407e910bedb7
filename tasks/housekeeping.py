"""Repair what died: silent workers, lost bells, forgotten files. Safe to run twice at once."""

from __future__ import annotations

import logging
import shutil
import threading
import time
from datetime import timedelta
from pathlib import Path

from django.db import close_old_connections, connection, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.timezone import now

from tasks import bells, edits, inspections, reports, retention, states
from tasks.presence import Pulse
from tasks.watch import Watch
from xai.web import files, shelf, uploads
from xai.web.models import Job, Report, Run, Shard, Upload, Worker
from xai.web.models.runs import OVER, State

REAP_SECONDS = 2.5
SWEEP_SECONDS = 600.0
UNHEARD = timedelta(seconds=10)
"""A bell that nobody answered for so long may be lost."""
FORGOTTEN = timedelta(days=1)
UNUSED = timedelta(days=7)
"""How long a copy of what the shared store holds is kept here after its last use."""
BACKUPS_KEPT = 3

log = logging.getLogger(__name__)
_shards, _uploads, _bells = Watch[Shard](), Watch[Upload](), Watch[str]()


def keep_house(over: threading.Event) -> None:
    """Reap every few seconds and sweep every few minutes, until `over`."""
    swept = -SWEEP_SECONDS
    pulse = Pulse(Worker.Kind.HOUSEKEEPING, "housekeeping")
    pulse.start()
    while not over.wait(REAP_SECONDS):
        try:
            close_old_connections()
            reap()
            if time.monotonic() - swept >= SWEEP_SECONDS:
                swept = time.monotonic()
                sweep()
                backup()
        except Exception:
            log.exception("Housekeeping goes on in %s s.", REAP_SECONDS)
    pulse.end()


def reap() -> None:
    """Give the work of silent workers to others, ring lost bells, close what is over."""
    running = Shard.objects.filter(state=State.RUNNING).select_related("job__run")
    leases = {shard: (shard.token, shard.lease_until) for shard in running}
    for shard in _shards.still(leases, states.LEASE):
        if (state := states.expire(shard)) is not None:
            log.warning("Shard %s lost its worker and is %s.", shard.pk, state)
    _ring_again()
    checking = Upload.objects.filter(state=Upload.State.CHECKING)
    held = {upload: (upload.token, upload.lease_until) for upload in checking}
    for upload in _uploads.still(held, states.LEASE):
        if inspections.expire(upload):
            bells.ring_inspection(upload.pk)
    reports.repair()
    _settle_forgotten()


def recover() -> None:
    """Take back all claimed work: only where this is the only machine, before workers start.

    Unlike a silent worker's, these attempts do not count: the whole machine stopped.
    """
    shards = Shard.objects.filter(state=State.RUNNING)
    for shard in shards:
        states.release(states.Claim(shard, shard.token))
    checking = Upload.objects.filter(state=Upload.State.CHECKING)
    checking.update(token="", attempts=0, lease_until=now())
    making = Report.objects.filter(state=Report.State.RUNNING)
    making.update(state=Report.State.QUEUED, token="", attempts=0, lease_until=now())
    shutil.rmtree(files.folder("scratch"), ignore_errors=True)


def sweep() -> None:
    """Delete what nobody will ask for again: stale uploads, scratch, parts, orphans."""
    uploads.discard_stale()
    _sweep_scratch()
    edits.forget()
    retention.apply()
    _sweep_results()
    _sweep_uploads()
    Worker.objects.filter(seen__lt=now() - FORGOTTEN).delete()
    _sweep_shared()


def backup() -> Path | None:
    """Copy an SQLite database once a day, the last few kept; None for another database."""
    if connection.vendor != "sqlite":
        return None
    folder = files.folder("backups")
    target = folder / f"{now():%Y-%m-%d}.sqlite3"
    if not target.exists():
        fresh = target.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM INTO %s", [str(fresh)])
        fresh.replace(target)
        for old in sorted(folder.glob("*.sqlite3"))[:-BACKUPS_KEPT]:
            old.unlink()
    return target


def _ring_again() -> None:
    queued = Shard.objects.filter(state=State.QUEUED)
    ids = list(queued.values_list("pk", flat=True)[: bells.BELLS_MOST])
    # Busy workers come by themselves; only bells that are gone are missed.
    is_unheard = bool(ids) and not bells.waiting()
    if _bells.still({"unheard": True} if is_unheard else {}, UNHEARD):
        bells.ring(ids)
        _bells.forget()


def _settle_forgotten() -> None:
    """Close runs whose last move was made, but not its consequence: no known way leads here."""
    unfinished = Job.objects.filter(run=OuterRef("pk")).exclude(
        Q(state__in=OVER) | Q(role__in=Job.LATER)
    )
    for run in Run.objects.exclude(state__in=OVER).exclude(Exists(unfinished)):
        with transaction.atomic():
            states.settle(run.pk)


def _is_forgotten(path: Path) -> bool:
    try:
        return time.time() - path.stat().st_mtime > FORGOTTEN.total_seconds()
    except FileNotFoundError:
        return False


def _sweep_scratch() -> None:
    for path in filter(_is_forgotten, list(files.folder("scratch").iterdir())):
        shutil.rmtree(path, ignore_errors=True)


def _sweep_results() -> None:
    """Drop parts that no unfinished job merges, and results that no job names."""
    for folder in list(files.folder("results").iterdir()):
        if not _is_forgotten(folder):
            continue
        named = Job.objects.filter(Q(key=folder.name) | Q(result=folder.name))
        if not named.exists() and not Report.objects.filter(result=folder.name).exists():
            shutil.rmtree(folder, ignore_errors=True)
        elif _is_forgotten(folder / "parts") and not named.exclude(state__in=OVER).exists():
            shutil.rmtree(folder / "parts", ignore_errors=True)


def _sweep_uploads() -> None:
    growing = {str(pk) for pk in Upload.objects.values_list("pk", flat=True)}
    for part in filter(_is_forgotten, list(files.folder("parts").iterdir())):
        if part.name not in growing:
            part.unlink(missing_ok=True)
    here = filter(_is_forgotten, list(files.folder("files").glob("*/*")))
    for sha in {stored.name for stored in here} | shelf.forgotten("files", now() - FORGOTTEN):
        uploads.release(sha)


def _sweep_shared() -> None:
    """Drop from the shared store what no job names; from here, copies that nobody looks at."""
    if not shelf.is_shared():
        return
    for key in shelf.forgotten("results", now() - FORGOTTEN):
        named = Job.objects.filter(Q(key=key) | Q(result=key))
        if not named.exists() and not Report.objects.filter(result=key).exists():
            shelf.forget_results(key)
    for path in [*files.folder("files").glob("*/*"), *files.folder("results").iterdir()]:
        if time.time() - path.stat().st_atime > UNUSED.total_seconds():
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
