"""What this machine gives: noted once at start, for the pages that show it."""

from __future__ import annotations

import json
import os
import platform
import sqlite3
from importlib.metadata import version
from pathlib import Path
from typing import Any

from django.db import connection
from django.utils.timezone import now

from tasks.broker import Broker
from xai import jail
from xai.errors import XaiError
from xai.runner.version import VERSION

SQLITE_MENDED = (3, 51, 3)
"""Before it, two writers and a checkpoint at once could, rarely, damage the file."""


def describe(broker: Broker, workers: int) -> dict[str, Any]:
    """Return isolation, broker and versions."""
    return {
        "isolation": jail.describe(),
        "broker": broker.as_json(),
        "workers": workers,
        "database": connection.vendor,
        "started": now().isoformat(),
        "versions": {
            "parallax": VERSION,
            "python": platform.python_version(),
            "sqlite": sqlite3.sqlite_version,
            **{name: version(name) for name in ("django", "celery", "gunicorn")},
        },
    }


def write(facts: dict[str, Any], path: Path) -> None:
    """Replace the notes at once: a page never reads half of them."""
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(facts, indent=1), "utf-8")
    fresh.replace(path)


def workers() -> int:
    """Return how many workers fit: one per core that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def check_database() -> None:
    """Read through an SQLite database.

    Raises
    ------
    XaiError
        If it is damaged.
    """
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA quick_check")
        said = [row[0] for row in cursor.fetchall()]
    if said != ["ok"]:
        raise XaiError(
            f"The database {connection.settings_dict['NAME']} is damaged ({said[0]}). "
            "Put the newest file of the folder backups in its place."
        )


def warnings() -> list[str]:
    """Return what a person should know, in sentences."""
    if connection.vendor == "sqlite" and sqlite3.sqlite_version_info < SQLITE_MENDED:
        return [
            f"SQLite {sqlite3.sqlite_version} has a rare fault in its write-ahead log, mended in "
            "3.51.3; a copy of the database is kept every day in the folder backups."
        ]
    return []
