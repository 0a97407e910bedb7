"""The parent's side of a jailed process."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Self

from xai.errors import BY_NAME, IsolationUnavailable, ModelCrashed, XaiError
from xai.jail import deaths
from xai.jail.frames import FrameTooLarge, Json, pack
from xai.jail.limits import Limits
from xai.jail.pipes import Pipes
from xai.jail.policy import PACKAGE, environment, policy
from xai.jail.watch import Watch

_log = logging.getLogger(__name__)

_SECONDS_BETWEEN_POLLS = 0.5
_SECONDS_BETWEEN_REPORTS = 0.2
_SECONDS_TO_DIE = 2.0
_LONGEST_MESSAGE = 2000
_LONGEST_NAME = 80
_LONGEST_NOTE = 4000
_START = "import sys; sys.path.insert(0, sys.argv[1]); from xai.jail.entry import main; main()"
# -I: no PYTHON* variables, no user's packages, no current folder. -B: no .pyc files.
_FLAGS = ("-I", "-B", "-u", "-X", "utf8")


class Child:
    """A jailed process that answers requests, one after the other.

    Parameters
    ----------
    handler : str
        Module imported once the jail is closed; it has `handle(op, payload, progress) -> Json`.
    inputs : paths
        The files it may read.
    scratch : Path
        An existing folder: the one place where it may write, its home and current folder.
    limits : Limits
        Processor time and answer count for each request, memory and files for its whole life.
    threads : int
        What its libraries are told to use.
    extra_roots : paths
        Further folders to import from. For tests.

    Notes
    -----
    What lies in `scratch` afterwards is the child's word: read it with limits, never unpickle it.
    One thread at a time may use a child.
    """

    def __init__(
        self,
        handler: str,
        inputs: Sequence[Path],
        scratch: Path,
        limits: Limits = Limits(),  # noqa: B008 - frozen
        threads: int = 1,
        *,
        extra_roots: Sequence[Path] = (),
    ) -> None:
        if os.name != "posix":
            raise IsolationUnavailable(
                "Models cannot be run on this system. Use Linux, WSL 2 or a container."
            )
        order = {
            "handler": handler,
            "limits": asdict(limits),
            "roots": [str(root.resolve()) for root in extra_roots],
            # The kernel means the parent's thread, so only one that lasts is of use.
            "parent": os.getpid() if _in_main_thread() else 0,
            **asdict(policy(inputs, scratch, extra_roots)),
        }
        self._limits = limits
        self._status: int | None = None
        self._cpu_s = 0.0
        self._start(scratch, threads)
        self._pipes.queue(pack(order))
        self._watch = Watch(self._process.pid, scratch, limits)

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        self._reap(os.WNOHANG)
        return self._status is None

    @property
    def pid(self) -> int:
        """Its process id, which is its group's too."""
        return self._process.pid

    def ask(
        self,
        op: str,
        payload: Json,
        *,
        wall_s: float,
        on_progress: Callable[[int, int], None] | None = None,
        poll: Callable[[], None] | None = None,
    ) -> Json:
        """Send one request and wait for its answer.

        Parameters
        ----------
        on_progress : callable
            Called with (done, total), at most five times a second.
        poll : callable
            Called about twice a second; if it raises, the child is killed.

        Raises
        ------
        XaiError
            What the handler raised, if it is one of `xai.errors`; the child lives on. Any other
            exception arrives as a plain XaiError with the child's traceback as a note.
        LimitExceeded
            If it was stopped at a limit, which the message names.
        ModelCrashed
            If it died.
        """
        if not self.alive:
            raise ModelCrashed("The model's process has already ended.")
        try:
            self._watch.begin()
            self._pipes.queue(pack({"op": op, "payload": payload}))
            message = self._wait(wall_s, on_progress, poll)
        except BaseException:
            self.close()
            raise
        if "value" in message:
            return message["value"]
        raise _error(message)

    def close(self) -> None:
        """Kill it, if it still lives."""
        if self._status is None:
            self._reap(os.WNOHANG)
        if self._status is None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._reap(0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _start(self, scratch: Path, threads: int) -> None:
        reply_out, reply_in = os.pipe()
        request_out, request_in = os.pipe()
        log_out, log_in = os.pipe()
        life_out, self._lifeline = os.pipe()
        theirs = (reply_in, life_out)
        root = str(PACKAGE.parent)
        try:
            self._process = subprocess.Popen(
                [sys.executable, *_FLAGS, "-c", _START, root, *map(str, theirs)],
                stdin=request_out,
                stdout=log_in,
                stderr=log_in,
                pass_fds=theirs,
                cwd=scratch,
                env=environment(scratch, threads),
                start_new_session=True,
            )
        except BaseException:
            for descriptor in (reply_out, request_in, log_out, self._lifeline):
                os.close(descriptor)
            raise
        finally:
            for descriptor in (*theirs, request_out, log_in):
                os.close(descriptor)
        self._pipes = Pipes(request_in, reply_out, log_out, self._limits.reply_mb << 20)

    def _wait(
        self,
        wall_s: float,
        on_progress: Callable[[int, int], None] | None,
        poll: Callable[[], None] | None,
    ) -> Json:
        deadline = time.monotonic() + wall_s
        next_poll = next_report = 0.0
        while True:
            now = time.monotonic()
            if now >= deadline:
                raise deaths.out_of_time(wall_s)
            if now >= next_poll:
                next_poll = now + _SECONDS_BETWEEN_POLLS
                self._watch.check()
                if poll is not None:
                    poll()
            message = self._next_message(min(next_poll, deadline) - time.monotonic())
            if message is None:
                continue
            if "done" not in message:
                return message
            now = time.monotonic()
            if on_progress is not None and now >= next_report:
                next_report = now + _SECONDS_BETWEEN_REPORTS
                on_progress(*_counts(message))

    def _next_message(self, timeout: float) -> Json:
        try:
            message = self._pipes.take()
            if message is None:
                self._pipes.move(timeout)
                message = self._pipes.take()
        except FrameTooLarge:
            raise deaths.answer_too_long(self._limits) from None
        except (ValueError, RecursionError):
            raise deaths.unreadable() from None
        if message is None and self._pipes.ended:
            raise self._death()
        return message

    def _death(self) -> XaiError:
        """Say why it has closed its pipe; one that lives on without it is killed."""
        give_up = time.monotonic() + _SECONDS_TO_DIE
        while self.alive and time.monotonic() < give_up:
            time.sleep(0.01)
        if self._status is None:
            self.close()
            return deaths.unreadable()
        log = self._pipes.log
        error = deaths.explain(self._status, self._cpu_s, log, self._limits)
        error.add_note(f"The end of the process's output:\n{log[-_LONGEST_NOTE:]}")
        _log.warning("%s\n%s", error, log[-_LONGEST_NOTE:])
        return error

    def _reap(self, options: int) -> None:
        if self._status is not None:
            return
        try:
            pid, status, usage = os.wait4(self._process.pid, options)
        except ChildProcessError:
            pid, status, usage = self._process.pid, 0, None
        if pid == 0:
            return
        self._status = self._process.returncode = os.waitstatus_to_exitcode(status)
        if usage is not None:
            self._cpu_s = usage.ru_utime + usage.ru_stime
        self._pipes.close()
        os.close(self._lifeline)


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


def _counts(message: Json) -> tuple[int, int]:
    done, total = message["done"], message.get("total")
    if isinstance(done, int) and isinstance(total, int):
        return done, total
    raise deaths.unreadable()


def _error(message: Json) -> XaiError:
    text = str(message.get("text", ""))[:_LONGEST_MESSAGE]
    kind = BY_NAME.get(str(message.get("error")))
    if kind is not None:
        return kind(text)
    name = text[:_LONGEST_NAME] if text.isidentifier() else "unknown"
    error = XaiError(f"The model's process met an internal error ({name}). It has been logged.")
    trace = str(message.get("trace", ""))
    error.add_note(trace)
    _log.error("%s\n%s", error, trace)
    return error
