"""Looks over an installation: what is configured, reachable, writable, and what works."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core import checks

from tasks import system
from xai import jail
from xai.errors import XaiError
from xai.web import files, health

Verdict = Literal["ok", "note", "broken"]
FOLDERS = ("files", "parts", "results", "scratch", "backups", "logs")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. "note": it works, and the operator should know."""

    part: str
    name: str
    verdict: Verdict
    sentence: str

    def as_json(self) -> dict[str, str]:
        """Return plain data."""
        return asdict(self)


def examine() -> Iterator[Finding]:
    """Look at one part after another; a part that cannot be looked at is broken, not the end."""
    for part, look in _PARTS.items():
        try:
            yield from (Finding(part, *found) for found in look())
        except Exception as error:
            yield Finding(part, part, "broken", f"{type(error).__name__}: {error}")


Found = Iterator[tuple[str, Verdict, str]]


def _settings() -> Found:
    yield "mode", "ok", f"{settings.MODE}; data in {settings.DATA_DIR}"
    for found in checks.run_checks(include_deployment_checks=settings.IS_SERVER):
        if not found.is_silenced():
            verdict: Verdict = "broken" if found.level >= checks.ERROR else "note"
            yield str(found.id), verdict, str(found.msg)
    mode = stat.S_IMODE(Path(settings.DATA_DIR).stat().st_mode)
    if mode & 0o077:
        yield "permissions", "note", f"Others can look into {settings.DATA_DIR} (mode {mode:o})."
    if settings.IS_SERVER and not get_user_model().objects.filter(is_active=True).exists():
        yield "accounts", "note", "There is none: manage.py createsuperuser makes one."


def _parts() -> Found:
    for check in health.PAGES:
        found = check()
        yield found.name, "ok" if found.is_well else "broken", found.sentence
    system.check_database()
    yield from (("SQLite", "note", sentence) for sentence in system.warnings())
    for check in (health.broker, health.workers):
        found = check()
        # Nothing runs beside the doctor before the first start: no fault of the installation.
        yield found.name, "ok" if found.is_well else "note", found.sentence


def _folders() -> Found:
    for name in FOLDERS:
        folder = files.folder(name)
        probe = folder / ".doctor"
        probe.write_bytes(b"")
        probe.unlink()
    yield "folders", "ok", f"{', '.join(FOLDERS)} can be written."
    free = shutil.disk_usage(settings.DATA_DIR).free
    if free < 2 * settings.DISK_FLOOR:
        yield "disk", "note", f"{free / 1e9:.1f} GB are free, which is little."


def _isolation() -> Found:
    found = jail.describe()
    probes = found["probes"]
    blocked = sum(probe["blocked"] for probe in probes)
    verdict: Verdict = "ok" if found["level"] == "full" else "note"
    told = f"{found['level']}, {blocked} of {len(probes)} attempts blocked. {found['sentence']}"
    yield "jail", verdict, told
    for probe in probes:
        if not probe["blocked"]:
            yield f"jail: {probe['name']}", "note", str(probe["detail"])
    try:
        jail.require(settings.ISOLATION_REQUIRED)
    except XaiError as error:
        yield "required", "broken", str(error)


def _abilities() -> Found:
    from xai.runner import session  # noqa: PLC0415 - only workers jail anything

    scratch = files.scratch()
    try:
        able = session.able(scratch)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    for one in able["formats"]:
        yield one["name"], "ok" if one["works"] else "broken", one["detail"]
    for one in able["devices"]:
        yield one["name"], "ok" if one["works"] else "note", one["detail"]


_PARTS: dict[str, Callable[[], Found]] = {
    "settings": _settings,
    "parts": _parts,
    "folders": _folders,
    "isolation": _isolation,
    "formats and devices": _abilities,
}
