"""A copy of everything that cannot be computed again, and the way back from it."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections
from django.utils.timezone import now

from tasks import housekeeping, system
from xai.errors import XaiError
from xai.runner.version import VERSION
from xai.web import files, shelf
from xai.web.models import Job, Run, Upload

SQLITE, POSTGRES, MANIFEST = "db.sqlite3", "db.pgdump", "manifest.json"
FOLDERS = ("files", "results")
HELD = (Upload.State.CHECKING, Upload.State.READY)


def backup(target: Path) -> dict[str, Any]:
    """Copy database, uploads, results and secret key into a new folder; work goes on meanwhile.

    The database is copied first: whatever its rows name is there by then, and is copied after it.

    Returns
    -------
    dict
        The manifest, written last: a folder without one is no backup.

    Raises
    ------
    XaiError
        If the folder is not empty, or what a row names could not be copied.
    """
    if target.exists() and any(target.iterdir()):
        raise XaiError(f"{target} is not empty. Name a new folder for the backup.")
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = _dump(target)
    count = 0 if shelf.is_shared() else _copy(Path(settings.DATA_DIR), target)
    if (key := Path(settings.DATA_DIR) / "secret_key").exists():
        shutil.copy2(key, target / key.name)
    if missing := [] if shelf.is_shared() else list(_missing(target)):
        raise XaiError(f"{len(missing)} files that rows name are not there: {missing[0]}, …")
    manifest = {
        "version": VERSION,
        "made": now().isoformat(),
        "database": name,
        "store": "shared" if shelf.is_shared() else "copied",
        "files": count,
        "uploads": Upload.objects.count(),
        "runs": Run.objects.count(),
    }
    (target / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", "utf-8")
    return manifest


def restore(source: Path) -> dict[str, Any]:
    """Put a backup into an empty data folder (and an empty PostgreSQL), and bring it up to date.

    Raises
    ------
    XaiError
        If the folder holds no whole backup, or there is something that it would replace.
    """
    try:
        manifest: dict[str, Any] = json.loads((source / MANIFEST).read_text("utf-8"))
    except (OSError, ValueError):
        raise XaiError(f"{source} is no whole backup: it has no {MANIFEST}.") from None
    data = Path(settings.DATA_DIR)
    if (data / SQLITE).exists() or any((data / name).is_dir() for name in FOLDERS):
        raise XaiError(
            f"{data} holds an installation already. Set PARALLAX_DATA to a new folder, or move "
            "the old one away."
        )
    _load(source / manifest["database"])
    _copy(source, data)
    if (key := source / "secret_key").exists():
        shutil.copy2(key, data / key.name)
    connections.close_all()
    call_command("migrate", interactive=False, verbosity=0)
    system.check_database()
    housekeeping.recover()
    return manifest


def _dump(target: Path) -> str:
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM INTO %s", [str(target / SQLITE)])
        return SQLITE
    _run("pg_dump", "--format=custom", "--no-owner", f"--file={target / POSTGRES}")
    return POSTGRES


def _load(dump: Path) -> None:
    if (dump.name == SQLITE) != (connection.vendor == "sqlite"):
        raise XaiError(f"The backup is of another kind of database: {dump.name}. See DATABASE_URL.")
    if connection.vendor == "sqlite":
        with closing(sqlite3.connect(dump)) as opened:
            if (said := opened.execute("PRAGMA quick_check").fetchone()[0]) != "ok":
                raise XaiError(f"The database in the backup is damaged: {said}")
        shutil.copy2(dump, Path(settings.DATA_DIR) / SQLITE)
        return
    if connection.introspection.table_names():
        raise XaiError("The database of DATABASE_URL is not empty. Name a new one.")
    _run("pg_restore", "--no-owner", "--exit-on-error", str(dump))


def _run(program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's own programs; the password goes by the environment, not the list."""
    place = connection.settings_dict
    names = {"PGHOST": "HOST", "PGPORT": "PORT", "PGUSER": "USER", "PGPASSWORD": "PASSWORD"}
    given = {name: str(place[key]) for name, key in names.items() if place.get(key)}
    where = [f"--dbname={place['NAME']}"]
    try:
        done = subprocess.run(
            [program, *where, *arguments],
            env={**os.environ, **given},
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        raise XaiError(f"{program} is not installed: it comes with PostgreSQL's client.") from None
    if done.returncode:
        raise XaiError(f"{program}: {done.stderr.strip()[-300:]}")


def _copy(source: Path, target: Path) -> int:
    """Copy uploads and results; a file that is deleted meanwhile was not needed."""
    count = 0
    for name in FOLDERS:
        for path in sorted((source / name).rglob("*")):
            inner = path.relative_to(source)
            if path.is_file() and "parts" not in inner.parts and path.name != ".lock":
                goal = target / inner
                goal.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                try:
                    shutil.copy2(path, goal)
                except FileNotFoundError:
                    continue
                count += 1
    return count


def _missing(target: Path) -> Iterator[str]:
    for sha, size in Upload.objects.filter(state__in=HELD).values_list("sha256", "size"):
        path = target / files.stored(sha).relative_to(settings.DATA_DIR) if sha else None
        if path and files.stored(sha).exists() and not _has(path, size):
            yield str(path)
    done = Job.objects.filter(state=Job.State.DONE).exclude(result="")
    for key in done.values_list("result", flat=True).distinct():
        if shelf.is_merged(key) and not (target / "results" / key / shelf.LAST).exists():
            yield key


def _has(path: Path, size: int) -> bool:
    return path.exists() and path.stat().st_size == size
