"""Dead workers, lost bells, forgotten files."""

from __future__ import annotations

import os
import time
from datetime import timedelta

import pytest
from django.utils.timezone import now

from tasks import bells, housekeeping, inspections, states, watch
from xai.web import files
from xai.web.models import Job, Shard, Upload
from xai.web.models.runs import State


@pytest.fixture
def run(submit, alice):
    return submit(alice)


@pytest.fixture
def rung(monkeypatch):
    """Record the bells instead of sending them."""
    heard = []
    monkeypatch.setattr(bells, "_after_commit", lambda task, queue, ids: heard.extend(ids))
    monkeypatch.setattr(bells, "waiting", lambda *_: 0)
    return heard


def first(run, method):
    return Shard.objects.filter(job__run=run, job__method=method).order_by("index")[0]


def test_a_silent_workers_shard_waits_again(run, at):
    held = states.claim(first(run, "lime").pk)
    housekeeping.reap()
    with at(10):
        housekeeping.reap()
    assert Shard.objects.get(pk=held.shard.pk).state == State.RUNNING
    with at(16):
        housekeeping.reap()
    assert Shard.objects.get(pk=held.shard.pk).state == State.QUEUED
    assert not states.beat(held)


@pytest.mark.parametrize("hours", [-5, 5])
def test_a_clock_that_jumps_takes_no_shard_from_a_living_worker(run, monkeypatch, hours):
    jumped = now() + timedelta(hours=hours)
    monkeypatch.setattr(states, "now", lambda: jumped)
    held = states.claim(first(run, "lime").pk)
    housekeeping.reap()
    for beat in range(1, 9):
        later(monkeypatch, 4.0 * beat)
        monkeypatch.setattr(states, "now", lambda: jumped + timedelta(seconds=beat))  # noqa: B023
        assert states.beat(held)
        housekeeping.reap()
    assert Shard.objects.get(pk=held.shard.pk).state == State.RUNNING
    later(monkeypatch, 60.0)
    housekeeping.reap()
    assert Shard.objects.get(pk=held.shard.pk).state == State.QUEUED


def later(monkeypatch, seconds):
    monkeypatch.setattr(watch, "clock", lambda: time.monotonic() + seconds)


def test_a_shard_that_stopped_two_workers_fails_its_job_with_a_sentence(run, at):
    for _ in range(2):
        held = states.claim(first(run, "lime").pk)
        housekeeping.reap()
        with at(16):
            housekeeping.reap()
    job = Job.objects.get(pk=held.job.pk)
    assert (job.state, job.error) == (State.FAILED, states.STOPPED_WORKERS)
    assert Job.objects.get(run=run, method="occlusion").state == State.QUEUED


def test_a_worker_killed_while_merging_is_repaired(run, at, session, drain):
    shards = Shard.objects.filter(job__run=run, job__method="lime")
    claims = [states.claim(shard.pk) for shard in shards]
    assert [states.part_done(held, 1, 0.1) for held in claims] == [False, False, True]
    for held in claims:
        part = files.results(held.job.key) / "parts" / f"{held.shard.index}-{held.token}"
        part.mkdir(parents=True)
    housekeeping.reap()
    with at(16):
        housekeeping.reap()
    drain()
    assert Job.objects.get(run=run, method="lime").state == State.DONE
    assert [start for _, method, start in session.computed if method == "lime"] == [20]


def test_a_lost_bell_is_rung_again(run, at, rung):
    housekeeping.reap()
    assert rung == []
    with at(11):
        housekeeping.reap()
        housekeeping.reap()
    assert len(rung) == 7


def test_no_bell_is_added_where_bells_wait(run, at, rung, monkeypatch):
    monkeypatch.setattr(bells, "waiting", lambda *_: 3)
    with at(11):
        housekeeping.reap()
    assert rung == []


def test_a_run_that_nobody_closed_is_closed(run):
    Job.objects.filter(run=run).exclude(role="agreement").update(state=State.FAILED)
    housekeeping.reap()
    run.refresh_from_db()
    assert run.state == State.FAILED
    assert run.jobs.get(role="agreement").state == State.CANCELLED


def test_a_silent_inspector_is_replaced_once(make_upload, alice, at, rung):
    upload = make_upload(alice, state="checking")
    path = files.stored(upload.sha256)
    assert inspections.claim(str(upload.pk))
    assert inspections.claim(str(upload.pk)) is None
    housekeeping.reap()
    with at(16):
        housekeeping.reap()
    assert rung == [str(upload.pk)]
    assert inspections.claim(str(upload.pk))
    housekeeping.reap()
    with at(32):
        housekeeping.reap()
    upload.refresh_from_db()
    assert (upload.state, upload.refusal) == ("refused", inspections.STOPPED_WORKERS)
    assert not path.exists()


def test_after_a_power_cut_nothing_is_blamed(run, make_upload, alice):
    held = states.claim(first(run, "lime").pk)
    upload = make_upload(alice, state="checking")
    inspections.claim(str(upload.pk))
    (files.folder("scratch") / "left").mkdir()
    housekeeping.recover()
    shard = Shard.objects.get(pk=held.shard.pk)
    assert (shard.state, shard.attempts) == (State.QUEUED, 0)
    assert Upload.objects.get(pk=upload.pk).token == ""
    assert list(files.folder("scratch").iterdir()) == []


def grow_old(path):
    long_ago = time.time() - 3 * 24 * 3600
    os.utime(path, (long_ago, long_ago))


def test_sweeping_deletes_what_nobody_will_ask_for(run, make_upload, alice):
    needed = files.results("method-lime") / "parts" / "0-abc"
    orphan = files.results("nobody") / "parts"
    scratch = files.folder("scratch") / "old"
    fresh = files.folder("scratch") / "new"
    for folder in (needed, orphan, scratch, fresh):
        folder.mkdir(parents=True)
    kept = files.stored(make_upload(alice).sha256)
    lost = files.stored("ab" * 32)
    lost.parent.mkdir(parents=True, exist_ok=True)
    lost.touch()
    for path in (needed.parent, needed.parent.parent, orphan.parent, scratch, kept, lost):
        grow_old(path)
    housekeeping.sweep()
    assert [needed.exists(), fresh.exists(), kept.exists()] == [True] * 3
    assert [orphan.exists(), scratch.exists(), lost.exists()] == [False] * 3
    states.cancel(run)
    housekeeping.sweep()
    assert not needed.exists()


@pytest.mark.django_db(transaction=True)
def test_a_backup_a_day_is_kept(data_dir, monkeypatch):
    old = [data_dir / "backups" / f"2020-01-0{day}.sqlite3" for day in range(1, 5)]
    for path in (folder := files.folder("backups"), *old):
        if path != folder:
            path.touch()
    made = housekeeping.backup()
    assert made == housekeeping.backup()
    assert made.read_bytes().startswith(b"SQLite format 3")
    assert len(list(folder.iterdir())) == housekeeping.BACKUPS_KEPT
