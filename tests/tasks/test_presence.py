"""The pulse of a process: seen while it lives, counted while it works, gone when it leaves."""

from __future__ import annotations

import json
import logging
from datetime import timedelta

import pytest
from django.utils.timezone import now

from tasks import housekeeping, presence
from xai import logs
from xai.web.models import Worker

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture(autouse=True)
def counts(monkeypatch):
    fresh = presence.Counts()
    monkeypatch.setattr(presence, "counts", fresh)
    from tasks import heart

    monkeypatch.setattr(heart, "counts", fresh)
    return fresh


def test_a_worker_is_seen_and_leaves(db):
    pulse = presence.Pulse("worker", "worker1@parallax")
    pulse.beat()
    assert Worker.objects.alive().get().name == "worker1@parallax"
    Worker.objects.update(seen=now() - timedelta(minutes=2))
    assert not Worker.objects.alive().exists()
    pulse.beat()
    assert Worker.objects.alive().count() == 1
    pulse.end()
    assert not Worker.objects.exists()


def test_a_successor_under_the_same_name_is_not_deleted(db, monkeypatch):
    old = presence.Pulse("worker", "worker1@parallax")
    monkeypatch.setattr(presence.os, "getpid", lambda: 7)
    presence.Pulse("worker", "worker1@parallax").beat()
    monkeypatch.undo()
    old.end()
    assert Worker.objects.get().pid == 7


def test_work_is_counted_and_every_line_of_it_names_run_and_shard(
    submit, alice, session, drain, counts, caplog
):
    run = submit(alice)
    caplog.handler.addFilter(logs.About())
    caplog.handler.setFormatter(logs.JsonLine())
    with caplog.at_level(logging.INFO):
        drain()
    assert (counts.shards, counts.evaluations, counts.seconds) == (7, 700, 3.5)
    written = [json.loads(line) for line in caplog.text.splitlines()]
    told = [line for line in written if line["message"].startswith("Computed a shard")]
    assert len(told) == 7
    assert {line["run"] for line in told} == {str(run.pk)}
    assert len({line["shard"] for line in told}) == 7
    assert told[0]["evaluations"] == 100


def test_the_rows_of_the_dead_are_swept(db, data_dir, at):
    presence.Pulse("worker", "worker1@parallax").beat()
    housekeeping.sweep()
    assert Worker.objects.count() == 1
    with at(2 * 24 * 3600):
        housekeeping.sweep()
    assert not Worker.objects.exists()
