"""Workers and brokers are killed at the worst moment; the run ends whole, and equal."""

from __future__ import annotations

import shutil
import time

import pytest

from tests.tasks.installation import (
    METHODS,
    Installation,
    is_computing,
    make_files,
    numbers,
    over,
    reaping,
    recipe,
    wait_for,
)

pytestmark = pytest.mark.slow
PATIENCE = 120


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A regression of twelve columns, slow enough to be interrupted, and its data."""
    return make_files(tmp_path_factory.mktemp("made"))


@pytest.fixture
def house(tmp_path, monkeypatch, settings, django_db_blocker):
    """An installation with a broker and a database of its own; workers are the test's to start."""
    from django.contrib.auth import get_user_model
    from django.core.management import call_command
    from django.db import connections

    from tasks import bells

    settings.DATA_DIR = tmp_path
    before = connections["default"]
    fresh = before.copy()
    fresh.settings_dict.update(NAME=str(tmp_path / "db.sqlite3"))
    connections["default"] = fresh
    with django_db_blocker.unblock():
        call_command("migrate", verbosity=0)
        here = Installation(tmp_path, get_user_model().objects.create_user("alice"))
        monkeypatch.setattr(bells, "_send", here.send)
        monkeypatch.setattr(bells, "waiting", lambda *_: 0)
        here.start_broker()
        yield here
        here.stop()
        fresh.close()
    connections["default"] = before


@pytest.fixture
def inspected(house, made):
    """Model and data, inspected by a worker in the jail."""
    from tasks import queue

    house.start_worker()
    found = [house.upload("model", made / "model.json"), house.upload("dataset", made / "data.csv")]
    for upload in found:
        queue.begin_inspection(upload)
    for upload in found:
        wait_for(lambda: upload.refresh_from_db() or upload.is_over, 60, upload.name)  # noqa: B023
        assert upload.state == "ready", upload.refusal
    return found


@pytest.fixture
def submit(house, inspected, monkeypatch):
    """Return a maker of runs with shards of some seconds: time enough to meet one half done."""
    from tasks import queue
    from xai.runner import plan

    monkeypatch.setattr(plan, "SHARD_SECONDS", 2.0)
    model, data = inspected
    return lambda: queue.submit(house.owner, recipe(model, data, *METHODS), model, data)


def results(house):
    """Return the numbers of every result, then forget them all."""
    from xai.web.models import Run

    found = numbers(*(house.folder / "results").iterdir())
    shutil.rmtree(house.folder / "results")
    Run.objects.all().delete()
    return found


def assert_whole(run, killed):
    """The run is done, each job once, and at most the killed shards were computed twice."""
    from xai.web.models import Shard

    assert run.state == "done", [(job.method, job.state, job.error) for job in run.jobs.all()]
    attempts = Shard.objects.filter(job__run=run).values_list("attempts", flat=True)
    assert max(attempts) <= 2
    assert sum(attempts) - len(attempts) <= killed


def test_a_worker_killed_in_the_middle_of_a_shard_costs_nothing_but_time(house, submit):
    calm = submit()
    wait_for(over(calm), PATIENCE, "the undisturbed run")
    assert_whole(calm, killed=0)
    expected = results(house)
    assert ("method:lime", "attributions.parquet") in expected

    run = submit()
    assert run.jobs.get(role="method", method="lime").shards.count() >= 3
    wait_for(is_computing(run, "lime"), PATIENCE, "a shard half done")
    house.kill(house.workers[0])
    killed = time.monotonic()
    house.start_worker()
    wait_for(over(run), PATIENCE, "the run with a killed worker", reaping())
    assert time.monotonic() - killed < 60
    assert_whole(run, killed=1)
    assert results(house) == expected


def test_a_broker_that_forgets_everything_costs_nothing_but_time(house, submit):
    import redis

    house.start_worker()
    run = submit()
    wait_for(is_computing(run, "lime"), PATIENCE, "a shard half done")
    redis.Redis(unix_socket_path=str(house.socket)).flushall()
    wait_for(over(run), PATIENCE, "the run without its messages", reaping())
    assert_whole(run, killed=0)


def test_a_killed_broker_is_found_again(house, submit):
    house.start_worker()
    run = submit()
    wait_for(is_computing(run, "lime"), PATIENCE, "a shard half done")
    house.kill(house.server)
    shutil.rmtree(house.folder / "redis" / "appendonlydir")
    time.sleep(2)
    house.start_broker()
    wait_for(over(run), PATIENCE, "the run with a killed broker", reaping())
    assert_whole(run, killed=0)
    again = submit()
    wait_for(over(again), PATIENCE, "the run after it", reaping())
    assert {job.role: job.reused for job in again.jobs.all()} == dict.fromkeys(
        ("predictions", "method", "self", "strategies", "agreement", "faithfulness"), True
    )


def test_a_run_is_cancelled_within_seconds(house, submit, monkeypatch):
    from tasks import queue
    from xai.runner import plan

    # One long shard: a child whose shard ended in time would rightly live on.
    monkeypatch.setattr(plan, "SHARD_SECONDS", 1000.0)
    run = submit()
    shard = wait_for(is_computing(run, "lime"), PATIENCE, "a shard half done")
    queue.cancel(run)
    assert run.state == "cancelled"
    worker = house.workers[0].pid
    wait_for(lambda: not children_of(worker), 10, "the end of the child")
    assert not list(shard.job.shards.filter(state="done", index=shard.index))


def children_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as file:  # noqa: PTH123
        return file.read().split()


def test_a_worker_told_to_end_gives_its_shard_back_at_once(house, submit):
    run = submit()
    wait_for(is_computing(run, "lime"), PATIENCE, "a shard half done")
    house.workers[0].terminate()
    began = time.monotonic()
    assert house.workers[0].wait(timeout=10) == 0
    assert time.monotonic() - began < 5
    run.refresh_from_db()
    assert not run.jobs.filter(shards__state="running").exists()
    house.start_worker()
    wait_for(over(run), PATIENCE, "the run", reaping())
    assert_whole(run, killed=0)
