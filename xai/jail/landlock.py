"""Landlock: a process gives up all files but a list, for itself and for good.

Source: https://docs.kernel.org/userspace-api/landlock.html. Needs Linux 5.13 and no privilege.
It binds the calling thread and the threads it starts later, so it comes before numpy is imported.
It does not bind what only names a file (stat, chmod, setxattr): `seccomp` takes the harmful ones.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterable
from stat import S_ISDIR

from xai.jail import kernel

_CREATE, _ADD, _RESTRICT = 444, 445, 446
_VERSION = 1

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR, _REMOVE_DIR, _REMOVE_FILE = (1 << i for i in range(6))
_MAKE_SOCK, _MAKE_FIFO, _MAKE_SYM = 1 << 9, 1 << 10, 1 << 12
_MAKE_DIR, _MAKE_REG, _REFER, _TRUNCATE, _IOCTL = 1 << 7, 1 << 8, 1 << 13, 1 << 14, 1 << 15
_FIRST_RIGHTS = (1 << 13) - 1

LIST = _READ_DIR
READ = _READ_FILE | _READ_DIR
RUN = READ | _EXECUTE
# No links, sockets or pipes: whoever reads the folder afterwards shall find plain files in it.
WRITE = READ | _WRITE_FILE | _REMOVE_DIR | _REMOVE_FILE | _MAKE_DIR | _MAKE_REG | _REFER | _TRUNCATE
HOME = WRITE | _MAKE_SOCK | _MAKE_FIFO | _MAKE_SYM
"""For a program of the system that keeps locks and sockets of its own in its folder."""
_FOR_A_FILE = _EXECUTE | _READ_FILE | _WRITE_FILE | _TRUNCATE
_TCP = 3
_ABSTRACT_SOCKETS_AND_SIGNALS = 3


def version() -> int:
    """Return the kernel's Landlock version, 0 if it has none."""
    try:
        return kernel.syscall(_CREATE, 0, 0, _VERSION)
    except OSError:
        return 0


def restrict(rules: Iterable[tuple[str, int]]) -> None:
    """Give up every file but the ones in `rules`, TCP, and signals to processes outside.

    Parameters
    ----------
    rules : pairs of (path, rights)
        Rights are `LIST`, `READ`, `RUN`, `WRITE` or `HOME`, for the path and everything below it.
        A path that does not exist is passed over.
    """
    known = version()
    handled = _FIRST_RIGHTS | (_REFER if known >= 2 else 0)
    handled |= (_TRUNCATE if known >= 3 else 0) | (_IOCTL if known >= 5 else 0)
    fields = [handled]
    if known >= 4:
        fields.append(_TCP)
    if known >= 6:
        fields.append(_ABSTRACT_SOCKETS_AND_SIGNALS)
    attributes = struct.pack(f"={len(fields)}Q", *fields)
    ruleset = kernel.syscall(
        _CREATE, ctypes.create_string_buffer(attributes, len(attributes)), len(attributes), 0
    )
    try:
        for path, rights in rules:
            _allow(ruleset, path, rights & handled)
        kernel.syscall(_RESTRICT, ruleset, 0)
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not S_ISDIR(os.fstat(opened).st_mode):
            rights &= _FOR_A_FILE
        if rights:
            rule = struct.pack("=Qi", rights, opened)
            kernel.syscall(_ADD, ruleset, 1, ctypes.create_string_buffer(rule, len(rule)), 0)
    finally:
        os.close(opened)
