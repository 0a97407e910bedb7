"""What runs in the jail during tests: whatever the test says."""

from __future__ import annotations

import ctypes  # noqa: F401 - for the sentences below
import errno
import os
import socket
import subprocess  # noqa: F401
import sys  # noqa: F401
import time  # noqa: F401
from pathlib import Path  # noqa: F401

import xai.errors as errors  # noqa: F401, PLR0402


def handle(op, payload, progress):
    """Evaluate an expression (`value`), name the error it meets (`error`), or run lines (`run`)."""
    if op == "value":
        return eval(payload)
    if op == "error":
        return _error(payload)
    found = {**globals(), "progress": progress, "out": None}
    exec(payload, found)
    return found["out"]


def _error(expression):
    try:
        return f"nothing stopped it: {eval(expression)!r}"
    except socket.gaierror:
        return "no such name"
    except OSError as error:
        return errno.errorcode[error.errno]


def syscall(name, *arguments):
    """Call the kernel by the name of the call."""
    from xai.jail import kernel
    from xai.jail.syscalls import NUMBERS

    column = {"x86_64": 0, "aarch64": 1}[os.uname().machine]
    return kernel.syscall(NUMBERS[name][column], *arguments)
