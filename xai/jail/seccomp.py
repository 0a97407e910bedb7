"""Seccomp: a filter in front of the kernel that refuses calls a model has no use for.

Source: https://docs.kernel.org/userspace-api/seccomp_filter.html; classic BPF, no library.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

from xai.jail import kernel
from xai.jail.syscalls import FIRST_UNKNOWN, NUMBERS

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER_AT, _MACHINE_AT, _ARGUMENTS_AT = 0, 4, 16
_ALLOW, _ERROR, _KILL_PROCESS = 0x7FFF0000, 0x00050000, 0x80000000
_ABSENT = _ERROR | errno.ENOSYS
_PRETEND = _ERROR  # error number 0: the call does nothing and says it succeeded

_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
_PR_SET_SECCOMP, _PR_GET_SECCOMP, _MODE_FILTER = 22, 21, 2
_PR_SET_PDEATHSIG = 1
_CLONE_THREAD = 0x10000
_LOCAL = 1  # AF_UNIX
_SOCKET = (41, 198)
_RINGS = (425, 426, 427)  # io_uring: the same numbers everywhere
_X32 = 1 << 30
_SIGNAL_COMMANDS = (8, 10, 15)  # F_SETOWN, F_SETSIG, F_SETOWN_EX


class _Instruction(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_ushort),
        ("if_true", ctypes.c_ubyte),
        ("if_false", ctypes.c_ubyte),
        ("value", ctypes.c_uint32),
    )


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("start", ctypes.POINTER(_Instruction)))


class _Step(NamedTuple):
    code: int
    value: int
    if_true: int = 0
    if_false: int = 0


def is_available() -> bool:
    """Whether the kernel has filters and the machine is one whose numbers are known."""
    if platform.machine() not in _MACHINES:
        return False
    try:
        kernel.prctl(_PR_GET_SECCOMP)
    except OSError:
        return False
    return True


def restrict() -> None:
    """Refuse the calls of `syscalls.NUMBERS`, for this thread and those it starts, for good.

    Some stay open to the process itself: signals and limits on its own id, new threads.
    """
    column, machine = _MACHINES[platform.machine()]
    _install(list(_program(column, machine, os.getpid())))


def restrict_network() -> None:
    """Refuse every socket but local ones, for this process and all that it starts, for good.

    For a program of the system, which may do the rest: it needs processes and local sockets.
    """
    column, machine = _MACHINES[platform.machine()]
    _install(
        [
            _Step(_LOAD, _MACHINE_AT),
            _Step(_EQUAL, machine, if_true=1),
            _Step(_RETURN, _KILL_PROCESS),
            _Step(_LOAD, _NUMBER_AT),
            # io_uring makes sockets too, without the call; so do the numbers of x32.
            _Step(_AT_LEAST, _X32, if_false=1),
            _Step(_RETURN, _ABSENT),
            *chain.from_iterable(
                (_Step(_EQUAL, ring, if_false=1), _Step(_RETURN, _ABSENT)) for ring in _RINGS
            ),
            _Step(_EQUAL, _SOCKET[column], if_true=1),
            _ALLOWED,
            *_argument(0),
            *_if_so(_Step(_EQUAL, _LOCAL), _ALLOWED, _REFUSED),
        ]
    )


def _install(steps: list[_Step]) -> None:
    array = (_Instruction * len(steps))(
        *(_Instruction(s.code, s.if_true, s.if_false, s.value) for s in steps)
    )
    program = _Program(len(steps), array)
    kernel.prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(program))


def _program(column: int, machine: int, me: int) -> Iterator[_Step]:
    yield _Step(_LOAD, _MACHINE_AT)
    yield _Step(_EQUAL, machine, if_true=1)
    # The 32-bit calls have other numbers, so this filter would misread them.
    yield _Step(_RETURN, _KILL_PROCESS)
    yield _Step(_LOAD, _NUMBER_AT)
    # Also catches the x32 calls, which are numbered from 2 to the power of 30.
    yield _Step(_AT_LEAST, FIRST_UNKNOWN, if_false=1)
    yield _Step(_RETURN, _ABSENT)
    for name, numbers in NUMBERS.items():
        number = numbers[column]
        if number is not None:
            block = _verdict(name, me)
            yield _Step(_EQUAL, number, if_false=len(block))
            yield from block
    yield _Step(_RETURN, _ALLOW)


def _verdict(name: str, me: int) -> list[_Step]:
    if name in _ON_ITSELF:
        return [
            *_argument(0),
            # Process 0 stands for the caller, but a signal to 0 goes to its whole group.
            *([_Step(_EQUAL, 0, if_false=1), _ALLOWED] if name == "prlimit64" else []),
            *_if_so(_Step(_EQUAL, me), _ALLOWED, _REFUSED),
        ]
    if name in _EXCEPTIONS:
        return _EXCEPTIONS[name]
    return [_REFUSED]


def _argument(position: int) -> list[_Step]:
    """Load the lower half of an argument; all that are tested here are of type int."""
    return [_Step(_LOAD, _ARGUMENTS_AT + 8 * position)]


def _if_so(test: _Step, then: _Step, otherwise: _Step) -> list[_Step]:
    return [test._replace(if_false=1), then, otherwise]


_ON_ITSELF = frozenset({"kill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "prlimit64"})
"""Calls with a process id in front, which a process may use on itself."""

_ALLOWED, _REFUSED = _Step(_RETURN, _ALLOW), _Step(_RETURN, _ERROR | errno.EPERM)

_EXCEPTIONS = {
    # Threads, but no processes.
    "clone": [*_argument(0), *_if_so(_Step(_ANY_BIT, _CLONE_THREAD), _ALLOWED, _REFUSED)],
    # Its flags lie in memory, where a filter cannot look. libc then falls back to clone.
    "clone3": [_Step(_RETURN, _ABSENT)],
    # Else it could outlive its parent.
    "prctl": [*_argument(0), *_if_so(_Step(_EQUAL, _PR_SET_PDEATHSIG), _REFUSED, _ALLOWED)],
    # A pipe can be told to send a signal, to any process and of any kind.
    "fcntl": [
        *_argument(1),
        *chain.from_iterable(
            (_Step(_EQUAL, command, if_false=1), _REFUSED) for command in _SIGNAL_COMMANDS
        ),
        _ALLOWED,
    ],
    # onnxruntime pins its threads and complains aloud if it may not.
    "sched_setaffinity": [_Step(_RETURN, _PRETEND)],
}
