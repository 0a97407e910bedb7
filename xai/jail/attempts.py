"""What a hostile model might try. Each attempt succeeds outside the jail and must fail inside.

This is a handler: `probes` has it imported in a jailed child. No attempt does harm if it succeeds.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from xai.jail.frames import Json
from xai.jail.syscalls import NUMBERS

_MB = 1 << 20
_AS_GOOD_AS_REFUSED = frozenset({errno.ENOSYS, errno.EFBIG})
_PTRACE_SEIZE = 0x4206
_NO_FILES_LIMIT = 7
_IPC_PRIVATE, _IPC_CREATE, _IPC_REMOVE = 0, 0o1600, 0
_LETTER = b"x"
_ADDED_BY_PYTHON = frozenset({"LC_CTYPE", "__CF_USER_TEXT_ENCODING"})


def handle(op: str, payload: Json, progress: object) -> Json:
    """Try everything; `payload` is what `probes` has laid out as bait."""
    del op, progress
    return [_outcome(name, payload) for name in ATTEMPTS]


def _outcome(name: str, bait: Json) -> Json:
    try:
        found = ATTEMPTS[name](bait)
    except (PermissionError, MemoryError) as error:
        return {"name": name, "blocked": True, "detail": str(error) or type(error).__name__}
    except (OSError, LookupError) as error:
        is_refused = isinstance(error, OSError) and error.errno in _AS_GOOD_AS_REFUSED
        return {"name": name, "blocked": is_refused, "detail": f"{type(error).__name__}: {error}"}
    return {"name": name, "blocked": False, "detail": f"it succeeded: {found!r:.80}"}


def _call(name: str, *arguments: object) -> int:
    if sys.platform != "linux":
        _absent()
    from xai.jail import kernel  # noqa: PLC0415 - exists on Linux only

    number = NUMBERS[name][{"x86_64": 0, "aarch64": 1}[platform.machine()]]
    return _absent() if number is None else kernel.syscall(number, *arguments)


def _absent() -> NoReturn:
    raise OSError(errno.ENOSYS, "this system has no such call")


def _read(path: str | Path) -> object:
    with Path(path).open("rb") as file:
        return file.read(1)


def _write(path: str | Path, size: int = 1) -> object:
    with Path(path).open("wb") as file:
        return file.write(bytes(size))


def _connect(family: int, kind: int, address: object) -> object:
    with socket.socket(family, kind) as made:
        if address:
            made.connect(address)  # type: ignore[arg-type]
        return "a socket"


def _fork() -> object:
    child = os.fork()
    if child == 0:
        os._exit(0)
    return os.waitpid(child, 0)


def _read_memory(bait: Json) -> object:
    class Piece(ctypes.Structure):
        _fields_ = (("start", ctypes.c_void_p), ("length", ctypes.c_size_t))

    copy = ctypes.create_string_buffer(1)
    here, there = Piece(ctypes.addressof(copy), 1), Piece(bait["address"], 1)
    _call("process_vm_readv", bait["parent"], ctypes.byref(here), 1, ctypes.byref(there), 1, 0)
    return copy.raw


def _share_memory() -> object:
    segment = _call("shmget", _IPC_PRIVATE, 4096, _IPC_CREATE)
    return _call("shmctl", segment, _IPC_REMOVE, 0)


def _foreign_variables(bait: Json) -> object:
    foreign = set(os.environ) - set(bait["variables"]) - _ADDED_BY_PYTHON
    if not foreign:
        raise PermissionError("the environment holds nothing of the parent's")
    return sorted(foreign)


ALWAYS: dict[str, Callable[[Json], object]] = {
    "see the parent's variables in its own environment": _foreign_variables,
    "write a file above its limit": lambda bait: _write("large", bait["file_mb"] * _MB + 1),
}
"""What every level of isolation stops."""

ATTEMPTS: dict[str, Callable[[Json], object]] = {
    **ALWAYS,
    "take more memory than its limit": lambda bait: len(bytearray(bait["memory_mb"] * _MB)),
    "read a file of the system": lambda _: _read("/etc/passwd"),
    "read a file of somebody else": lambda bait: _read(bait["file"]),
    "list a folder of somebody else": lambda bait: list(Path(bait["folder"]).iterdir()),
    "list the product's folder": lambda bait: list(Path(bait["product"]).iterdir()),
    "read the product's settings": lambda bait: _read(bait["settings"]),
    "write outside its scratch folder": lambda bait: _write(Path(bait["folder"]) / "new"),
    "change the permissions of a foreign file": lambda bait: os.chmod(bait["file"], 0o600),  # noqa: PTH101
    "leave a link in its scratch folder": lambda bait: os.symlink(bait["file"], "link"),  # noqa: PTH211
    "watch what happens in a folder": lambda _: _call("inotify_init1", 0),
    "connect over TCP": lambda bait: _connect(
        socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", bait["port"])
    ),
    "make a UDP socket": lambda _: _connect(socket.AF_INET, socket.SOCK_DGRAM, None),
    "make a local socket": lambda _: _connect(socket.AF_UNIX, socket.SOCK_STREAM, None),
    "connect to an abstract local socket": lambda bait: _connect(
        socket.AF_UNIX, socket.SOCK_STREAM, "\0" + bait["abstract"]
    ),
    "start a program": lambda _: subprocess.check_output([sys.executable, "-V"]),
    # It does not exist: without a jail the error is another.
    "become another program": lambda _: os.execv("/nowhere", ["nowhere"]),  # noqa: S606
    "copy itself by fork": lambda _: _fork(),
    "read the parent's environment": lambda bait: _read(f"/proc/{bait['parent']}/environ"),
    "open the parent's memory": lambda bait: open(f"/proc/{bait['parent']}/mem", "rb").close(),  # noqa: PTH123
    "copy the parent's memory": _read_memory,
    "trace the parent as a debugger": lambda bait: _call(
        "ptrace", _PTRACE_SEIZE, bait["parent"], 0, 0
    ),
    "hold a handle on the parent": lambda bait: _call("pidfd_open", bait["parent"], 0),
    "send a signal to the parent": lambda bait: os.kill(bait["parent"], 0),
    "change the parent's limits": lambda bait: _call(
        "prlimit64", bait["parent"], _NO_FILES_LIMIT, 0, ctypes.create_string_buffer(16)
    ),
    "share memory with other processes": lambda _: _share_memory(),
    "use io_uring": lambda _: _call("io_uring_setup", 1, ctypes.create_string_buffer(120)),
}
"""By what is attempted; each raises if it is blocked."""
