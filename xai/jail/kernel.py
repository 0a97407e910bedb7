"""The few requests to the Linux kernel that Python has no name for."""

from __future__ import annotations

import ctypes
import os
import signal
from typing import Any

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_CAPBSET_DROP = 24
_PR_SET_NO_NEW_PRIVS = 38
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_CLEAR_ALL = 4
_CAPABILITY_VERSION_3 = 0x20080522
_LAST_CAPABILITY = 63
_READ_SEARCH = 1 << 2

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Sets(ctypes.Structure):
    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


def syscall(number: int, *arguments: Any) -> int:
    """Call the kernel by number.

    Raises
    ------
    OSError
        With the kernel's error number.
    """
    # Integers in the full width of a register: as int they would leave its upper half undefined.
    wide = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    result = int(_libc.syscall(ctypes.c_long(number), *wide))
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


def prctl(option: int, *arguments: Any) -> int:
    """Set or ask a property of this process; like `syscall`, raises OSError."""
    wide = [ctypes.c_ulong(a) if isinstance(a, int) else a for a in arguments]
    wide += [ctypes.c_ulong(0)] * (4 - len(wide))
    result = int(_libc.prctl(ctypes.c_int(option), *wide))
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


def forbid_new_privileges() -> None:
    """Give up set-user-id programs for ever; the kernel asks for it before a jail."""
    prctl(_PR_SET_NO_NEW_PRIVS, 1)


def hide() -> None:
    """Refuse core dumps, and inspection by other processes of the same user."""
    prctl(_PR_SET_DUMPABLE, 0)


def die_with_parent(parent: int) -> None:
    """Be killed when the thread that started this process ends.

    Parameters
    ----------
    parent : int
        Process id of the parent. If it is already gone, this process ends here.
    """
    prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def drop_capabilities() -> None:
    """Give up what root may do, for good; harmless for everybody else.

    Root keeps the right to read where permissions forbid it, because it may work in the folder of
    another user. Landlock still decides which files that is.
    """
    header, sets = _Header(_CAPABILITY_VERSION_3, 0), (_Sets * 2)()
    if _libc.capget(ctypes.byref(header), sets) != 0 or not sets[0].permitted | sets[1].permitted:
        return
    for capability in range(_LAST_CAPABILITY + 1):
        try:
            prctl(_PR_CAPBSET_DROP, capability)
        except OSError:
            # Beyond the last one this kernel knows, or not ours to drop: it is cleared below.
            continue
    prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL)
    kept = sets[0].permitted & _READ_SEARCH
    emptied = (_Sets * 2)(_Sets(kept, kept, 0), _Sets(0, 0, 0))
    if _libc.capset(ctypes.byref(header), emptied) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
