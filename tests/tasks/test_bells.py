"""Bells ring after the commit, are few, and never stop the one who rings."""

from __future__ import annotations

import pytest

from tasks import bells
from tasks.celery import app
from tests.tasks.conftest import SEND


@pytest.fixture
def sent(monkeypatch):
    """Record what would go to the broker."""
    found = []
    monkeypatch.setattr(bells, "_send", SEND)
    monkeypatch.setattr(
        app, "send_task", lambda task, args, queue, producer: found.append((task, queue, *args))
    )
    return found


def test_they_ring_once_the_rows_are_committed(db, sent, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        bells.ring([1, 2])
        bells.ring_inspection("an-id")
        assert sent == []
    assert sent == [
        ("tasks.explain.work", "work", 1),
        ("tasks.explain.work", "work", 2),
        ("tasks.inspect.inspect", "inspect", "an-id"),
    ]


def test_they_are_few(db, sent, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        bells.ring(range(1000))
    assert len(sent) == bells.BELLS_MOST


def test_an_absent_broker_is_no_error(monkeypatch, caplog):
    def refuse(*_, **__):
        raise ConnectionRefusedError("nobody there")

    monkeypatch.setattr(app, "send_task", refuse)
    SEND("tasks.explain.work", "work", [1])
    assert "nobody there" in caplog.text
    monkeypatch.setattr(app, "connection_for_write", refuse)
    assert bells.waiting() == 0


def test_waiting_bells_are_counted():
    before = bells.waiting("work")
    SEND("tasks.explain.work", "work", [1, 2])
    assert bells.waiting("work") == before + 2


def test_the_application_keeps_no_results_and_redelivers_nothing():
    assert app.conf.result_backend is None
    assert app.conf.task_ignore_result
    assert app.conf.task_acks_late
    assert not app.conf.task_reject_on_worker_lost
    assert app.conf.accept_content == ["json"]
    assert app.conf.broker_connection_max_retries is None
    assert app.conf.worker_prefetch_multiplier == 1


def test_a_worker_knows_its_tasks():
    app.loader.import_default_modules()
    assert {"tasks.explain.work", "tasks.inspect.inspect"} <= set(app.tasks)
