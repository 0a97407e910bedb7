"""A model must not start programs or processes; threads it may."""

from __future__ import annotations

import ctypes

import pytest


@pytest.mark.parametrize(
    "expression",
    [
        "subprocess.run(['true'])",
        "subprocess.run('true', shell=True)",
        "subprocess.run([sys.executable, '-V'])",
        "os.popen('true').read()",
        "os.posix_spawn('/bin/true', ['true'], {})",
        "os.execv('/bin/true', ['true'])",
        "os.execve('/nowhere', ['nowhere'], {})",
        "os.fork()",
        "os.forkpty()",
        "__import__('multiprocessing').get_context('fork').Process(target=print).start()",
        "__import__('multiprocessing').get_context('spawn').Process(target=print).start()",
    ],
)
def test_neither_programs_nor_processes_can_be_started(error, expression):
    assert error(expression) in {"EPERM", "EACCES"}


def test_a_shell_command_does_nothing(value, scratch):
    assert value("os.system('touch made')") != 0
    assert not (scratch / "made").exists()


def test_a_program_written_to_scratch_cannot_be_run(error):
    assert error("Path('own').write_text('#!/bin/sh') and os.execv('own', ['own'])") == "EPERM"
    assert error("syscall('memfd_create', ctypes.create_string_buffer(b'own'), 0)") == "EPERM"
    assert error("syscall('execveat', -100, ctypes.create_string_buffer(b'own'), 0, 0, 0)") == (
        "EPERM"
    )


@pytest.mark.parametrize("flags", [0, 17, 0x4000 | 17, 0x100 | 17])
def test_raw_copies_of_the_process_are_refused(error, flags):
    assert error(f"syscall('clone', {flags}, 0, 0, 0, 0)") == "EPERM"
    assert error("syscall('clone3', 0, 0)") == "ENOSYS"


def test_threads_work(value):
    count = "[t.start() or t.join() for t in [__import__('threading').Thread() for _ in range(20)]]"
    assert value(f"len({count})") == 20


def test_the_old_numbers_of_32_bit_are_no_way_around(value, error):
    if ctypes.sizeof(ctypes.c_void_p) != 8 or value("os.uname().machine") != "x86_64":
        pytest.skip("only x86_64 has a second set of numbers")
    fork = 57 + 0x40000000
    assert error(f"__import__('xai.jail.kernel').jail.kernel.syscall({fork})") == "ENOSYS"


@pytest.mark.parametrize(
    "call", ["unshare", "setns", "mount", "chroot", "pivot_root", "bpf", "keyctl", "userfaultfd"]
)
def test_doors_into_the_kernel_are_shut(error, call):
    assert error(f"syscall({call!r}, 0, 0, 0, 0, 0)") == "EPERM"


def test_root_keeps_no_rights_but_reading(value):
    status = value("open('/proc/self/status').read()")
    fields = dict(line.split(":\t") for line in status.splitlines() if ":\t" in line)
    assert int(fields["CapPrm"], 16) & ~4 == int(fields["CapAmb"], 16) == 0
    assert fields["NoNewPrivs"] == "1"
