"""Which run a worker serves next, and how long it keeps a child."""

from __future__ import annotations

import pytest

from tasks import explain, sessions, states, turns
from xai.web import files


@pytest.fixture
def run(submit, alice):
    return submit(alice)


def test_a_turn_ends_when_others_wait(run, session, submit, bob, monkeypatch):
    other = submit(bob)
    monkeypatch.setattr(turns, "TURN_SECONDS", 1e6)
    first = [turns.take(None).run.pk for _ in range(3)]
    assert first == [run.pk] * 3
    turns._turn = (run.pk, -1e9)
    assert turns.take(None).run.pk == other.pk


def test_the_neediest_run_comes_first(run, submit, alice, bob):
    states.claim(turns.waiting())
    other = submit(bob)
    assert turns.take(None).run.pk == other.pk


def test_a_waiting_upload_ends_the_turn(run, session, make_upload, alice):
    make_upload(alice, state="checking")
    explain.work(turns.waiting())
    assert len(session.computed) == 1


def test_a_session_is_kept_for_one_owner_and_closed_for_the_next(run, session, drain, submit, bob):
    drain()
    assert not session.is_closed
    submit(bob)
    drain()
    assert session.is_closed
    sessions.close()
    assert not list(files.folder("scratch").iterdir())


def test_an_idle_session_is_closed(run, session, drain, monkeypatch):
    drain()
    sessions._close_if_idle()
    assert not session.is_closed
    monkeypatch.setattr(sessions, "IDLE_SECONDS", 0.0)
    sessions._close_if_idle()
    assert session.is_closed
