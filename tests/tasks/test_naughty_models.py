"""What a model does to its process ends one method with a sentence; the worker goes on."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from tasks import queue, sessions, turns
from tests.tasks.conftest import job_plan
from xai.jail import Child, Limits
from xai.runner import session
from xai.web.models.runs import State

HANDLERS = Path(__file__).parent / "handlers"


@pytest.fixture
def naughty(monkeypatch, merging, settings):
    """Run a handler of the test's own in the real jail, with narrow limits."""
    monkeypatch.setattr(session, "HANDLER", "naughty")
    monkeypatch.setattr(session, "Child", partial(Child, extra_roots=[HANDLERS]))
    monkeypatch.setattr(sessions, "limits", lambda: Limits(memory_mb=300))
    settings.SHARD_SECONDS_MOST = 2.0


@pytest.fixture
def run_of(submit, plans, alice):
    """Return a maker of runs of one misbehaving method beside a good one."""

    def ask(slug):
        plans[1:2] = [job_plan("method", slug, shards=2)]
        return submit(alice)

    return ask


@pytest.mark.parametrize(
    ("slug", "word"), [("crash", "signal"), ("eat", "memory"), ("hang", "second")]
)
def test_it_fails_with_a_sentence_and_the_worker_goes_on(naughty, run_of, drain, slug, word):
    run = run_of(slug)
    drain()
    run.refresh_from_db()
    job = run.jobs.get(method=slug)
    assert (run.state, job.state) == (State.PARTIAL, State.FAILED)
    assert word in job.error
    assert "Traceback" not in job.error
    assert run.jobs.get(method="occlusion").state == State.DONE
    assert [shard.attempts for shard in job.shards.all()] == [1, 0]


def test_cancelling_kills_the_child(naughty, run_of, monkeypatch):
    from tasks import explain, heart, states

    run = run_of("hang")
    pids = []
    monkeypatch.setattr(heart, "BEAT_SECONDS", 0.0)

    def beat(held, progress):
        if held.job.method == "hang":
            pids.append(sessions._kept.session._child.pid)
            queue.cancel(run)
        return True if held.job.method != "hang" else states.beat(held, progress)

    monkeypatch.setattr(heart, "beat", beat)
    explain.work(turns.waiting())
    assert not Path(f"/proc/{pids[0]}").exists()
    assert run.jobs.get(method="hang").state == State.CANCELLED
