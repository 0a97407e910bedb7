"""The filter decides as written, on both machines: read by a small model of the kernel's reader."""

from __future__ import annotations

import errno

import pytest

from xai.jail.seccomp import _MACHINES, _program
from xai.jail.syscalls import NUMBERS

ALLOW, ERROR, KILL = 0x7FFF0000, 0x00050000, 0x80000000
REFUSED, ABSENT = ERROR | errno.EPERM, ERROR | errno.ENOSYS
ME = 1234
SAME = {"kill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "prlimit64", "prctl", "fcntl"}
SPECIAL = SAME | {"clone3", "sched_setaffinity"}


@pytest.fixture(params=_MACHINES)
def decide(request):
    """Return what the filter says to a call on this machine."""
    column, identity = _MACHINES[request.param]
    steps = list(_program(column, identity, ME))

    def verdict(name, *arguments, machine=identity, number=None):
        number = NUMBERS[name][column] if number is None else number
        if number is None:
            pytest.skip("this machine has no such call")
        return _read(
            steps, {0: number, 4: machine, **{16 + 8 * i: a for i, a in enumerate(arguments)}}
        )

    return verdict


def _read(steps, data):
    at = value = 0
    while True:
        step = steps[at]
        if step.code == 0x06:
            return step.value
        if step.code == 0x20:
            value = data[step.value]
            at += 1
            continue
        is_true = {
            0x15: value == step.value,
            0x35: value >= step.value,
            0x45: bool(value & step.value),
        }[step.code]
        at += 1 + (step.if_true if is_true else step.if_false)


@pytest.mark.parametrize("name", sorted(set(NUMBERS) - SPECIAL - {"clone"}))
def test_the_rest_of_the_table_is_refused(decide, name):
    assert decide(name) == REFUSED


@pytest.mark.parametrize("name", ["kill", "tgkill", "rt_sigqueueinfo", "prlimit64"])
def test_only_the_process_itself_may_be_meant(decide, name):
    assert decide(name, ME) == ALLOW
    assert decide(name, ME + 1) == REFUSED
    assert decide(name, 0xFFFFFFFF) == REFUSED
    assert decide(name, 0) == (ALLOW if name == "prlimit64" else REFUSED)


def test_threads_are_allowed_and_processes_are_not(decide):
    assert decide("clone", 0x3D0F00) == ALLOW
    assert decide("clone", 0x1200011) == REFUSED
    assert decide("clone3") == ABSENT


def test_a_child_cannot_untie_itself_from_its_parent(decide):
    assert decide("prctl", 1) == REFUSED
    assert decide("prctl", 15) == ALLOW
    for command, expected in (
        (8, REFUSED),
        (10, REFUSED),
        (15, REFUSED),
        (3, ALLOW),
        (1030, ALLOW),
    ):
        assert decide("fcntl", 0, command) == expected


def test_pinning_threads_is_pretended(decide):
    assert decide("sched_setaffinity", 0) == ERROR


def test_newer_calls_and_other_numberings_are_absent(decide):
    assert decide("", number=463) == ABSENT
    assert decide("", number=0x40000000 + 57) == ABSENT
    assert decide("", number=57, machine=0x40000003) == KILL


def test_ordinary_calls_are_allowed(decide):
    for number in (202, 228, 291, 449):
        if number not in {numbers[0] for numbers in NUMBERS.values()} | {
            numbers[1] for numbers in NUMBERS.values()
        }:
            assert decide("", number=number) == ALLOW
