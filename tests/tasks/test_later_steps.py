"""Agreement and faithfulness wait for the methods, and look at those that succeeded."""

from __future__ import annotations

import pytest

from tasks import queue
from tests.tasks.conftest import job_plan
from xai.errors import ModelCrashed
from xai.vocabulary import Recipe
from xai.web.models.runs import State


@pytest.fixture
def given(monkeypatch, plans):
    """Let the run be measured too; return what each shard was given."""
    from xai.runner import faithfulness

    seen = []

    def give(folders, start, stop):
        seen.append((sorted(folders), start, stop))

    plans.append(job_plan("faithfulness", shards=2))
    monkeypatch.setattr(faithfulness, "given", give)
    monkeypatch.setattr(
        faithfulness, "narrowed", lambda recipe, folders: Recipe("m", "d", (), rows="0:20")
    )
    return seen


@pytest.fixture
def run(given, submit, alice):
    return submit(alice)


def step(run):
    return run.jobs.get(role="faithfulness")


def crash():
    raise ModelCrashed("It crashed.")


def test_it_waits_for_the_methods(run, session, drain, given):
    assert step(run).state == State.WAITING
    assert {shard.state for shard in step(run).shards.all()} == {State.WAITING}
    drain()
    run.refresh_from_db()
    assert (run.state, step(run).state) == (State.DONE, State.DONE)
    assert [(start, stop) for _, start, stop in given] == [(0, 10), (10, 20)]
    assert given[0][0] == ["lime", "occlusion", "predictions"]


def test_it_looks_at_the_methods_that_succeeded(run, session, drain, given):
    session.misbehave["lime"] = crash
    drain()
    assert step(run).state == State.DONE
    assert given[0][0] == ["occlusion", "predictions"]
    assert run.jobs.get(role="agreement").state == State.CANCELLED


def test_without_any_method_there_is_nothing_to_measure(run, session, drain):
    session.misbehave |= {"lime": crash, "occlusion": crash}
    drain()
    run.refresh_from_db()
    assert (run.state, step(run).state) == (State.FAILED, State.CANCELLED)
    assert not step(run).error


def test_a_method_that_succeeds_later_is_measured_too(run, session, drain, given):
    session.misbehave["lime"] = crash
    drain()
    before = step(run).key
    session.misbehave.clear()
    queue.retry(run)
    drain()
    run.refresh_from_db()
    assert (run.state, step(run).state) == (State.DONE, State.DONE)
    assert step(run).key != before
    assert given[-1][0] == ["lime", "occlusion", "predictions"]


def test_a_measurement_that_fails_leaves_the_methods(run, session, drain):
    session.misbehave["faithfulness"] = crash
    drain()
    run.refresh_from_db()
    assert (run.state, step(run).error) == (State.PARTIAL, "It crashed.")
    assert run.jobs.get(role="agreement").state == State.DONE


def test_the_same_measurement_is_linked(run, session, drain, given, submit, alice):
    drain()
    count = len(given)
    again = submit(alice)
    drain()
    assert step(again).reused
    assert len(given) == count
