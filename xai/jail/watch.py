"""What the kernel's limits do not count: shared memory, many files together, one request."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

from xai.jail import deaths
from xai.jail.limits import Limits

_MB = 1 << 20
_SECONDS_BETWEEN_FOLDER_CHECKS = 2.0
_MOST_FILES = 20_000
_BLOCK = 512
_HELD = ("RssAnon", "RssShmem", "VmSwap")


class Watch:
    """Looks at one child from outside."""

    def __init__(self, pid: int, scratch: Path, limits: Limits) -> None:
        self._status = Path(f"/proc/{pid}/status")
        self._times = Path(f"/proc/{pid}/stat")
        self._allowed_s = float("inf")
        self._scratch = scratch
        self._limits = limits
        self._next = 0.0

    def begin(self) -> None:
        """Count the processor time of a new request."""
        self._allowed_s = self._processor_seconds() + self._limits.cpu_s

    def check(self) -> None:
        """Raise LimitExceeded if the child has used more than it may."""
        if self._processor_seconds() > self._allowed_s:
            raise deaths.out_of_processor_time(self._limits)
        if self._megabytes_held() > self._limits.memory_mb:
            raise deaths.out_of_memory(self._limits)
        now = time.monotonic()
        if now >= self._next:
            self._next = now + _SECONDS_BETWEEN_FOLDER_CHECKS
            written = 0
            for count, size in enumerate(_sizes(self._scratch)):
                written += size
                if written > self._limits.file_mb * _MB or count >= _MOST_FILES:
                    raise deaths.out_of_space(self._limits)

    def _processor_seconds(self) -> float:
        try:
            # The name in brackets may hold anything; user and system time are 12 and 13 after it.
            fields = self._times.read_text(encoding="ascii", errors="replace").rpartition(")")[2]
        except OSError:
            return 0.0
        user, system = fields.split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def _megabytes_held(self) -> float:
        try:
            lines = self._status.read_text(encoding="ascii", errors="replace").splitlines()
        except OSError:
            # It has just ended, or this system has no /proc.
            return 0.0
        sizes = dict(line.split(":", 1) for line in lines if ":" in line)
        return sum(int(sizes.get(name, "0").split()[0]) for name in _HELD) / 1024


def _sizes(folder: Path) -> Iterator[int]:
    pending = [str(folder)]
    while pending:
        try:
            entries = list(os.scandir(pending.pop()))
        except OSError:
            continue
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                pending.append(entry.path)
            try:
                yield entry.stat(follow_symlinks=False).st_blocks * _BLOCK
            except OSError:
                continue
