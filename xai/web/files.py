"""The data folder: the one place that makes paths in it. No name given by a person is in a path."""

from __future__ import annotations

import re
import tempfile
import uuid
from pathlib import Path

from django.conf import settings

_SHA = re.compile(r"[0-9a-f]{64}")
_KEY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}")


def stored(sha: str) -> Path:
    """Return where the uploaded bytes with this SHA-256 lie."""
    if not _SHA.fullmatch(sha):
        raise ValueError(f"not a SHA-256: {sha!r}")
    return Path(settings.DATA_DIR) / "files" / sha[:2] / sha


def part(upload_id: uuid.UUID | str) -> Path:
    """Return where a growing upload lies."""
    return folder("parts") / str(uuid.UUID(str(upload_id)))


def results(key: str) -> Path:
    """Return the folder of a job's results; it may not exist yet."""
    if not _KEY.fullmatch(key):
        raise ValueError(f"not a result key: {key!r}")
    return folder("results") / key


def scratch() -> Path:
    """Make a new, empty, private folder; the caller removes it."""
    return Path(tempfile.mkdtemp(dir=folder("scratch")))


def compiled() -> Path:
    """Return the folder of compiled code, made if it is not there."""
    path = Path(settings.COMPILED_DIR)
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def folder(name: str) -> Path:
    """Return a folder of the data folder, made if it is not there."""
    path = Path(settings.DATA_DIR) / name
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path
