"""Backup, restore, upgrade and doctor, as an operator types them."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.tasks import hosts
from tests.tasks.installation import ROOT
from tests.tasks.started import free_port

FIRST = Path(__file__).resolve().parents[1] / "web" / "first_release.sql"
"""A database of the first release with a model, a dataset and a failed run."""
LOOK = """
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "xai.settings"
import django; django.setup()
from django.test import Client
from xai.web.models import Run
run = Run.objects.get()
client = Client(SERVER_NAME="localhost")
pages = ["/", "/runs/", f"/runs/{run.pk}/", "/models/", f"/uploads/{run.model_id}/"]
print([client.get(page).status_code for page in pages])
print(run.recipe.methods[0].slug, run.jobs.get().error, run.jobs.get().shards.get().stop)
"""
FILL = """
import hashlib, os
os.environ["DJANGO_SETTINGS_MODULE"] = "xai.settings"
import django; django.setup()
from xai.web import files
from xai.web.models import Job, Run, Upload
run = Run.objects.get()
for upload in (run.model, run.dataset):
    content = upload.name.encode()
    upload.sha256, upload.size = hashlib.sha256(content).hexdigest(), len(content)
    upload.save()
    path = files.stored(upload.sha256)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
folder = files.results("c" * 64)
(folder / "parts" / "0-x").mkdir(parents=True)
(folder / "parts" / "0-x" / "part.npy").write_bytes(b"half")
(folder / "job.json").write_text("{}")
Job.objects.update(state="done", result="c" * 64)
"""


def run(data, *command, check=True, **environment):
    kept = {k: v for k, v in os.environ.items() if k not in {"REDIS_URL", "SECRET_KEY"}}
    kept |= {"PARALLAX_DATA": str(data), "DJANGO_SETTINGS_MODULE": "xai.settings"}
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=check,
        env=kept | environment,
    )  # fmt: skip


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """Return a data folder of the first release, brought up to date."""
    data = tmp_path_factory.mktemp("first")
    with closing(sqlite3.connect(data / "db.sqlite3")) as database:
        database.executescript(FIRST.read_text("utf-8"))
    run(data, "manage.py", "migrate", "--verbosity", "0")
    return data


def shape(path):
    """Return the columns and indexes of every table."""
    with closing(sqlite3.connect(path)) as database:
        tables = [row[0] for row in database.execute("SELECT name FROM sqlite_master")]
        return {
            table: (
                sorted(row[1:4] for row in database.execute(f"PRAGMA table_info('{table}')")),
                sorted(row[1:3] for row in database.execute(f"PRAGMA index_list('{table}')")),
            )
            for table in tables
        }


def test_a_database_of_the_first_release_is_upgraded(first, tmp_path):
    statuses, facts = run(first, "-c", LOOK).stdout.splitlines()
    assert statuses == "[200, 200, 200, 200, 200]"
    assert facts == "shapley It stopped. 10"
    run(tmp_path, "manage.py", "migrate", "--verbosity", "0")
    assert shape(first / "db.sqlite3") == shape(tmp_path / "db.sqlite3")


def test_what_was_backed_up_is_restored(first, tmp_path):
    run(first, "-c", FILL)
    (first / "secret_key").write_text("a secret")
    made = run(first, "manage.py", "backup", str(tmp_path / "kept"))
    assert "1 explanations, 2 uploads, 3 files" in made.stdout
    manifest = json.loads((tmp_path / "kept" / "manifest.json").read_text())
    assert (manifest["database"], manifest["store"]) == ("db.sqlite3", "copied")
    assert not list((tmp_path / "kept").rglob("part.npy"))
    again = run(first, "manage.py", "backup", str(tmp_path / "kept"), check=False)
    assert (again.returncode, "is not empty" in again.stderr) == (2, True)

    fresh = tmp_path / "fresh"
    told = run(fresh, "manage.py", "restore", str(tmp_path / "kept"))
    assert "Restored 1 explanations and 2 uploads" in told.stdout
    statuses, _ = run(fresh, "-c", LOOK).stdout.splitlines()
    assert statuses == "[200, 200, 200, 200, 200]"
    assert (fresh / "secret_key").read_text() == "a secret"
    stored = {path.name: path.read_bytes() for path in (fresh / "files").glob("*/*")}
    assert stored == {path.name: path.read_bytes() for path in (first / "files").glob("*/*")}
    assert (fresh / "results" / ("c" * 64) / "job.json").exists()
    twice = run(fresh, "manage.py", "restore", str(tmp_path / "kept"), check=False)
    assert (twice.returncode, "holds an installation already" in twice.stderr) == (2, True)


KEEP = """
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "xai.settings"
import django; django.setup()
from xai.web.middleware import local_owner
from xai.web.models import Upload
Upload.objects.create(owner=local_owner(), purpose="model", name="kept", size=1, state="refused")
"""


@pytest.mark.slow
@pytest.mark.skipif(
    hosts.programs() is None or shutil.which("pg_dump") is None, reason="no PostgreSQL here"
)
def test_postgresql_is_backed_up_and_restored(tmp_path):
    cluster = hosts.Cluster(address="127.0.0.1", port=free_port())
    try:
        cluster.start()
        for name in ("parallax", "fresh"):
            cluster.create(name)
        old, new = cluster.url, cluster.url.removesuffix("parallax") + "fresh"
        here, there, kept = (tmp_path / name for name in ("here", "there", "kept"))
        run(here, "manage.py", "migrate", "--verbosity", "0", DATABASE_URL=old)
        run(here, "-c", KEEP, DATABASE_URL=old)
        run(here, "manage.py", "backup", str(kept), DATABASE_URL=old)
        told = run(there, "manage.py", "restore", str(kept), DATABASE_URL=new)
        assert "Restored 0 explanations and 1 uploads" in told.stdout
        ask = "from xai.web.models import Upload; print(Upload.objects.get().name)"
        assert "kept" in run(there, "manage.py", "shell", "-c", ask, DATABASE_URL=new).stdout
        full = run(tmp_path / "more", "manage.py", "restore", str(kept), check=False,
                   DATABASE_URL=new)  # fmt: skip
        assert (full.returncode, "is not empty" in full.stderr) == (2, True)
    finally:
        cluster.remove()


def test_half_a_backup_is_none(tmp_path):
    (tmp_path / "half").mkdir()
    told = run(tmp_path / "fresh", "manage.py", "restore", str(tmp_path / "half"), check=False)
    assert (told.returncode, "is no whole backup" in told.stderr) == (2, True)
    assert not (tmp_path / "fresh" / "db.sqlite3").exists()


@pytest.mark.slow
def test_the_doctor_says_what_works(first):
    told = run(first, "manage.py", "doctor", "--json", PARALLAX_DISK_FLOOR="0")
    found = {one["name"]: one for one in json.loads(told.stdout)}
    works = {name for name, one in found.items() if one["verdict"] == "ok"}
    assert works >= {
        "database", "storage", "folders", "CSV, JSON lines, Parquet", "pictures", "XGBoost",
        "LightGBM", "scikit-learn (skops)", "ONNX", "Hugging Face folders", "CPU",
    }  # fmt: skip
    assert "attempts blocked" in found["jail"]["sentence"]
    assert found["workers"]["verdict"] == "note"


def test_the_doctor_finds_what_is_broken(tmp_path, monkeypatch, settings, db):
    from tasks import doctor

    monkeypatch.setattr(doctor, "_PARTS", {"parts": doctor._parts, "folders": doctor._folders})
    settings.DATA_DIR = tmp_path / "data"
    settings.DATA_DIR.mkdir()
    (settings.DATA_DIR / "results").write_text("a file in the place of a folder")
    found = [one for one in doctor.examine() if one.verdict == "broken"]
    assert [one.part for one in found] == ["folders"]
    assert "results" in found[0].sentence
