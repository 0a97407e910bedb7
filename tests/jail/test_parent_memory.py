"""A model must not look into its parent, nor touch it."""

from __future__ import annotations

import ctypes
import os
import signal

import pytest

ME = os.getpid()


@pytest.mark.parametrize(
    "name", ["environ", "mem", "maps", "cmdline", "auxv", "status", "fd", "root", "cwd"]
)
def test_the_parents_files_in_proc_are_closed(error, name):
    assert error(f"os.open('/proc/{ME}/{name}', os.O_RDONLY)") == "EACCES"
    assert error(f"os.open('/proc/{ME}/task/{ME}/{name}', os.O_RDONLY)") == "EACCES"


@pytest.mark.parametrize("name", ["exe", "cwd", "root", "fd/0"])
def test_the_parents_links_in_proc_are_closed(error, name):
    assert error(f"os.readlink('/proc/{ME}/{name}')") in {"EACCES", "EPERM"}


def test_even_its_own_environment_file_is_closed(error):
    assert error("open('/proc/self/environ').read()") == "EACCES"
    assert error("open('/proc/self/mem', 'wb')") == "EACCES"


def test_the_environment_holds_nothing_of_the_parents(full_isolation, start, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "the-secret-key")
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    monkeypatch.setenv("LD_PRELOAD", "")
    found = start().ask("value", "dict(os.environ)", wall_s=20)
    assert "the-secret-key" not in str(found)
    assert not set(found) & {"SECRET_KEY", "PYTHONPATH", "LD_PRELOAD", "USER", "PWD"}


def test_the_parents_memory_cannot_be_copied(error):
    word = ctypes.create_string_buffer(b"a secret word")
    piece = "(ctypes.c_size_t * 2)"
    here = f"{piece}(ctypes.addressof(ctypes.create_string_buffer(13)), 13)"
    there = f"{piece}({ctypes.addressof(word)}, 13)"
    for call in ("process_vm_readv", "process_vm_writev"):
        assert error(f"syscall({call!r}, {ME}, {here}, 1, {there}, 1, 0)") == "EPERM"
    assert word.value == b"a secret word"


@pytest.mark.parametrize("request_", [16, 0x4206])
def test_the_parent_cannot_be_traced(error, request_):
    assert error(f"syscall('ptrace', {request_}, {ME}, 0, 0)") == "EPERM"


def test_the_parent_cannot_be_signalled(error, monkeypatch):
    heard = []
    before = signal.signal(signal.SIGUSR1, lambda *_: heard.append(1))
    number = int(signal.SIGUSR1)
    for expression in (
        f"os.kill({ME}, {number})",
        f"os.killpg({os.getpgid(0)}, {number})",
        f"os.kill(-1, {number})",
        f"os.kill(0, {number})",
        f"syscall('tkill', {ME}, {number})",
        f"syscall('tgkill', {ME}, {ME}, {number})",
        f"syscall('rt_sigqueueinfo', {ME}, {number}, ctypes.create_string_buffer(128))",
        f"syscall('pidfd_open', {ME}, 0)",
    ):
        assert error(expression) == "EPERM", expression
    signal.signal(signal.SIGUSR1, before)
    assert heard == []


def test_a_pipe_cannot_be_made_to_signal_the_parent(error):
    for command in ("F_SETOWN", "F_SETSIG"):
        expression = f"__import__('fcntl').fcntl(0, __import__('fcntl').{command}, {ME})"
        assert error(expression) == "EPERM"
    assert error(f"syscall('fcntl', 0, 15, (ctypes.c_int * 2)(1, {ME}))") == "EPERM"


def test_the_parents_limits_and_priority_stay(error):
    resource = "__import__('resource')"
    assert error(f"{resource}.prlimit({ME}, {resource}.RLIMIT_NOFILE, (0, 0))") == "EPERM"
    assert error(f"os.setpriority(os.PRIO_PROCESS, {ME}, 19)") == "EPERM"
    assert error(f"os.sched_setscheduler({ME}, os.SCHED_IDLE, os.sched_param(0))") == "EPERM"
    before = os.sched_getaffinity(0)
    error(f"os.sched_setaffinity({ME}, [0])")
    assert os.sched_getaffinity(0) == before


def test_memory_and_queues_shared_by_the_user_are_closed(error):
    for call in ("shmget", "semget", "msgget", "mq_open"):
        assert error(f"syscall({call!r}, 0, 4096, 0o1600, 0)") == "EPERM"
    assert error("open('/dev/shm/parallax', 'w')") == "EACCES"


def test_its_own_limits_cannot_be_raised(error):
    resource = "__import__('resource')"
    for kind in ("RLIMIT_DATA", "RLIMIT_CPU", "RLIMIT_FSIZE"):
        with pytest.raises(Exception, match="ValueError"):
            error(f"{resource}.setrlimit({resource}.{kind}, (-1, -1))")
    assert error("syscall('prctl', 1, 0, 0, 0, 0)") == "EPERM"
