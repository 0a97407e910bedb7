"""Read Universal Binary JSON, the format behind XGBoost's `.ubj`, with every length checked.

Source: https://ubjson.org, draft 12, with the optimised (counted and typed) containers that XGBoost
writes. Numbers are big-endian; typed arrays come back as numpy arrays.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import numpy as np

from xai.errors import RefusedFile

if TYPE_CHECKING:
    from collections.abc import Iterator

NUMBERS = {"i": "b", "U": "B", "I": ">h", "l": ">i", "L": ">q", "d": ">f", "D": ">d"}
WORDS = {"Z": None, "T": True, "F": False}
DEEPEST = 64


def decode(data: bytes) -> Any:
    """Return the one value that `data` holds.

    Raises
    ------
    RefusedFile
        If the file ends early, a length is impossible or a marker is unknown.
    """
    try:
        return _Reader(data).value()
    except (struct.error, LookupError, UnicodeDecodeError, ValueError):
        raise RefusedFile(
            "This is not a whole XGBoost .ubj file: it is cut short or damaged."
        ) from None


class _Reader:
    """A position in the bytes."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def value(self, depth: int = 0) -> Any:
        """Read a marker and the value behind it."""
        return self._behind(self._marker(), depth)

    def _behind(self, marker: str, depth: int) -> Any:
        if depth > DEEPEST:
            raise ValueError(marker)
        if marker in NUMBERS:
            return self._number(marker)
        if marker in WORDS:
            return WORDS[marker]
        if marker == "S":
            return self._text()
        if marker == "C":
            return chr(self._take(1)[0])
        if marker == "[":
            return self._array(depth)
        if marker == "{":
            return self._object(depth)
        raise ValueError(marker)

    def _marker(self) -> str:
        marker = chr(self._data[self._at])
        self._at += 1
        return self._marker() if marker == "N" else marker

    def _peek(self, marker: str) -> bool:
        is_next = self._data[self._at] == ord(marker)
        self._at += is_next
        return is_next

    def _take(self, count: int) -> bytes:
        if count < 0 or self._at + count > len(self._data):
            raise ValueError(count)
        self._at += count
        return self._data[self._at - count : self._at]

    def _number(self, marker: str) -> Any:
        layout = NUMBERS[marker]
        return struct.unpack(layout, self._take(struct.calcsize(layout)))[0]

    def _count(self) -> int:
        count = self._number(self._marker())
        if not isinstance(count, int) or not 0 <= count <= len(self._data):
            raise ValueError(count)
        return count

    def _text(self) -> str:
        return self._take(self._count()).decode()

    def _array(self, depth: int) -> Any:
        if self._peek("$"):
            kind = chr(self._take(1)[0])
            if kind not in NUMBERS or not self._peek("#"):
                raise ValueError(kind)
            dtype = np.dtype(NUMBERS[kind])
            return np.frombuffer(self._take(self._count() * dtype.itemsize), dtype)
        return [self.value(depth + 1) for _ in self._turns("]")]

    def _object(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for _ in self._turns("}"):
            name = self._text()
            if name in found:
                raise ValueError(name)
            found[name] = self.value(depth + 1)
        return found

    def _turns(self, end: str) -> Iterator[None]:
        """Yield once per item: a given count, or until the closing marker."""
        if self._peek("#"):
            yield from (None for _ in range(self._count()))
            return
        while not self._peek(end):
            yield None
