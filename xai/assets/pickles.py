"""Recognise Python pickles and name what they would call, without ever unpickling.

Opcodes are listed by `pickletools.genops`, which executes none of them.
"""

from __future__ import annotations

import pickletools
import re
from itertools import islice
from typing import Any

MOST_OPCODES = 200_000
LOOKED_AT = 4 << 20
MOST_PICKLES = 10
EVERYDAY = 2
_TEXTS = frozenset({
    "UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8",
    "STRING", "BINSTRING", "SHORT_BINSTRING",
})  # fmt: skip
_DANGEROUS = frozenset({
    "__builtin__", "_io", "_posixsubprocess", "asyncio", "builtins", "code", "commands", "ctypes",
    "importlib", "io", "marshal", "nt", "operator", "os", "pathlib", "pickle", "pip", "pkgutil",
    "posix", "pty", "runpy", "shutil", "socket", "subprocess", "sys", "timeit", "urllib",
    "webbrowser",
})  # fmt: skip
_EVERYDAY = frozenset({"_codecs", "collections", "copy_reg", "copyreg"})
_IMPORTABLE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)+")
_HARMLESS_BUILTINS = frozenset({
    "bool", "bytearray", "bytes", "complex", "dict", "float", "frozenset", "int", "list", "object",
    "range", "set", "slice", "str", "tuple",
})  # fmt: skip


def is_pickle(start: bytes) -> bool:
    """Return whether a file beginning with these bytes is a pickle of any protocol."""
    if start[:1] == b"\x80" and start[1:2] in {b"\x01", b"\x02", b"\x03", b"\x04", b"\x05"}:
        # 0x80 begins no other known file; the next opcode must exist.
        return _walk(start, 2)[1] >= 2
    # Protocols 0 and 1 have no mark, and text may look like opcodes by chance: they must run to
    # an end that is the file's, or name something that Python could import.
    names, opcodes, end = _walk(start, MOST_OPCODES)
    is_named = any(_IMPORTABLE.fullmatch(name) for name in names)
    return opcodes > 2 and end > 0 and (is_named or end == len(start))


def globals_named(start: bytes) -> list[str]:
    """Return the functions and classes that pickles name, `module.name`, the dangerous first."""
    names: dict[str, int] = {}
    data = start[:LOOKED_AT]
    # Some writers put several pickles one after another.
    for _ in range(MOST_PICKLES):
        found, _, end = _walk(data, MOST_OPCODES)
        names |= {name: _rank(name) for name in found}
        data = data[end:]
        if not end or not data.startswith(b"\x80"):
            break
    return sorted(names, key=names.__getitem__)


def is_everyday(name: str) -> bool:
    """Return whether a global is of the kind that every pickle of plain data uses."""
    return _rank(name) == EVERYDAY


def _rank(name: str) -> int:
    """Return 0 for what reaches out of Python's data, 2 for what every pickle uses, else 1."""
    module, _, attribute = name.partition(".")
    is_builtin = module in {"builtins", "__builtin__"}
    if module in _EVERYDAY or (is_builtin and attribute in _HARMLESS_BUILTINS):
        return EVERYDAY
    return 0 if module in _DANGEROUS else 1


def _walk(data: bytes, limit: int) -> tuple[list[str], int, int]:
    """Return the globals, the number of opcodes, and the bytes up to the end, 0 if not reached."""
    reader, count, end = _Reader(), 0, 0
    try:
        for opcode, argument, position in islice(pickletools.genops(data), limit):
            count += 1
            reader.see(opcode.name, argument)
            end = (position or 0) + 1 if opcode.name == "STOP" else 0
    except (ValueError, IndexError, OverflowError):
        # A cut or damaged stream: what was seen so far still counts.
        return reader.names, count, 0
    return reader.names, count, end


class _Reader:
    """The texts that a pickle machine would hold: enough to know what STACK_GLOBAL takes."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._texts: list[str] = []
        self._memo: dict[int, str] = {}
        self._memoized = 0
        self._last = ""

    def see(self, name: str, argument: Any) -> None:
        if name in _TEXTS:
            self._push(str(argument))
        elif name in {"GLOBAL", "INST"}:
            self.names.append(str(argument).replace(" ", ".", 1))
        elif name == "STACK_GLOBAL":
            self.names.append(".".join(self._texts[-2:]))
        elif name in {"MEMOIZE", "PUT", "BINPUT", "LONG_BINPUT"}:
            self._memo[self._memoized if argument is None else int(argument)] = self._last
            self._memoized += 1
            return
        elif name in {"GET", "BINGET", "LONG_BINGET"}:
            self._push(self._memo.get(int(argument), ""))
        if name not in _TEXTS:
            self._last = ""

    def _push(self, text: str) -> None:
        self._last = text[:200]
        self._texts = [*self._texts[-1:], self._last]
