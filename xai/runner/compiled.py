"""Machine code of the tree tables: compiled once per installation, copied to each child.

Compiling takes 10 s of processor time, reading what was compiled a third of a second. The code is
made by a jailed process that sees no upload, and lies beside the data, where no jailed process may
look or write. A child that needs it gets a copy in its own room: what a child writes there goes
with the room, so no upload can leave code behind that another process would run.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import sys
import tempfile
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

from xai.errors import XaiError
from xai.jail import Child, Limits
from xai.jail.policy import COMPILED, PACKAGE
from xai.vocabulary import Json

HANDLER = "xai.workbench"
LIMITS = Limits(memory_mb=4096, cpu_s=300, file_mb=64)
SECONDS_MOST = 600.0
SUFFIXES = {".nbi", ".nbc"}
"""An index, and compiled code."""


def ready(folder: Path, room: Path, **watched: Json) -> Path:
    """Return the folder of the code for this installation and processor, made if it is not there.

    Parameters
    ----------
    folder : Path
        Beside the data; nothing is compiled twice into it.
    room : Path
        An empty folder for the process that compiles.
    watched
        `poll` and the like, as for `Child.ask`.
    """
    target = folder / _key()
    if target.is_dir():
        return target
    with Child(HANDLER, [], room, LIMITS) as child:
        child.ask("compile", {}, wall_s=SECONDS_MOST, **watched)
    fresh = Path(tempfile.mkdtemp(prefix=".new-", dir=folder))
    try:
        give(room / COMPILED, fresh / "code")
        (fresh / "code").rename(target)
    except OSError:
        if not target.is_dir():  # somebody else was faster
            raise
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return target


def give(code: Path, to: Path) -> None:
    """Copy code into a room: plain files of the two known kinds, and nothing else."""
    for source in sorted(code.rglob("*")):
        place = to / source.relative_to(code)
        if source.is_symlink():
            raise XaiError("The compiled code holds a link, which nobody puts there.")
        if source.is_dir():
            place.mkdir(parents=True, exist_ok=True)
        elif source.suffix in SUFFIXES:
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, place)


@lru_cache(maxsize=1)
def _key() -> str:
    """Return a name that changes with whatever compiled code depends on."""
    digest = hashlib.sha256()
    for source in sorted((PACKAGE / "methods" / "shapley" / "trees").glob("*.py")):
        # The index of compiled code names its source by size and time as well.
        digest.update(f"{source} {source.stat().st_mtime_ns}".encode() + source.read_bytes())
    known = (version("numba"), version("llvmlite"), version("numpy"), sys.version)
    digest.update(" ".join((*known, platform.platform(), _processor())).encode())
    return digest.hexdigest()[:24]


def _processor() -> str:
    """Return what the kernel says of one processor: its instructions decide the code."""
    try:
        first = Path("/proc/cpuinfo").read_text(encoding="utf-8").partition("\n\n")[0]
    except OSError:
        return f"{platform.machine()} {os.cpu_count()}"
    kept = ("model name", "flags", "Features", "CPU part")
    return "\n".join(line for line in first.splitlines() if line.startswith(kept))
