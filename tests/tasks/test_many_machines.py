"""Two hosts that share PostgreSQL, Redis and a store; one is cut off in the middle of a run."""

from __future__ import annotations

import time

import pytest

from tests.tasks.hosts import SECRETS, Cluster, Hosts, Network, can_have_hosts, programs
from tests.tasks.installation import (
    METHODS,
    make_files,
    numbers,
    over,
    reaping,
    recipe,
    wait_for,
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(programs() is None, reason="PostgreSQL is not installed"),
    pytest.mark.skipif(not can_have_hosts(), reason="needs root and network namespaces"),
]
PATIENCE = 180


@pytest.fixture
def network():
    made = Network()
    yield made
    made.remove()


@pytest.fixture
def cluster(network):
    made = Cluster(network.on("core"), "0.0.0.0")
    made.start()
    made.create()
    yield made
    made.remove()


@pytest.fixture
def hosts(tmp_path, monkeypatch, settings, django_db_blocker, network, cluster):
    """The three shared parts on the core; this test is the website there."""
    from django.contrib.auth import get_user_model
    from django.core.management import call_command
    from django.db import connections
    from django.db.utils import load_backend

    from tasks import bells
    from xai.environment import shared_store

    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    settings.DATA_DIR = tmp_path / "site"
    settings.DATA_DIR.mkdir()
    before = connections["default"]
    words = {**before.settings_dict, "OPTIONS": {}, **cluster.settings()}
    fresh = load_backend(words["ENGINE"]).DatabaseWrapper(words, "default")
    connections["default"] = fresh
    with django_db_blocker.unblock(), network.inside("core"):
        call_command("migrate", verbosity=0)
        here = Hosts(tmp_path, network, cluster)
        here.owner = get_user_model().objects.create_user("alice")
        monkeypatch.setattr(bells, "_send", here.send)
        monkeypatch.setattr(bells, "waiting", lambda *_: 0)
        here.start_broker()
        here.start_store()
        settings.STORAGES = {**settings.STORAGES, "shared": shared_store(here.storage("a"))}
        wait_for(lambda: _bucket(here), 30, "the store")
        yield here
        here.stop()
        fresh.close()
    connections["default"] = before


@pytest.fixture
def submit(hosts, monkeypatch, tmp_path):
    """Inspect model and data on a host, then return a maker of runs with short shards."""
    from tasks import queue
    from xai.runner import plan
    from xai.web import shelf

    (folder := tmp_path / "made").mkdir()
    make_files(folder)
    model, data = (
        hosts.upload("model", folder / "model.json"),
        hosts.upload("dataset", folder / "data.csv"),
    )
    hosts.start_worker_on("a")
    for upload in (model, data):
        shelf.keep_upload(upload.sha256, shelf.stored(upload.sha256))
        queue.begin_inspection(upload)
    for upload in (model, data):
        wait_for(lambda: upload.refresh_from_db() or upload.is_over, 90, upload.name, reaping())  # noqa: B023
        assert upload.state == "ready", upload.refusal
    monkeypatch.setattr(plan, "SHARD_SECONDS", 2.0)
    return lambda: queue.submit(hosts.owner, recipe(model, data, *METHODS), model, data)


def test_a_host_that_is_cut_off_costs_nothing_but_time(hosts, submit, network):
    calm = submit()
    wait_for(over(calm), PATIENCE, "the undisturbed run", reaping())
    expected = _numbers(calm)
    _forget(hosts)

    hosts.start_worker_on("b")
    run = submit()
    wait_for(_are_both_busy(run), PATIENCE, "both hosts at work", reaping())
    network.pull("b")
    cut = time.monotonic()
    wait_for(over(run), PATIENCE, "the run with one host", reaping())
    took = time.monotonic() - cut
    network.plug("b")
    attempts = list(_shards(run).values_list("attempts", flat=True))
    assert run.state == "done", [(job.method, job.state, job.error) for job in run.jobs.all()]
    assert max(attempts) <= 2
    assert sum(attempts) - len(attempts) <= 1
    assert took < 120
    # The host that comes back finds its shard done by another, and changes nothing.
    time.sleep(10)
    assert list(_shards(run).values_list("attempts", flat=True)) == attempts
    assert _numbers(run) == expected


def _bucket(hosts):
    import boto3
    from botocore.exceptions import BotoCoreError

    address = f"http://{hosts.network.core_of('a')}:5000"
    try:
        client = boto3.client("s3", endpoint_url=address, region_name="us-east-1")
        client.create_bucket(Bucket="parallax")
    except BotoCoreError:
        return False
    return True


def _shards(run):
    from xai.web.models import Shard

    return Shard.objects.filter(job__run=run).order_by("pk")


def _are_both_busy(run):
    return lambda: _shards(run).filter(state="running", progress__gt=0).count() == 2


def _numbers(run):
    """Fetch every result from the store, as the website does, and read it."""
    from xai.web import shelf

    return numbers(*(shelf.results(job.result) for job in run.jobs.filter(state="done")))


def _forget(hosts):
    """Forget the results everywhere: on the hosts, on the site, in the store."""
    import shutil

    from xai.web import removal
    from xai.web.models import Run

    for run in Run.objects.all():
        removal.remove(run)
    for host in ("a", "b", "site"):
        shutil.rmtree(hosts.folder / host / "results", ignore_errors=True)
