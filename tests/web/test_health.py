"""Lives, can work, what it does: for probes and for Prometheus, and for nobody else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils.timezone import now
from prometheus_client.parser import text_string_to_metric_families

from xai.web import health
from xai.web.models import Worker


@pytest.fixture
def beating(db):
    """Return a worker and housekeeping that were seen just now."""
    fixed = {"host": "here", "pid": 1, "started": now(), "seen": now()}
    Worker.objects.create(kind="housekeeping", name="housekeeping", **fixed)
    counts = {"shards": 4, "seconds": 10.0, "evaluations": 2_000, "rate": 50.0}
    return Worker.objects.create(kind="worker", name="worker1", **fixed, **counts)


@pytest.fixture
def broker(monkeypatch):
    monkeypatch.setattr(health.bells, "depths", lambda: {"inspect": 0, "work": 3})


def values(page):
    families = text_string_to_metric_families(page.content.decode())
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in families
        for sample in family.samples
    }


def test_a_process_that_answers_lives_even_without_its_database(client, django_db_blocker):
    with django_db_blocker.block():
        answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")
    assert "no-store" in answer.headers["Cache-Control"]


def test_it_is_ready_when_every_part_can_be_used(client, data_dir, beating, broker):
    answer = client.get("/readyz")
    assert answer.status_code == 200
    told = answer.json()
    assert told["ready"]
    assert set(told["checks"]) == {"database", "storage", "broker", "workers"}
    assert "messages: 0 in inspect, 3 in work" in told["checks"]["broker"]


def test_a_silent_worker_is_missed_but_pages_can_be_shown(client, data_dir, beating, broker):
    Worker.objects.update(seen=now() - timedelta(seconds=60))
    assert client.get("/readyz").status_code == 503
    assert "No worker" in client.get("/readyz").json()["checks"]["workers"]
    assert client.get("/readyz?of=pages").status_code == 200


def test_workers_without_housekeeping_are_not_enough(client, data_dir, beating, broker):
    Worker.objects.filter(kind="housekeeping").delete()
    assert "no housekeeping" in client.get("/readyz").json()["checks"]["workers"]


def test_a_broker_that_does_not_answer_is_told(client, data_dir, beating, monkeypatch):
    monkeypatch.setattr(health.bells, "depths", lambda: None)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["broker"] == "The broker does not answer."


def test_a_data_folder_that_cannot_be_written_or_is_full_is_told(data_dir, settings):
    (data_dir / "scratch").write_text("a file in the place of a folder")
    with pytest.raises(FileExistsError):
        health.files.folder("scratch")
    assert not health.storage().is_well
    (data_dir / "scratch").unlink()
    assert health.storage().is_well
    settings.DISK_FLOOR = 2**62
    assert "uploads are refused" in health.storage().sentence


def test_a_shared_store_that_is_away_is_told(data_dir, monkeypatch):
    def away(_key):
        raise health.shelf.Away(health.shelf.AWAY)

    monkeypatch.setattr(health.shelf, "is_shared", lambda: True)
    monkeypatch.setattr(health.shelf, "is_merged", away)
    found = health.storage()
    assert (found.is_well, found.sentence) == (False, health.shelf.AWAY)


def test_a_database_of_an_older_version_is_told(db):
    from django.db.migrations.recorder import MigrationRecorder

    assert health.database().is_well
    MigrationRecorder.Migration.objects.filter(app="web").order_by("-name").first().delete()
    assert "1 migrations are not applied" in health.database().sentence


def test_metrics_count_queue_shards_and_workers(client, data_dir, beating, broker, alice, make_run):
    make_run(alice, state="queued", methods=("shapley", "lime"))
    make_run(alice, state="done")
    found = values(client.get("/metrics"))
    assert found["parallax_queue_length",] == 2
    assert found["parallax_queue_evaluations",] == 2000
    assert found["parallax_shards", "queued"] == 2
    assert found["parallax_shards", "failed"] == 0
    assert found["parallax_runs", "done"] == 1
    assert found["parallax_broker_messages", "work"] == 3
    assert found["parallax_shard_seconds_sum", "here", "worker1"] == 10.0
    assert found["parallax_shard_seconds_count", "here", "worker1"] == 4
    assert found["parallax_evaluations_total", "here", "worker1"] == 2000
    assert found["parallax_evaluations_per_second", "here", "worker1"] == 50.0
    assert found["parallax_workers", "worker"] == 1


ASKED = [
    ("127.0.0.1", {}, False, 200),
    ("10.0.0.7", {}, False, 401),
    ("", {}, False, 401),
    ("127.0.0.1", {"X-Forwarded-For": "10.0.0.7"}, False, 401),
    ("127.0.0.1", {}, True, 401),
    ("10.0.0.7", {"Authorization": "Bearer open sesame"}, True, 200),
    ("10.0.0.7", {"Authorization": "Bearer other"}, False, 401),
    ("10.0.0.7", {"Authorization": "Bearer ünknown"}, False, 401),
]
"""Address, headers, whether a proxy is before it, answer."""


@pytest.mark.usefixtures("db", "data_dir", "broker")
@pytest.mark.parametrize("asked", ASKED)
def test_metrics_are_for_this_machine_or_a_token(client, server_mode, asked):
    address, headers, proxy, status = asked
    server_mode.METRICS_TOKEN, server_mode.BEHIND_PROXY = "open sesame", proxy
    answer = client.get("/metrics", REMOTE_ADDR=address, headers=headers)
    assert answer.status_code == status


def test_strangers_learn_no_details(client, data_dir, beating, broker, server_mode):
    told = client.get("/readyz", REMOTE_ADDR="10.0.0.7").json()
    assert set(told["checks"].values()) == {"ok"}
