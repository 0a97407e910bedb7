"""From the bell to the closed run, with a session that only counts."""

from __future__ import annotations

import pytest

from tasks import explain, heart, housekeeping, queue, states, turns
from xai.errors import LimitExceeded, ModelCrashed
from xai.web import files
from xai.web.models import Job, Shard
from xai.web.models.runs import State


@pytest.fixture
def run(submit, alice):
    return submit(alice)


def raising(error):
    def act():
        raise error

    return act


def ends(run):
    run.refresh_from_db()
    return run.state, {job.method or job.role: job.state for job in run.jobs.all()}


DONE = dict.fromkeys(("predictions", "lime", "occlusion", "agreement"), State.DONE)


def test_one_bell_does_the_whole_run(run, session, drain):
    assert drain() == 1
    assert ends(run) == (State.DONE, DONE)
    assert len(session.computed) == 7
    assert not list(files.results("method-lime").glob("parts/*"))
    job = run.jobs.get(method="lime")
    assert (job.evaluations, job.seconds, job.result) == (300, 1.5, "method-lime")


def test_a_message_delivered_twice_works_once(run, session, drain):
    shard = turns.waiting()
    for _ in range(3):
        explain.work(shard)
    assert len(session.computed) == len(set(session.computed)) == 7


@pytest.mark.parametrize(
    "error",
    [ModelCrashed("It crashed."), LimitExceeded("It crashed."), MemoryError(), SystemExit()],
)
def test_a_method_that_fails_ends_with_a_sentence(run, session, drain, error):
    session.misbehave["lime"] = raising(error)
    drain()
    assert ends(run)[0] == State.PARTIAL
    job = run.jobs.get(method="lime")
    assert job.state == State.FAILED
    assert job.error == (str(error) or explain.INTERNAL)
    assert [m for _, m, _ in session.computed].count("lime") == 1
    assert run.jobs.get(method="occlusion").state == State.DONE
    assert run.jobs.get(role="agreement").state == State.CANCELLED


def test_retry_computes_only_what_is_missing(run, session, drain):
    session.misbehave["lime"] = lambda: (
        len([1 for _, m, _ in session.computed if m == "lime"]) == 2 and raising(MemoryError())()
    )
    drain()
    assert ends(run)[0] == State.PARTIAL
    session.misbehave.clear()
    session.computed.clear()
    queue.retry(run)
    assert run.state == State.RUNNING
    drain()
    assert ends(run) == (State.DONE, DONE)
    assert session.computed == [("method", "lime", 10), ("method", "lime", 20)]


def test_retry_computes_again_a_part_that_was_swept(run, session, drain):
    session.misbehave["lime"] = lambda: (
        len([1 for _, m, _ in session.computed if m == "lime"]) == 3 and raising(MemoryError())()
    )
    drain()
    session.misbehave.clear()
    session.computed.clear()
    (part,) = files.results("method-lime").glob("parts/0-*")
    part.rmdir()
    queue.retry(run)
    drain()
    assert [start for *_, start in session.computed] == [0, 20]


def test_a_run_that_is_done_is_not_retried(run, session, drain):
    drain()
    queue.retry(run)
    assert run.state == State.DONE


def test_cancel_while_computing_writes_nothing(run, session, drain, monkeypatch):
    monkeypatch.setattr(heart, "PROGRESS_SECONDS", 0.0)
    session.misbehave["lime"] = lambda: queue.cancel(run)
    drain()
    assert ends(run)[0] == State.CANCELLED
    assert run.jobs.get(role="predictions").state == State.DONE
    assert not list(files.results("method-lime").glob("parts/*"))


def test_a_part_finished_after_the_cancel_is_thrown_away(run, session, drain):
    session.misbehave["lime"] = lambda: queue.cancel(run)
    drain()
    assert not list(files.results("method-lime").glob("parts/*"))


def test_a_worker_told_to_end_gives_its_shard_back(run, session):
    session.misbehave["lime"] = heart.stopping.set
    try:
        explain.work(turns.waiting())
    finally:
        heart.stopping.clear()
    shard = Shard.objects.get(job__run=run, job__method="lime", index=0)
    assert (shard.state, shard.attempts) == (State.QUEUED, 0)


def test_results_of_one_owner_are_reused_by_key(run, session, drain, submit, alice, bob):
    drain()
    session.computed.clear()
    again = submit(alice)
    assert ends(again) == (State.DONE, DONE)
    assert all(job.reused for job in again.jobs.all())
    assert again.jobs.get(method="lime").evaluations == 300
    stranger = submit(bob)
    assert stranger.state == State.QUEUED
    assert session.computed == []


def test_a_key_whose_files_are_gone_is_computed(run, session, drain, submit, alice):
    drain()
    (files.results("method-lime") / "job.json").unlink()
    again = submit(alice)
    drain()
    reused = {job.method or job.role: job.reused for job in again.jobs.all()}
    assert reused == {"predictions": True, "lime": False, "occlusion": True, "agreement": True}


def test_two_runs_of_the_same_key_at_once_both_end(run, session, drain, submit, alice):
    other = submit(alice)
    drain()
    assert ends(run) == ends(other) == (State.DONE, DONE)


def test_the_agreement_of_fewer_methods_has_another_key(run, session, drain, plans, submit, alice):
    from tests.tasks.conftest import job_plan

    plans.insert(3, job_plan("method", "random"))
    session.misbehave["random"] = raising(MemoryError())
    three = submit(alice)
    drain()
    states_, keys = ends(three), {r.jobs.get(role="agreement").key for r in (run, three)}
    assert states_[1]["agreement"] == State.DONE
    session.misbehave.clear()
    queue.retry(three)
    drain()
    assert ends(three)[0] == State.DONE
    assert three.jobs.get(role="agreement").key not in keys


def test_a_beat_missed_by_a_busy_database_is_forgiven_until_the_lease_is_over(run, monkeypatch):
    from django.db import OperationalError

    pulse = heart.Heart(states.claim(turns.waiting()))
    monkeypatch.setattr(heart, "beat", lambda *_: raising(OperationalError("locked"))())
    pulse._renewed -= 6
    monkeypatch.setattr(heart, "BEAT_SECONDS", 5.0)
    pulse.poll()
    pulse._renewed -= 10
    with pytest.raises(heart.Lost):
        pulse.poll()


def test_reaping_a_healthy_installation_changes_nothing(run, session, drain):
    drain()
    before = list(Job.objects.values())
    housekeeping.reap()
    assert list(Job.objects.values()) == before
