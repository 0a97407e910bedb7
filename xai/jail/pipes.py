"""The parent's ends of the three pipes to a child, none of which can block the parent."""

from __future__ import annotations

import os
import selectors
import time
from contextlib import suppress

from xai.jail.frames import Inbox, Json

_CHUNK = 1 << 16
_LOG_KEPT = 1 << 16
_SECONDS_BETWEEN_LOG_READS = 0.01


class Pipes:
    """Requests go out, replies and the log come in; a flood in one does not stop the others.

    Parameters
    ----------
    requests, replies, log : int
        File descriptors, which now belong to this object.
    reply_limit : int
        In bytes.
    """

    def __init__(self, requests: int, replies: int, log: int, reply_limit: int) -> None:
        self._requests, self._replies, self._log = requests, replies, log
        self._outgoing = bytearray()
        self._inbox = Inbox(reply_limit)
        self._tail = bytearray()
        self._log_due = 0.0
        self.ended = False
        self._selector = selectors.DefaultSelector()
        for descriptor in (requests, replies, log):
            os.set_blocking(descriptor, False)
        self._selector.register(replies, selectors.EVENT_READ)
        self._log_open = True

    @property
    def log(self) -> str:
        """The end of what the child printed."""
        return self._tail.decode(errors="replace")

    def queue(self, data: bytes) -> None:
        """Have `data` sent by the next calls of `move`."""
        if not self._outgoing:
            self._selector.register(self._requests, selectors.EVENT_WRITE)
        self._outgoing += data

    def take(self) -> Json:
        """Return the next message of the child, None while there is none."""
        return self._inbox.take()

    def move(self, timeout: float) -> None:
        """Wait for something to move, and move it: one piece per pipe at most."""
        now = time.monotonic()
        if self._log_open and now >= self._log_due:
            self._selector.register(self._log, selectors.EVENT_READ)
        elif self._log_open:
            # A printing child is slowed down to this pace, and cannot keep the parent busy.
            timeout = min(timeout, self._log_due - now)
        ready = {key.fd for key, _ in self._selector.select(max(timeout, 0.0))}
        with suppress(KeyError):
            self._selector.unregister(self._log)
        if self._log in ready:
            self._log_due = time.monotonic() + _SECONDS_BETWEEN_LOG_READS
            self._log_open = self._read_log()
        if self._requests in ready:
            self._write()
        if self._replies in ready:
            piece = _read(self._replies)
            self.ended = self.ended or piece == b""
            self._inbox.feed(piece or b"")

    def close(self) -> None:
        """Keep the end of the log and give the descriptors back."""
        if self._log_open:
            for _ in range(_LOG_KEPT // _CHUNK + 1):
                self._read_log()
        self._selector.close()
        for descriptor in (self._requests, self._replies, self._log):
            os.close(descriptor)
        self._log_open, self.ended = False, True

    def _read_log(self) -> bool:
        piece = _read(self._log)
        self._tail += piece or b""
        del self._tail[:-_LOG_KEPT]
        return piece != b""

    def _write(self) -> None:
        try:
            sent = os.write(self._requests, self._outgoing[:_CHUNK])
        except BlockingIOError:
            return
        except OSError:
            # The child is gone; its end of the replies says so, too.
            sent = len(self._outgoing)
        del self._outgoing[:sent]
        if not self._outgoing:
            self._selector.unregister(self._requests)


def _read(descriptor: int) -> bytes | None:
    try:
        return os.read(descriptor, _CHUNK)
    except BlockingIOError:
        return None
    except OSError:
        return b""
