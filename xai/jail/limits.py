"""How much one jailed process may use, and how the kernel is told."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_THREADS = 512
_OPEN_FILES = 512
_STACK_MB = 64
_MB = 1 << 20

REQUESTS = 100 if sys.platform == "linux" else 1
"""The kernel counts a whole life, so it is given room for many requests where `Watch` sees one."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a jailed process may use.

    Attributes
    ----------
    memory_mb : int
        Private memory: arrays, trees, thread stacks; not the code of libraries.
    cpu_s : int
        Seconds of processor time for one request, all threads together.
    file_mb : int
        Size of one file, and of all files in the scratch folder together.
    reply_mb : int
        Size of one answer.
    """

    memory_mb: int = 4096
    cpu_s: int = 3600
    file_mb: int = 2048
    reply_mb: int = 16


def restrain(limits: Limits) -> None:
    """Put this process under its limits. They can be lowered afterwards, never raised."""
    import resource  # noqa: PLC0415 - absent on Windows, where this module is still imported

    # Not RLIMIT_AS: it counts mapped libraries and reserved addresses, which cost nothing.
    _lower(resource.RLIMIT_DATA, limits.memory_mb * _MB)
    _lower(resource.RLIMIT_FSIZE, limits.file_mb * _MB)
    _lower(resource.RLIMIT_STACK, _STACK_MB * _MB)
    _lower(resource.RLIMIT_NOFILE, _OPEN_FILES)
    _lower(resource.RLIMIT_CORE, 0)
    # The first limit sends SIGXCPU, which names the cause; the second kills who ignores it.
    _lower(resource.RLIMIT_CPU, limits.cpu_s * REQUESTS, spare=2)
    if sys.platform == "linux":
        # This limit counts every thread of the user, a browser's too. It does not bind root.
        _lower(resource.RLIMIT_NPROC, _threads_of_user() + _THREADS)
        with suppress(OSError):
            # If the machine runs out of memory, this process goes first.
            Path("/proc/self/oom_score_adj").write_text("900", encoding="ascii")


def _lower(kind: int, value: int, spare: int = 0) -> None:
    import resource  # noqa: PLC0415 - as above

    _, hard = resource.getrlimit(kind)
    ceiling = value + spare
    if hard != resource.RLIM_INFINITY:
        ceiling = min(ceiling, hard)
    # macOS refuses some of these limits; `level()` measures what holds.
    with suppress(OSError, ValueError):
        resource.setrlimit(kind, (min(value, ceiling), ceiling))


def _threads_of_user() -> int:
    user, count = os.getuid(), 0
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            with suppress(OSError):
                if entry.stat().st_uid == user:
                    # The folder of threads has one link per thread, and two of its own.
                    count += (Path(entry.path) / "task").stat().st_nlink - 2
    return count
