"""A worker without a jail: runs with three shards per method, and a session that only counts."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from tasks import bells
from xai.runner.plan import JobPlan, ShardPlan

SEND = bells._send
"""The real one, for the tests of the bells themselves."""


@pytest.fixture(autouse=True)
def _calm(monkeypatch):
    """No beating thread, no timer, no message: nothing but the rows."""
    from tasks import heart, sessions, turns

    monkeypatch.setattr(heart, "BEAT_SECONDS", 1e6)
    monkeypatch.setattr(sessions, "_close_later", lambda: None)
    monkeypatch.setattr(turns, "_turn", (None, 0.0))
    monkeypatch.setattr(bells, "_send", lambda *message: None)
    yield
    sessions.close()


def job_plan(role, method="", shards=3, key=None):
    spans = tuple(ShardPlan(i * 10, i * 10 + 10, 100) for i in range(shards))
    key = key or f"{role}-{method or 'all'}"
    return JobPlan(role, method, {}, 0, key, 100 * shards, 1.0, spans)


@pytest.fixture
def plans(monkeypatch):
    """Two local methods with three shards each, between predictions and agreement."""
    from tasks import queue

    found = [
        job_plan("predictions", shards=1),
        job_plan("method", "lime"),
        job_plan("method", "occlusion"),
        job_plan("agreement", shards=1),
    ]
    monkeypatch.setattr(queue, "plan", lambda *_: tuple(found))
    return found


@pytest.fixture
def submit(plans, make_upload):
    """Return a maker of queued runs of the given owner."""
    from tasks import queue
    from xai.vocabulary import Recipe

    def ask(owner):
        model = make_upload(owner, content=b"the same model")
        data = make_upload(owner, "dataset", name="people.csv", content=b"the same data")
        return queue.submit(owner, Recipe(model.sha256, data.sha256, ()), model, data)

    return ask


class FakeSession:
    """Writes a part and counts; `misbehave` may raise, or interfere with the rows."""

    def __init__(self):
        self.computed, self.misbehave, self.is_closed = [], {}, False

    def compute(self, recipe, job, start, stop, target, *, given=None, on_progress, poll, wall_s):
        self.computed.append((job["role"], job["method"], start))
        on_progress(50, 100)
        if act := self.misbehave.get(job["method"] or job["role"]):
            act()
        poll()
        target.mkdir(parents=True)
        return {"evaluations": 100, "seconds": 0.5}

    def close(self):
        self.is_closed = True


@pytest.fixture
def session(monkeypatch, merging):
    """Put a fake session in the place of the jailed child."""
    from tasks import sessions
    from xai.web import files

    fake = FakeSession()
    monkeypatch.setattr(
        sessions, "_open", lambda key, run: sessions._Kept(key, fake, files.scratch())
    )
    return fake


@pytest.fixture
def merging(monkeypatch):
    """Put a merge and an agreement that only count in the place of the laboratory's."""
    from xai.runner import agreement, merge

    def fold(job, parts, target: Path):
        assert all(part.is_dir() for part in parts)
        return write(job, target, len(parts))

    def write(job, target, count):
        target.mkdir(parents=True, exist_ok=True)
        facts = {**job, "scope": "local", "evaluations": 100 * count, "seconds": 0.5 * count}
        (target / "job.json").write_text(json.dumps(facts))
        return facts

    monkeypatch.setattr(merge, "merge", fold)
    monkeypatch.setattr(agreement, "evaluate", lambda found, target, job: write(job, target, 0))


@pytest.fixture
def drain():
    """Answer bells until nothing waits, as a worker would; return how many bells it took."""
    from tasks import explain, turns

    def work():
        for rung in range(50):
            waiting = turns.waiting()
            if waiting is None:
                return rung
            explain.work(waiting)
        raise AssertionError("the work never ends")

    return work


@pytest.fixture
def at(monkeypatch):
    """Move the clock of the rows: `with at(20): ...` is twenty seconds later."""
    from datetime import timedelta

    from django.utils import timezone

    from tasks import housekeeping, inspections, queue, states, watch

    @contextmanager
    def later(seconds):
        with monkeypatch.context() as patch:
            shifted = lambda: timezone.now() + timedelta(seconds=seconds)  # noqa: E731
            for module in (housekeeping, inspections, queue, states):
                if hasattr(module, "now"):
                    patch.setattr(module, "now", shifted)
            patch.setattr(watch, "clock", lambda: time.monotonic() + seconds)
            yield

    return later
