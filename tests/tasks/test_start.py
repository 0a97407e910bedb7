"""`manage.py start`: one command, everything runs; one signal, nothing is left."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
import urllib.request

import pytest

from tests.tasks.installation import wait_for
from tests.tasks.started import Started, free_port, is_gone

pytestmark = pytest.mark.slow


@pytest.fixture
def port():
    return free_port()


@pytest.fixture
def start(tmp_path, port):
    started = []

    def begin(**environment):
        started.append(Started(tmp_path, port, **environment))
        return started[-1]

    yield begin
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()


def test_it_starts_stops_and_starts_again_with_the_same_data(start, tmp_path):
    first = start()
    assert first.open() == 200
    system = json.loads((tmp_path / "system.json").read_text())
    assert system["isolation"]["level"] in {"full", "partial", "none"}
    assert system["broker"]["version"]
    assert system["workers"] == 1
    parts = first.parts()
    assert len(parts) == 4
    began = time.monotonic()
    assert first.stop() == 0
    assert time.monotonic() - began < 10
    assert all(is_gone(pid) for pid in parts)
    key = (tmp_path / "secret_key").read_text()

    second = start()
    assert second.open() == 200
    assert second.stop(signal.SIGTERM) == 0
    assert (tmp_path / "secret_key").read_text() == key


def test_what_dies_is_started_again(start):
    one = start()
    one.open()
    for word in ("celery", "redis.sock", "gunicorn", "housekeeping"):
        before = wait_for(lambda: one.part(word), 20, word)  # noqa: B023
        os.kill(before, signal.SIGKILL)
        wait_for(lambda: one.part(word) not in {None, before}, 20, f"a new {word}")  # noqa: B023
    assert wait_for(lambda: answers(one.url), 20, "the website") == 200
    one.stop()


def answers(url):
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            return answer.status
    except OSError:
        return None


def test_when_it_is_killed_nothing_is_left_behind(start):
    one = start()
    one.open()
    parts = one.parts()
    one.stop(signal.SIGKILL)
    wait_for(lambda: all(is_gone(pid) for pid in parts), 20, "the end of the parts")


def test_a_second_one_on_the_same_data_is_refused(start, port):
    one = start()
    one.open()
    second = start(PORT="0")
    assert second.process.wait(timeout=30) == 1
    assert f"already runs on {one.data} (process {one.process.pid})" in second.said.read_text()
    assert one.open() == 200
    one.stop()


def test_a_taken_port_is_a_sentence(start, port):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        one = start()
        assert one.process.wait(timeout=30) == 1
    assert f"Port {port} cannot be used" in one.said.read_text()
    assert "Traceback" not in one.said.read_text()


def test_a_socket_path_that_is_too_long_is_moved(start, tmp_path, port):
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)
    one = Started(deep, port)
    try:
        assert one.open() == 200
        assert one.part("parallax-")
    finally:
        one.stop()
