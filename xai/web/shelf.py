"""The shared store of several machines: uploads by hash, results by key. The data folder caches it.

Without `STORAGE_URL` there is one machine, the data folder is all there is, and nothing here does
anything. With it, what a row will name is kept here *before* the row is written: a row that names
bytes is a promise that any machine can fetch them.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import connection

from xai.errors import XaiError
from xai.web import files

if TYPE_CHECKING:
    from datetime import datetime

GONE = "The stored file is gone from the shared store. Upload it again."
AWAY = "The shared store does not answer. Nothing is lost: try again in a minute."
LAST = "job.json"
"""Written last, so that a folder which holds it is whole."""


log = logging.getLogger(__name__)


class Away(XaiError):
    """The shared store does not answer now: what wanted it is tried again later."""


def is_shared() -> bool:
    """Whether machines share a store; if not, the data folder is the only place."""
    return "shared" in settings.STORAGES


def stored(sha: str) -> Path:
    """Return where the uploaded bytes with this SHA-256 lie here, fetched first if need be.

    Raises
    ------
    XaiError
        If they are nowhere, or are not the bytes that were kept.
    """
    path = files.stored(sha)
    if not path.exists() and is_shared():
        with _scratch() as folder:
            _fetch(_upload(sha), fresh := folder / sha)
            with fresh.open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != sha:
                    raise XaiError(GONE)
            fresh.chmod(0o400)
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            fresh.replace(path)
    _touch(path)
    return path


def results(key: str) -> Path:
    """Return the folder of a job's results, fetched first if need be; it may not exist."""
    path = files.results(key)
    if is_shared() and not (path / LAST).exists() and _holds(_folder(key)):
        _unpack(_folder(key), path)
    _touch(path)
    return path


def is_merged(key: str) -> bool:
    """Whether the results of this key are whole, here or in the shared store."""
    return (files.results(key) / LAST).exists() or (is_shared() and _holds(_folder(key)))


def part(key: str, name: str) -> Path:
    """Return the folder of one shard's part, fetched first if need be; it may not exist."""
    path = files.results(key) / "parts" / name
    if is_shared() and not path.exists() and _holds(_folder(key, name)):
        _unpack(_folder(key, name), path)
    return path


def has_part(key: str, name: str) -> bool:
    """Whether the part of a shard is kept, here or in the shared store."""
    here = (files.results(key) / "parts" / name).exists()
    return here or (is_shared() and _holds(_folder(key, name)))


def keep_upload(sha: str, path: Path) -> None:
    """Put uploaded bytes into the shared store; the row that names them is written after this."""
    if is_shared():
        with path.open("rb") as file:
            _keep(_upload(sha), file)


def keep_results(key: str, name: str = "") -> None:
    """Put a whole result, or one shard's part, into the shared store."""
    if not is_shared():
        return
    path = files.results(key)
    with _scratch() as folder, (folder / "packed.tar").open("w+b") as file:
        with tarfile.open(fileobj=file, mode="w") as archive:
            for found in sorted((path / "parts" / name if name else path).iterdir()):
                if found.name != "parts":
                    archive.add(found, found.name)
        file.seek(0)
        _keep(_folder(key, name), file)


def forget_upload(sha: str) -> None:
    """Delete uploaded bytes everywhere."""
    files.stored(sha).unlink(missing_ok=True)
    if is_shared():
        _drop(_upload(sha))


def forget_results(key: str) -> None:
    """Delete a result in the shared store, with all of its parts."""
    if is_shared():
        for name in _listed(f"results/{key}/"):
            _drop(name)


def forget_part(key: str, name: str) -> None:
    """Delete one shard's part everywhere: it has been merged."""
    shutil.rmtree(files.results(key) / "parts" / name, ignore_errors=True)
    if is_shared():
        _drop(_folder(key, name))


def forgotten(kind: str, before: datetime) -> set[str]:
    """Return the keys of "results", or the hashes of "files", put into the shared store earlier."""
    if not is_shared():
        return set()
    old = set()
    with _reaching() as store:
        for name in _listed(f"{kind}/"):
            if store.get_modified_time(name) < before:
                old.add(name.split("/")[1] if kind == "results" else name.rsplit("/", 1)[1])
    return old


@contextmanager
def locked(sha: str) -> Iterator[None]:
    """Let one process on all machines share or delete these bytes; use it in a transaction."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            number = int.from_bytes(bytes.fromhex(sha[:16]), "big", signed=True)
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])
    yield


def _upload(sha: str) -> str:
    return f"files/{sha[:2]}/{sha}"


def _folder(key: str, part: str = "") -> str:
    return f"results/{key}/parts/{part}.tar" if part else f"results/{key}/whole.tar"


def _drop(name: str) -> None:
    with _reaching() as store:
        store.delete(name)


@contextmanager
def _reaching() -> Iterator[Any]:
    """Give the store; whatever its client says of a store that is away is one sentence."""
    from botocore.exceptions import (  # noqa: PLC0415 - one machine needs no client
        BotoCoreError,
        ClientError,
    )
    from django.core.files.storage import storages  # noqa: PLC0415 - as above

    try:
        yield storages["shared"]
    except (BotoCoreError, ClientError, ConnectionError) as error:
        log.warning("The shared store: %s", error)
        raise Away(AWAY) from None


def _holds(name: str) -> bool:
    with _reaching() as store:
        return bool(store.exists(name))


def _keep(name: str, file: Any) -> None:
    from django.core.files import File  # noqa: PLC0415 - as above

    with _reaching() as store:
        store.save(name, File(file))


def _fetch(name: str, target: Path) -> None:
    try:
        with _reaching() as store, store.open(name, "rb") as source, target.open("wb") as file:
            shutil.copyfileobj(source, file, 2**20)
    except FileNotFoundError:
        raise XaiError(GONE) from None


def _unpack(name: str, target: Path) -> None:
    """Fetch a packed folder and move its files to `target`, the one that says "whole" last."""
    with _scratch() as folder:
        _fetch(name, packed := folder / "packed.tar")
        (fresh := folder / "fresh").mkdir()
        with tarfile.open(packed) as archive:
            archive.extractall(fresh, filter="data")
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not target.exists():
            fresh.replace(target)
            return
        for found in sorted(fresh.iterdir(), key=lambda path: path.name == LAST):
            if found.is_dir():
                shutil.rmtree(target / found.name, ignore_errors=True)
            found.replace(target / found.name)


def _listed(prefix: str) -> list[str]:
    """Return the names below a prefix; the listing of a store knows folders only by their names."""
    found: list[str] = []
    folders = [prefix]
    while folders:
        folder = folders.pop()
        with _reaching() as store:
            inner, names = store.listdir(folder)
        found.extend(f"{folder}{name}" for name in names if name)
        folders.extend(f"{folder}{name}/" for name in inner)
    return found


def _touch(path: Path) -> None:
    """Note the use of a cached copy: copies that nobody uses any more are dropped first."""
    if is_shared():
        with suppress(OSError):
            os.utime(path, (time.time(), path.stat().st_mtime))


@contextmanager
def _scratch() -> Iterator[Path]:
    folder = files.scratch()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
