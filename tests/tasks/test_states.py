"""Every move of a shard is one conditional UPDATE: it happens once, or not at all."""

from __future__ import annotations

import pytest

from tasks import states
from tasks.states import Claim
from xai.web.models import Job, Shard
from xai.web.models.runs import State


@pytest.fixture
def run(submit, alice):
    return submit(alice)


def shards_of(run, method):
    return list(Shard.objects.filter(job__run=run, job__method=method).order_by("index"))


def finish(run, method):
    for shard in shards_of(run, method):
        held = states.claim(shard.pk)
        if states.part_done(held, 100, 0.5):
            states.close(held, 300, 1.5)


def test_submitting_writes_jobs_and_shards(run):
    found = [(job.role, job.method, job.state, job.shards.count()) for job in run.jobs.all()]
    assert found == [
        ("predictions", "", State.QUEUED, 1),
        ("method", "lime", State.QUEUED, 3),
        ("method", "occlusion", State.QUEUED, 3),
        ("agreement", "", State.WAITING, 1),
    ]


def test_a_shard_is_claimed_once(run):
    shard = shards_of(run, "lime")[0]
    held = states.claim(shard.pk)
    assert isinstance(held, Claim)
    assert states.claim(shard.pk) is None
    shard.refresh_from_db()
    run.refresh_from_db()
    assert (shard.state, shard.attempts, shard.token) == (State.RUNNING, 1, held.token)
    assert (shard.job.state, run.state) == (State.RUNNING, State.RUNNING)
    assert run.started is not None


def test_a_stale_token_writes_nothing(run):
    held = states.claim(shards_of(run, "lime")[0].pk)
    stale = Claim(held.shard, "0" * 32)
    assert not states.beat(stale, 7)
    assert states.part_done(stale, 100, 0.5) is None
    assert not states.close(stale, 100, 0.5)
    assert not states.fail(stale, "no")
    assert not states.release(stale)
    held.shard.refresh_from_db()
    assert (held.shard.state, held.shard.progress, held.shard.error) == (State.RUNNING, 0, "")


def test_a_beat_renews_the_lease_and_notes_progress(run, at):
    held = states.claim(shards_of(run, "lime")[0].pk)
    before = Shard.objects.get(pk=held.shard.pk).lease_until
    with at(5):
        assert states.beat(held, 42)
    after = Shard.objects.get(pk=held.shard.pk)
    assert after.progress == 42
    assert (after.lease_until - before).total_seconds() == pytest.approx(5, abs=0.5)


def test_only_the_last_part_closes_the_job(run):
    one, two, three = (states.claim(shard.pk) for shard in shards_of(run, "lime"))
    assert states.part_done(one, 100, 0.5) is False
    assert states.part_done(three, 100, 0.5) is False
    assert states.part_done(two, 100, 0.5) is True
    assert Job.objects.get(run=run, method="lime").state == State.RUNNING
    assert states.close(two, 300, 1.5)
    job = Job.objects.get(run=run, method="lime")
    assert (job.state, job.result, job.evaluations) == (State.DONE, job.key, 300)


def test_a_job_closes_exactly_once(run):
    *others, last = [states.claim(shard.pk) for shard in shards_of(run, "lime")]
    for held in others:
        states.part_done(held, 100, 0.5)
    assert states.part_done(last, 100, 0.5)
    assert [states.close(last, 300, 1.5) for _ in range(3)] == [True, False, False]


def test_a_failed_method_leaves_the_others_alone(run):
    one, two, _ = shards_of(run, "lime")
    held, other = states.claim(one.pk), states.claim(two.pk)
    assert states.fail(held, "The model crashed.")
    assert not states.beat(other)
    states_of = {job.method: job.state for job in run.jobs.filter(role="method")}
    assert states_of == {"lime": State.FAILED, "occlusion": State.QUEUED}
    assert {shard.state for shard in shards_of(run, "occlusion")} == {State.QUEUED}
    assert {shard.state for shard in shards_of(run, "lime")} == {State.FAILED, State.CANCELLED}
    assert Job.objects.get(run=run, method="lime").error == "The model crashed."


def test_without_predictions_the_run_fails_at_once(run):
    held = states.claim(shards_of(run, "")[0].pk)
    running = states.claim(shards_of(run, "lime")[0].pk)
    states.fail(held, "The model never ends.")
    run.refresh_from_db()
    assert run.state == State.FAILED
    assert not states.beat(running)
    assert not Shard.objects.filter(job__run=run, state=State.QUEUED).exists()


def test_a_cancelled_run_is_over_and_its_workers_lose_their_shards(run):
    held = states.claim(shards_of(run, "lime")[0].pk)
    assert states.cancel(run)
    assert not states.cancel(run)
    assert not states.beat(held)
    assert states.part_done(held, 1, 0.1) is None
    run.refresh_from_db()
    assert run.state == State.CANCELLED
    assert {job.state for job in run.jobs.all()} == {State.CANCELLED}


def test_a_released_shard_waits_again_and_its_attempt_does_not_count(run):
    held = states.claim(shards_of(run, "lime")[0].pk)
    assert states.release(held)
    shard = Shard.objects.get(pk=held.shard.pk)
    assert (shard.state, shard.attempts, shard.token) == (State.QUEUED, 0, "")


@pytest.mark.parametrize(
    ("ends", "expected"),
    [
        (("done", "done", "done"), State.DONE),
        (("done", "done", "failed"), State.PARTIAL),
        (("done", "failed", "failed"), State.FAILED),
        (("failed", "done", "done"), State.PARTIAL),
    ],
)
def test_a_run_says_how_it_ended(ends, expected):
    roles = ("predictions", "method", "method")
    jobs = [Job(role=role, state=state) for role, state in zip(roles, ends, strict=True)]
    jobs.append(Job(role="agreement", state=State.CANCELLED))
    assert states.outcome(jobs) == expected


def test_predictions_alone_are_a_whole_run():
    assert states.outcome([Job(role="predictions", state=State.DONE)]) == State.DONE
