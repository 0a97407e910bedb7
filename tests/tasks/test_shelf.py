"""Several machines and one store: each has a folder of its own, and finds what another kept."""

from __future__ import annotations

import hashlib
import os
import shutil
import time

import pytest
from django.core.files.storage import storages

from tasks import housekeeping, states
from xai.environment import shared_store
from xai.errors import XaiError
from xai.web import files, shelf, uploads
from xai.web.models import Job, Upload
from xai.web.models.runs import State

CONTENT = b"age,label\n39,no\n51,yes\n"
SHA = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture(scope="module")
def server():
    """A store that speaks S3, on this machine."""
    moto = pytest.importorskip("moto.server")
    served = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    served.start()
    host, port = served.get_host_and_port()
    yield f"http://{host}:{port}"
    served.stop()


@pytest.fixture
def store(server, data_dir, settings, monkeypatch):
    """Settings as on one of several machines; the bucket is new."""
    import boto3

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "parallax")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "only for tests")
    bucket = f"b{time.monotonic_ns()}"
    boto3.client("s3", endpoint_url=server, region_name="us-east-1").create_bucket(Bucket=bucket)
    address = f"s3://{bucket}/here?endpoint={server}&region=us-east-1"
    settings.STORAGES = {**settings.STORAGES, "shared": shared_store(address)}
    return storages["shared"]


@pytest.fixture
def away(store, settings):
    """The store after it has gone: nobody listens any more."""
    address = "s3://gone?endpoint=http://127.0.0.1:9&region=us-east-1"
    settings.STORAGES = {**settings.STORAGES, "shared": shared_store(address)}


@pytest.fixture
def elsewhere(settings, tmp_path):
    """Go to another machine: a data folder with nothing in it."""

    def go(name="elsewhere"):
        settings.DATA_DIR = tmp_path / name
        settings.DATA_DIR.mkdir(exist_ok=True)

    return go


def kept(store, folder="files"):
    found, names = store.listdir(folder)
    return [*names, *(f"{one}/{name}" for one in found for name in kept(store, f"{folder}/{one}"))]


@pytest.fixture
def complete(alice):
    def send(content=CONTENT):
        upload = uploads.begin(alice, "people.csv", len(content), "dataset")
        files.part(upload.pk).write_bytes(content)
        Upload.objects.filter(pk=upload.pk).update(received=len(content))
        upload.refresh_from_db()
        return uploads.complete(upload)

    return send


def test_one_machine_needs_no_store(data_dir):
    assert not shelf.is_shared()
    assert not shelf.stored(SHA).exists()
    assert not shelf.results("key").exists()


def test_an_upload_is_found_on_every_machine(store, complete, elsewhere):
    complete()
    elsewhere()
    assert shelf.stored(SHA).read_bytes() == CONTENT
    assert (shelf.stored(SHA).stat().st_mode & 0o777) == 0o400


def test_bytes_that_changed_in_the_store_are_not_used(store, complete, elsewhere):
    from django.core.files.base import ContentFile

    complete()
    store.save(f"files/{SHA[:2]}/{SHA}", ContentFile(b"other bytes"))
    elsewhere()
    with pytest.raises(XaiError, match="gone"):
        shelf.stored(SHA)
    assert not files.stored(SHA).exists()
    assert not list(files.folder("scratch").iterdir())


def test_the_last_owner_of_the_bytes_takes_them_along(store, complete, elsewhere):
    first, second = complete(), complete()
    uploads.delete(first)
    assert kept(store) == [f"{SHA[:2]}/{SHA}"]
    uploads.delete(second)
    assert kept(store) == []


def test_an_upload_waits_for_a_store_that_is_away(away, complete):
    with pytest.raises(uploads.UploadError, match="does not answer") as refused:
        complete()
    assert refused.value.status == 503
    upload = Upload.objects.get()
    assert (upload.state, upload.received) == (Upload.State.UPLOADING, len(CONTENT))
    assert files.part(upload.pk).read_bytes() == CONTENT


def test_parts_of_two_machines_are_merged_on_a_third(
    store, elsewhere, submit, alice, session, data_dir
):
    run = submit(alice)
    for turn in range(12):
        elsewhere(f"machine{turn}")
        if not (shard := _next(run)):
            break
        _compute(shard)
    run.refresh_from_db()
    assert run.state == State.DONE
    elsewhere("site")
    for job in run.jobs.all():
        assert shelf.is_merged(job.result)
        assert (shelf.results(job.result) / "job.json").exists()
    # Merged parts are gone; what is left is one whole folder of each job.
    assert sorted(kept(store, "results")) == sorted(f"{j.result}/whole.tar" for j in run.jobs.all())


def test_a_shard_is_given_back_while_the_store_is_away(away, submit, alice, session):
    from tasks import explain

    run = submit(alice)
    shard = _next(run)
    explain.compute(states.claim(shard.pk))
    shard.refresh_from_db()
    assert (shard.state, shard.attempts) == (State.QUEUED, 0)


def test_an_inspection_is_given_back_while_the_store_is_away(away, alice, data_dir):
    from tasks import inspect

    upload = Upload.objects.create(
        owner=alice, name="people.csv", size=len(CONTENT), purpose="dataset", sha256=SHA,
        received=len(CONTENT), state=Upload.State.CHECKING,
    )  # fmt: skip
    inspect.inspect(str(upload.pk))
    upload.refresh_from_db()
    assert (upload.state, upload.attempts, upload.token) == (Upload.State.CHECKING, 0, "")


def test_a_page_says_that_the_store_is_away(away, client, alice, server_mode, submit):
    run = submit(alice)
    Job.objects.filter(run=run).update(state=State.DONE, result="key")
    client.force_login(alice)
    answer = client.get(f"/runs/{run.pk}/overview/")
    assert answer.status_code == 503
    assert "does not answer" in answer.content.decode()


def test_removing_a_run_empties_the_store(store, submit, alice, session, drain):
    from xai.web.removal import remove

    run = submit(alice)
    drain()
    assert kept(store, "results")
    remove(run)
    assert kept(store, "results") == []


def test_copies_that_nobody_uses_leave_this_machine_only(store, complete, elsewhere):
    complete()
    path = files.stored(SHA)
    long_ago = time.time() - housekeeping.UNUSED.total_seconds() - 60
    os.utime(path, (long_ago, long_ago))
    housekeeping.sweep()
    assert not path.exists()
    assert shelf.stored(SHA).read_bytes() == CONTENT


def test_the_sweep_drops_from_the_store_what_no_row_names(store, complete, monkeypatch):
    from datetime import timedelta

    complete()
    shutil.rmtree(files.folder("files"))
    (files.results("orphan")).mkdir(parents=True)
    (files.results("orphan") / "job.json").write_text("{}")
    shelf.keep_results("orphan")
    monkeypatch.setattr(housekeeping, "FORGOTTEN", timedelta(seconds=-60))
    Upload.objects.all().delete()
    housekeeping.sweep()
    assert kept(store) == []
    assert kept(store, "results") == []


def _next(run):
    from xai.web.models import Shard

    return Shard.objects.filter(job__run=run, state=State.QUEUED).order_by("pk").first()


def _compute(shard):
    from tasks import explain

    explain.compute(states.claim(shard.pk))
