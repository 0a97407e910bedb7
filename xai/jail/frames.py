"""Messages between parent and child: four bytes of length, then JSON.

Never pickle: the child is not trusted, and what it sends must not be able to run.
"""

from __future__ import annotations

import json
import os
from typing import Any

Json = Any
"""What `json.dumps` accepts."""

REQUEST_LIMIT = 64 << 20
_HEADER = 4
_CHUNK = 1 << 16


class FrameTooLarge(ValueError):
    """A message is longer than agreed."""


def pack(message: Json, limit: int = REQUEST_LIMIT) -> bytes:
    """Return the message as bytes, ready to send.

    Raises
    ------
    FrameTooLarge
        If it is longer than `limit` bytes.
    """
    body = json.dumps(message, separators=(",", ":")).encode()
    if len(body) > limit:
        raise FrameTooLarge
    return len(body).to_bytes(_HEADER, "big") + body


class Inbox:
    """Puts messages together from the pieces a pipe delivers."""

    def __init__(self, limit: int = REQUEST_LIMIT) -> None:
        self._limit = limit
        self._bytes = bytearray()

    def feed(self, piece: bytes) -> None:
        """Add what has arrived."""
        self._bytes += piece

    def take(self) -> Json:
        """Return the next message as a dictionary, None while it is incomplete.

        Raises
        ------
        FrameTooLarge
            If a longer message is announced than the limit allows.
        ValueError, RecursionError
            If it is not JSON.
        """
        if len(self._bytes) < _HEADER:
            return None
        end = _HEADER + int.from_bytes(self._bytes[:_HEADER], "big")
        if end > _HEADER + self._limit:
            raise FrameTooLarge
        if len(self._bytes) < end:
            return None
        body = bytes(self._bytes[_HEADER:end])
        del self._bytes[:end]
        message = json.loads(body)
        if not isinstance(message, dict):
            raise ValueError  # noqa: TRY004 - the caller treats it as any unreadable message
        return message


def receive(descriptor: int, inbox: Inbox) -> Json:
    """Wait for the next message; None once the other end is closed."""
    while (message := inbox.take()) is None:
        piece = os.read(descriptor, _CHUNK)
        if not piece:
            return None
        inbox.feed(piece)
    return message


def send(descriptor: int, data: bytes) -> None:
    """Write all of it."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
