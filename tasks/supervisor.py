"""Keeps the parts of a laptop's installation running, and ends them together."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

BACK_OFF = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
STEADY_SECONDS = 30.0
"""A part that ran this long was well: its next end begins a new back-off."""
ENDING_SECONDS = 10.0
_LOG_BYTES = 5 * 2**20
_DIE_WITH_PARENT = 1


@dataclass(slots=True)
class Part:
    """One program that must run. `mend` is called before a start that follows a failure."""

    name: str
    command: list[str]
    mend: Callable[[int], None] | None = None
    process: subprocess.Popen[bytes] | None = None
    failures: int = 0
    started: float = 0.0
    due: float = field(default=0.0)

    @property
    def is_running(self) -> bool:
        """Whether its process lives."""
        return self.process is not None and self.process.poll() is None


class Supervisor:
    """Starts parts in order, restarts those that end, ends all of them, the first one last."""

    def __init__(
        self, folder: Path, logs: Path, environment: Mapping[str, str], say: Callable[[str], None]
    ) -> None:
        self.parts: list[Part] = []
        self.over = threading.Event()
        self._folder, self._logs, self._say = folder, logs, say
        self._environment = {**os.environ, **environment}

    def start(
        self, name: str, command: list[str], mend: Callable[[int], None] | None = None
    ) -> None:
        """Start a part, and keep it running from now on."""
        part = Part(name, command, mend)
        self.parts.append(part)
        self._launch(part)

    def watch(self) -> None:
        """Restart what ends, until `over` is set."""
        while not self.over.wait(0.2):
            for part in self.parts:
                if not part.is_running:
                    self._restart(part)

    def stop(self) -> None:
        """End all parts; kill those that do not end in time."""
        # The first started is the broker: it ends last, for the workers say goodbye to it.
        for parts in (self.parts[1:], self.parts[:1]):
            self._end(parts)

    def _end(self, parts: list[Part]) -> None:
        for part in parts:
            if part.is_running and part.process is not None:
                part.process.terminate()
        deadline = time.monotonic() + ENDING_SECONDS
        while time.monotonic() < deadline and any(part.is_running for part in parts):
            time.sleep(0.05)
        for part in parts:
            _kill_group(part)

    def _restart(self, part: Part) -> None:
        now = time.monotonic()
        if part.process is not None:
            code = part.process.returncode
            _kill_group(part)
            part.process = None
            part.failures = 1 if now - part.started > STEADY_SECONDS else part.failures + 1
            wait = BACK_OFF[min(part.failures, len(BACK_OFF)) - 1]
            part.due = now + wait
            log = self._log_of(part)
            self._say(f"{part.name} ended ({_reason(code)}); again in {wait:g} s. See {log}")
        elif now >= part.due:
            if part.mend:
                part.mend(part.failures)
            self._launch(part)

    def _launch(self, part: Part) -> None:
        log = self._log_of(part)
        if log.exists() and log.stat().st_size > _LOG_BYTES:
            log.replace(log.with_suffix(".old"))
        with log.open("ab") as output:
            part.process = subprocess.Popen(
                part.command,
                cwd=self._folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # Ctrl-C reaches the supervisor alone, which ends the others in order.
                start_new_session=True,
                preexec_fn=_die_with_parent,  # noqa: PLW1509 - no threads here
            )
        part.started = time.monotonic()

    def _log_of(self, part: Part) -> Path:
        return self._logs / f"{part.name.replace(' ', '-')}.log"


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGTERM)


def _kill_group(part: Part) -> None:
    if part.process is None:
        return
    try:
        os.killpg(part.process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    except PermissionError:  # macOS says so of a group of zombies
        pass
    part.process.wait()


def _reason(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit {code}"
