"""A whole installation in a folder of its own: real broker, real workers, real jail."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from tasks import broker
from tasks.celery import app
from xai.vocabulary import MethodChoice, Recipe
from xai.web import files
from xai.web.models import Shard, Upload

ROOT = Path(__file__).resolve().parents[2]
WORKER = (
    "celery --app tasks.celery worker --pool solo --queues inspect,work --loglevel WARNING "
    "--without-gossip --without-mingle --without-heartbeat"
)


METHODS = (("lime", {"samples": 3000}), ("occlusion", {}))
"""What `make_files` is explained by: some seconds of work in several shards."""


class Installation:
    """Starts and kills the parts; the test itself plays the website."""

    def __init__(self, folder: Path, owner=None) -> None:
        self.folder, self.owner = folder, owner
        self.socket = folder / "redis" / "redis.sock"
        broker.private_folder(folder / "redis")
        self.broker = broker.choose(folder / "redis")
        self.environment = {
            **os.environ,
            "PARALLAX_DATA": str(folder),
            "DJANGO_SETTINGS_MODULE": "xai.settings",
            "REDIS_URL": self.url,
            "LOG_LEVEL": "INFO",
        }
        self.workers: list[subprocess.Popen] = []
        self.server: subprocess.Popen | None = None

    @property
    def url(self) -> str:
        return f"redis+socket://{self.socket}"

    def popen(self, command, log):
        with (self.folder / f"{log}.log").open("ab") as output:
            return subprocess.Popen(
                command, cwd=ROOT, env=self.environment, stdout=output, stderr=subprocess.STDOUT
            )

    def start_broker(self):
        command = self.broker.command(self.socket, self.folder / "redis")
        self.server = self.popen(command, "broker")
        wait_for(self.socket.exists, 10, "the broker's socket")

    def start_worker(self, **environment):
        self.environment.update(environment)
        self.workers.append(
            self.popen([sys.executable, "-m", *WORKER.split()], f"worker{len(self.workers)}")
        )

    def kill(self, process):
        process.send_signal(signal.SIGKILL)
        process.wait()

    def stop(self):
        for process in [*self.workers, self.server]:
            if process is not None and process.poll() is None:
                self.kill(process)

    def send(self, task, queue, arguments):
        """Ring over a connection of the test's own."""
        with app.connection_for_write(self.url) as connection:
            for argument in arguments:
                app.send_task(task, args=[argument], queue=queue, connection=connection)

    def upload(self, purpose, path, facts=None):
        content = path.read_bytes()
        sha = hashlib.sha256(content).hexdigest()
        stored = files.stored(sha)
        if not stored.exists():
            stored.parent.mkdir(parents=True, exist_ok=True)
            stored.write_bytes(content)
        return Upload.objects.create(
            owner=self.owner, purpose=purpose, name=path.name, size=len(content), sha256=sha,
            received=len(content), state="ready" if facts else "checking", facts=facts or {},
        )  # fmt: skip


def wait_for(answer, seconds, what, meanwhile=lambda: None):
    """Ask again and again; fail with `what` after so many seconds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := answer():
            return found
        meanwhile()
        time.sleep(0.1)
    raise AssertionError(f"{what}: not within {seconds} s")


def over(run):
    def answer():
        run.refresh_from_db()
        return run.is_over

    return answer


def is_computing(run, method):
    """Whether a worker is in the middle of a shard of this method."""
    return lambda: (
        Shard.objects.filter(job__run=run, job__method=method, state="running", progress__gt=0)
        .order_by("-index")
        .first()
    )


def recipe(model, data, *methods, rows="all", **choices):
    chosen = tuple(MethodChoice(slug, params) for slug, params in methods)
    return Recipe(model.sha256, data.sha256, chosen, rows=rows, **choices)


def make_files(folder):
    """Write a regression of twelve columns, slow enough to be interrupted, and its data."""
    import pandas as pd
    import xgboost

    draw = np.random.default_rng(0)
    frame = pd.DataFrame(draw.normal(size=(1500, 12)), columns=[f"c{i}" for i in range(12)])
    truth = frame["c0"] * frame["c1"] + np.sin(frame["c2"]) + draw.normal(size=1500) / 10
    xgboost.XGBRegressor(n_estimators=150, max_depth=5, n_jobs=1).fit(frame, truth).save_model(
        folder / "model.json"
    )
    frame.to_csv(folder / "data.csv", index=False)
    return folder


def reaping():
    """Keep house as the housekeeping process does, but from the test."""
    from tasks import housekeeping

    last = time.monotonic()

    def meanwhile():
        nonlocal last
        if time.monotonic() - last > housekeeping.REAP_SECONDS:
            last = time.monotonic()
            housekeeping.reap()

    return meanwhile


def numbers(*folders):
    """Return the numbers of every result in these folders."""
    import pyarrow.parquet as pq

    found = {}
    for path in sorted(path for folder in folders for path in folder.glob("*.parquet")):
        job = json.loads((path.parent / "job.json").read_text())
        name = f"{job['role']}:{job['method']}"
        found[name, path.name] = pq.read_table(path).to_pylist()
    return found
