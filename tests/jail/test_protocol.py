"""What crosses the pipe: answers, progress and errors, none of it trusted."""

from __future__ import annotations

import time

import pytest

from tests.jail.conftest import HANDLERS, SECONDS
from xai.errors import (
    BY_NAME,
    Cancelled,
    IsolationUnavailable,
    LimitExceeded,
    ModelCrashed,
    RefusedFile,
    XaiError,
)
from xai.jail import Child

REPLIES = "int(sys.argv[2])"


@pytest.fixture
def run(start):
    child = start(reply_mb=1)
    return lambda lines, **given: child.ask("run", lines, wall_s=SECONDS, **given)


@pytest.mark.parametrize("answer", [None, True, 1.5, "ü−×", [1, [2]], {"a": {"b": None}}, ""])
def test_answers_arrive_as_they_are(start, answer):
    assert start().ask("value", repr(answer), wall_s=SECONDS) == answer


def test_one_child_serves_many_requests_and_keeps_its_state(start):
    child = start()
    child.ask("run", "errors.counter = 0", wall_s=SECONDS)
    for expected in range(1, 6):
        lines = "errors.counter += 1\nout = errors.counter"
        assert child.ask("run", lines, wall_s=SECONDS) == expected


def test_large_requests_and_a_noisy_child_do_not_block_each_other(start):
    noisy = "print('x' * 300_000)\n#" + "y" * 1_000_000 + "\nout = 1"
    assert start().ask("run", noisy, wall_s=SECONDS) == 1


def test_progress_arrives_a_few_times_a_second(run):
    seen = []
    lines = "for i in range(200): progress(i, 200); time.sleep(0.005)"
    run(lines, on_progress=lambda done, total: seen.append((done, total)))
    assert 3 <= len(seen) <= 9
    assert seen == sorted(seen)
    assert all(total == 200 for _, total in seen)


def test_poll_is_called_and_may_cancel(start):
    child, calls = start(), []

    def poll():
        calls.append(time.monotonic())
        if len(calls) == 3:
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled, match="Stopped"):
        child.ask("run", "while True: pass", wall_s=SECONDS, poll=poll)
    assert 0.8 < calls[2] - calls[0] < 2
    assert not child.alive


def test_a_watcher_that_fails_ends_the_child(start):
    child = start()

    def fail(done, total):
        raise RuntimeError("lost the lease")

    with pytest.raises(RuntimeError, match="lost the lease"):
        child.ask("run", "progress(1, 2)\ntime.sleep(60)", wall_s=SECONDS, on_progress=fail)
    assert not child.alive


def test_poll_is_called_through_a_flood_of_progress(run):
    calls = []

    def poll():
        calls.append(1)
        if len(calls) == 3:
            raise Cancelled("Stopped.")

    flood = (
        "from xai.jail.frames import pack\n"
        f"while True: os.write({REPLIES}, pack({{'done': 1, 'total': 2}}) * 100)"
    )
    with pytest.raises(Cancelled):
        run(flood, poll=poll)


def test_an_answer_that_is_too_long_is_refused_in_the_child(start):
    child = start(reply_mb=1)
    with pytest.raises(LimitExceeded, match="longer than 1 MB"):
        child.ask("value", "'x' * (2 << 20)", wall_s=SECONDS)
    assert child.alive


def test_an_answer_that_is_too_long_is_refused_in_the_parent(start):
    child = start(reply_mb=1)
    lines = f"os.write({REPLIES}, (2 << 20).to_bytes(4, 'big'))\ntime.sleep(60)"
    with pytest.raises(LimitExceeded, match="longer than 1 MB"):
        child.ask("run", lines, wall_s=SECONDS)
    assert not child.alive


@pytest.mark.parametrize(
    "body",
    [b"nonsense", b"[1]", b"\xff", b"[" * 100_000, b'{"done": "1", "total": 2}', b"1" * 9999],
)
def test_an_answer_that_is_no_answer_ends_the_child(start, body):
    child = start()
    lines = f"os.write({REPLIES}, {len(body).to_bytes(4, 'big')!r} + {body!r})\ntime.sleep(60)"
    with pytest.raises(ModelCrashed, match="cannot be read"):
        child.ask("run", lines, wall_s=SECONDS, on_progress=lambda done, total: None)
    assert not child.alive


@pytest.mark.parametrize("name", BY_NAME)
def test_our_errors_cross_by_name(run, name):
    with pytest.raises(XaiError, match=r"^The column “a” is missing\.$") as caught:
        run(f"raise errors.{name}('The column “a” is missing.')")
    assert type(caught.value) is BY_NAME[name]


def test_a_message_is_bounded(run):
    with pytest.raises(RefusedFile) as caught:
        run("raise errors.RefusedFile('x' * 100_000)")
    assert len(str(caught.value)) == 2000


def test_an_unexpected_error_keeps_its_traceback_to_itself(run, caplog):
    with pytest.raises(XaiError) as caught:
        run("{}['a-secret-key']")
    assert str(caught.value) == (
        "The model's process met an internal error (KeyError). It has been logged."
    )
    assert "a-secret-key" in caught.value.__notes__[0]
    assert "a-secret-key" in caplog.text


def test_an_invented_class_name_is_not_shown(run):
    with pytest.raises(XaiError, match=r"internal error \(unknown\)"):
        run("raise type('<script>', (Exception,), {})")


def test_what_json_cannot_hold_is_an_internal_error(run):
    with pytest.raises(XaiError, match=r"internal error \(TypeError\)"):
        run("out = object()")


def test_a_handler_that_cannot_be_imported_is_told(start):
    with pytest.raises(XaiError, match=r"internal error \(ModuleNotFoundError\)"):
        start("nowhere").ask("value", "1", wall_s=SECONDS)


def test_a_door_that_does_not_lock_lets_nothing_in(scratch, monkeypatch):
    breaking = (
        "import sys; sys.path.insert(0, sys.argv[1]); import xai.jail.landlock as l; "
        "l.version = lambda: 1; l._CREATE = 9999; from xai.jail.entry import main; main()"
    )
    monkeypatch.setattr("xai.jail.child._START", breaking)
    with (
        Child("hostile", [], scratch, extra_roots=[HANDLERS]) as child,
        pytest.raises(IsolationUnavailable, match="failed to close"),
    ):
        child.ask("value", "1", wall_s=SECONDS)


def test_closing_twice_is_harmless_and_leaves_no_process(start):
    child = start()
    child.ask("value", "1", wall_s=SECONDS)
    child.close()
    child.close()
    assert not child.alive


def test_starting_takes_little_time(start):
    start().ask("value", "1", wall_s=SECONDS)
    began = time.monotonic()
    start().ask("value", "1", wall_s=SECONDS)
    # 0.06 s on an idle machine; the rest is room for a busy one.
    assert time.monotonic() - began < 1
