"""However a model goes wrong, it ends with a sentence, and the next one can start."""

from __future__ import annotations

import time

import pytest

from tests.jail.conftest import SECONDS
from xai.errors import LimitExceeded, ModelCrashed, XaiError

SEGMENTATION_FAULT = (
    "The model's process died in native code (signal 11, segmentation fault). "
    "Most often its file is damaged or made by another version of its library."
)


@pytest.fixture(autouse=True)
def another_child_can_start(start):
    yield
    assert start().ask("value", "6 * 7", wall_s=SECONDS) == 42


def test_a_memory_eater_is_told_its_limit_and_lives_on(start):
    child = start(memory_mb=256)
    with pytest.raises(LimitExceeded, match="needed more than 256 MB of memory and was stopped"):
        child.ask("value", "len(bytearray(300 << 20))", wall_s=SECONDS)
    assert child.ask("value", "1", wall_s=SECONDS) == 1


def test_many_small_pieces_of_memory_are_counted(start):
    with pytest.raises(LimitExceeded, match="more than 256 MB of memory"):
        start(memory_mb=256).ask(
            "run", "keep = []\nwhile True: keep.append(bytes(100_000))", wall_s=SECONDS
        )


def test_numpy_at_the_memory_limit(start):
    with pytest.raises(LimitExceeded, match="more than 512 MB of memory"):
        start(memory_mb=512).ask("run", "import numpy\nnumpy.ones(10 ** 9)", wall_s=SECONDS)


def test_shared_memory_is_counted_from_outside(start):
    child = start(memory_mb=128)
    lines = (
        "import mmap\nkeep = mmap.mmap(-1, 512 << 20)\n"
        "for i in range(0, len(keep), 4096): keep[i] = 1\ntime.sleep(30)"
    )
    with pytest.raises(LimitExceeded, match="more than 128 MB of memory"):
        child.ask("run", lines, wall_s=SECONDS)
    assert not child.alive


def test_a_native_library_without_memory_is_told_from_a_crash(start):
    lines = "os.write(2, b\"terminate called after throwing 'std::bad_alloc'\")\nos.abort()"
    with pytest.raises(LimitExceeded, match="more than 256 MB of memory"):
        start(memory_mb=256).ask("run", lines, wall_s=SECONDS)


def test_an_endless_loop_ends_at_the_limit_of_processor_time(start):
    child = start(cpu_s=1)
    with pytest.raises(LimitExceeded, match="more than 1 seconds of processor time"):
        child.ask("run", "while True: pass", wall_s=SECONDS)
    assert not child.alive


def test_processor_time_is_counted_for_each_request(start):
    child = start(cpu_s=1)
    for _ in range(3):
        lines = "end = time.process_time() + 0.6\nwhile time.process_time() < end: pass"
        child.ask("run", lines, wall_s=SECONDS)


def test_ignoring_the_signal_does_not_help(start):
    ignore = "import signal\nsignal.signal(signal.SIGXCPU, signal.SIG_IGN)\nwhile True: pass"
    with pytest.raises(LimitExceeded, match="more than 1 seconds of processor time"):
        start(cpu_s=1).ask("run", ignore, wall_s=SECONDS)


@pytest.mark.parametrize(
    "lines", ["time.sleep(60)", "ctypes.PyDLL(None).sleep(60)", "while True: pass"]
)
def test_no_answer_in_time_ends_it_from_outside(start, lines):
    child, began = start(), time.monotonic()
    with pytest.raises(LimitExceeded, match=r"did not answer within 0\.4 seconds"):
        child.ask("run", lines, wall_s=0.4)
    assert time.monotonic() - began < 2
    assert not child.alive


def test_a_flood_of_output_neither_blocks_nor_fills_the_parent(start):
    child = start()
    with pytest.raises(LimitExceeded, match="did not answer within 1 seconds"):
        child.ask("run", "while True: os.write(1, b'flood' * 10_000)", wall_s=1)
    assert len(child._pipes.log) <= 1 << 16


def test_much_output_before_an_answer_is_cut_to_its_end(start):
    child = start()
    lines = "for i in range(20_000): print('line', i)\nout = 'done'"
    assert child.ask("run", lines, wall_s=SECONDS) == "done"
    child.close()
    assert child._pipes.log.endswith("line 19999\n")
    assert len(child._pipes.log) <= 1 << 16


def test_a_file_above_the_limit_is_refused(start):
    child = start(file_mb=2)
    with pytest.raises(LimitExceeded, match="wrote files of more than 2 MB"):
        child.ask("run", "open('large', 'wb').write(bytes(3 << 20))", wall_s=SECONDS)


def test_many_files_together_are_counted(start):
    lines = "for i in range(9): open(str(i), 'wb').write(os.urandom(1 << 20))\ntime.sleep(9)"
    with pytest.raises(LimitExceeded, match="wrote files of more than 4 MB"):
        start(file_mb=4).ask("run", lines, wall_s=SECONDS)


def test_a_crash_in_native_code_is_told(start):
    child = start()
    with pytest.raises(ModelCrashed) as caught:
        child.ask("run", "ctypes.string_at(0)", wall_s=SECONDS)
    assert str(caught.value) == SEGMENTATION_FAULT
    assert "string_at" in caught.value.__notes__[0]
    assert not child.alive
    with pytest.raises(ModelCrashed, match="already ended"):
        child.ask("value", "1", wall_s=SECONDS)


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ("os.abort()", r"signal 6, aborted by its own library"),
        ("os.kill(os.getpid(), 7)", r"signal 7, bad memory access"),
        ("os.kill(os.getpid(), 40)", r"signal 40, unknown"),
        ("os._exit(0)", r"ended by itself \(exit code 0\)"),
        ("os._exit(3)", r"ended by itself \(exit code 3\)"),
        ("os.close(int(sys.argv[2]))\ntime.sleep(60)", r"sent an answer that cannot be read"),
    ],
)
def test_every_other_death_is_told(start, lines, reason):
    with pytest.raises(XaiError, match=reason):
        start().ask("run", lines, wall_s=SECONDS)


def test_being_killed_by_the_system_is_told(start):
    with pytest.raises(LimitExceeded, match="machine ran out of memory"):
        start().ask("run", "os.kill(os.getpid(), 9)", wall_s=SECONDS)


@pytest.mark.parametrize("name", ["SystemExit", "KeyboardInterrupt", "BaseException"])
def test_an_exit_in_the_handler_is_caught(start, name):
    child = start()
    with pytest.raises(XaiError, match=rf"internal error \({name}\)"):
        child.ask("run", f"raise {name}", wall_s=SECONDS)
    assert child.ask("value", "1", wall_s=SECONDS) == 1
