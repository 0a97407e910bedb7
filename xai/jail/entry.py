"""What runs in the child: lock the door first, then import the handler and serve requests."""

from __future__ import annotations

import errno
import faulthandler
import os
import signal
import sys
import threading
import time
import traceback
from contextlib import suppress
from importlib import import_module
from typing import Any, NoReturn

from xai.errors import DiskFull, IsolationUnavailable, XaiError
from xai.jail import deaths
from xai.jail.frames import FrameTooLarge, Inbox, Json, pack, receive, send
from xai.jail.limits import Limits, restrain

_SECONDS_BETWEEN_REPORTS = 0.25
_LONGEST_MESSAGE = 2000
_LONGEST_TRACE = 20_000


def main() -> NoReturn:
    """Serve the parent until it closes the pipe; never returns into the interpreter's exit."""
    replies, lifeline = int(sys.argv[2]), int(sys.argv[3])
    # Nothing more is imported from the product's folder; `xai` itself is already found.
    sys.path.remove(sys.argv[1])
    faulthandler.enable(all_threads=False)
    requests = _private_stdin(keep={replies, lifeline})
    _follow(lifeline)
    inbox = Inbox()
    order = receive(requests, inbox)
    if order is None:
        os._exit(0)
    try:
        limits = Limits(**order["limits"])
        _lock(order, limits)
    except Exception as error:
        # Whatever it is, the door is not locked, so nothing is let in.
        cause = f"{type(error).__name__}: {error}"
        send(replies, pack(_failure(IsolationUnavailable(f"The jail failed to close ({cause})."))))
        os._exit(1)
    sys.path.extend(order["roots"])
    _serve(requests, replies, inbox, order["handler"], limits)


def _private_stdin(keep: set[int]) -> int:
    requests = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    first = 3
    for kept in sorted({*keep, requests}):
        os.closerange(first, kept)
        first = kept + 1
    os.closerange(first, 1 << 16)
    return requests


def _lock(order: Json, limits: Limits) -> None:
    restrain(limits)
    if sys.platform != "linux":
        return
    from xai.jail import kernel, landlock, seccomp  # noqa: PLC0415 - they exist on Linux only

    kernel.forbid_new_privileges()
    if landlock.version():
        rules = [(path, landlock.READ) for path in order["read"]]
        rules += [(path, landlock.LIST) for path in order["names"]]
        rules += [(path, landlock.WRITE) for path in order["write"]]
        landlock.restrict(rules)
    kernel.drop_capabilities()
    kernel.hide()
    if order["parent"]:
        kernel.die_with_parent(order["parent"])
    if seccomp.is_available():
        seccomp.restrict()


def _follow(lifeline: int) -> None:
    """Die when the parent does, whose end of this pipe then closes."""
    if sys.platform == "linux":
        import fcntl  # noqa: PLC0415 - with these two names on Linux only

        # The kernel kills even while native code holds the interpreter.
        fcntl.fcntl(lifeline, fcntl.F_SETSIG, signal.SIGKILL)
        fcntl.fcntl(lifeline, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(lifeline, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
        with suppress(BlockingIOError):
            # It may have closed before the kernel was asked.
            if not os.read(lifeline, 1):
                os._exit(1)
        return

    def wait() -> None:
        os.read(lifeline, 1)
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def _serve(requests: int, replies: int, inbox: Inbox, handler: str, limits: Limits) -> NoReturn:
    while (request := receive(requests, inbox)) is not None:
        try:
            answer = _answer(request, replies, handler, limits)
        except BaseException as error:
            # All of them: Rust panics and exits are no Exceptions.
            answer = pack(_failure(error, limits))
        send(replies, answer)
    # A forked or threaded native library may hang in an orderly exit.
    os._exit(0)


def _answer(request: Json, replies: int, handler: str, limits: Limits) -> bytes:
    # Any: the module is named by the parent, and has `handle`.
    module: Any = import_module(handler)
    value = module.handle(request["op"], request["payload"], _Reporter(replies))
    try:
        return pack({"value": value}, limits.reply_mb << 20)
    except FrameTooLarge:
        raise deaths.answer_too_long(limits) from None


class _Reporter:
    """Sends progress to the parent, a few times a second at most."""

    def __init__(self, replies: int) -> None:
        self._replies = replies
        self._next = 0.0

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now >= self._next:
            self._next = now + _SECONDS_BETWEEN_REPORTS
            send(self._replies, pack({"done": int(done), "total": int(total)}))


def _failure(error: BaseException, limits: Limits | None = None) -> Json:
    text = str(error)
    known = error if isinstance(error, XaiError) else _limit_behind(error, text, limits)
    if known is not None:
        return {"error": type(known).__name__, "text": str(known)[:_LONGEST_MESSAGE]}
    trace = "".join(traceback.format_exception(error))
    return {"error": "", "text": type(error).__name__, "trace": trace[-_LONGEST_TRACE:]}


def _limit_behind(error: BaseException, text: str, limits: Limits | None) -> XaiError | None:
    if limits is None:
        return None
    if isinstance(error, MemoryError) or deaths.OUT_OF_MEMORY.search(text):
        return deaths.out_of_memory(limits)
    if isinstance(error, OSError) and error.errno == errno.EFBIG:
        return deaths.out_of_space(limits)
    if DiskFull.is_behind(error):
        return DiskFull()
    return None
