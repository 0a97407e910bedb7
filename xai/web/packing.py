"""The bundle of a run on its way out: the whole as a zip, its table of contents, or one file."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from tasks.reports import pack
from xai.reports.bundle import write_bundle
from xai.web import files, opinions
from xai.web.landed import Landed


def zipped(found: Landed) -> IO[bytes]:
    """Return the bundle as an open zip; it can be read to its end, though its name is gone."""
    with _written(found) as folder:
        return pack(folder, folder.with_suffix(".zip")).open("rb")


def contents(found: Landed) -> list[dict[str, Any]]:
    """Return name, size and SHA-256 of every file in the bundle."""
    with _written(found) as folder:
        return [
            {
                "name": str(path.relative_to(folder)),
                "size": path.stat().st_size,
                "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            }
            for path in _files(folder)
        ]


def member(found: Landed, name: str) -> IO[bytes] | None:
    """Return one open file of the bundle, or None if it has none of this name."""
    with _written(found) as folder:
        paths = {str(path.relative_to(folder)): path for path in _files(folder)}
        return paths[name].open("rb") if name in paths else None


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


@contextmanager
def _written(found: Landed) -> Iterator[Path]:
    scratch = files.scratch()
    try:
        write_bundle(opinions.add_to(found, scratch / "people"), scratch / "bundle")
        yield scratch / "bundle"
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
