"""A whole installation that is treated badly: its parts as processes, its faults by name.

The caller's own Django looks at the same database; `benchmarks/faults.py` counts with it, the tests
ask for no more than a few of each.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

from tests.tasks.disks import SmallDisk
from tests.tasks.installation import (
    METHODS,
    Installation,
    make_files,
    numbers,
    over,
    recipe,
    wait_for,
)
from xai.web.models import Run, Shard
from xai.web.models.runs import OVER

PATIENCE = 400
SITE = (
    "gunicorn xai.wsgi:application --worker-class gthread --threads 4 --no-control-socket "
    "--timeout 60 --log-level warning"
)
FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")


class House(Installation):
    """Broker, workers, housekeeping, site."""

    def __init__(self, folder: Path, owner=None, database: str = "") -> None:
        super().__init__(folder, owner)
        if database:
            self.environment["DATABASE_URL"] = database
        self.housekeeper: subprocess.Popen | None = None
        self.site: subprocess.Popen | None = None
        self.made: tuple | None = None
        self.expected: dict = {}
        self.disk: SmallDisk | None = None
        self.revived = 0
        self.frozen: dict = {}

    def start(self, workers=2):
        self.start_broker()
        for _ in range(workers):
            self.start_worker()
        command = [sys.executable, "manage.py", "housekeeping"]
        self.housekeeper = self.popen(command, "housekeeping")

    def start_site(self, port):
        # A session of its own, as the supervisor gives it: master and worker end together.
        command = ["setsid", sys.executable, "-m", *SITE.split(), "--bind", f"127.0.0.1:{port}"]
        self.site = self.popen(command, "site")

    def kill_the_site(self):
        os.killpg(self.site.pid, signal.SIGKILL)
        self.site.wait()

    def stop(self):
        if self.site is not None and self.site.poll() is None:
            self.kill_the_site()
        if self.housekeeper is not None and self.housekeeper.poll() is None:
            self.kill(self.housekeeper)
        super().stop()

    def inspect(self, *paths):
        """Upload files of the test's own, the model first, and have them inspected."""
        from tasks import queue

        purposes = ("model", "dataset")
        found = [self.upload(p, path) for p, path in zip(purposes, paths, strict=True)]
        for upload in found:
            queue.begin_inspection(upload)
        for upload in found:
            wait_for(lambda: upload.refresh_from_db() or upload.is_over, 90, upload.name)  # noqa: B023
            assert upload.state == "ready", upload.refusal
        return found

    def furnish(self):
        """Inspect a model and its data, and compute what an undisturbed run finds."""
        (folder := self.folder / "made").mkdir(exist_ok=True)
        make_files(folder)
        self.made = self.inspect(folder / "model.json", folder / "data.csv")
        run = self.submit()
        wait_for(over(run), PATIENCE, "the undisturbed run")
        self.expected = self.read(run)
        assert run.state == "done", [(job.method, job.error) for job in run.jobs.all()]
        return run

    def submit(self, *methods, model=None, data=None):
        """Ask for a run that nothing before it answers."""
        from tasks import queue
        from xai.runner import plan

        self.forget()
        plan.SHARD_SECONDS = 1.5
        model, data = model or self.made[0], data or self.made[1]
        asked = recipe(model, data, *(methods or METHODS))
        return queue.submit(self.owner, asked, model, data)

    def forget(self):
        """Remove the runs that are over, with their results."""
        from xai.web import removal

        for run in Run.objects.filter(state__in=OVER):
            removal.remove(run)

    def read(self, run):
        """Return the numbers of a run's own results."""
        return numbers(
            *(self.folder / "results" / job.result for job in run.jobs.exclude(result=""))
        )

    def judge(self, run, counts: Counter):
        """Count what became of a run, and fail where it must not be so."""
        run.refresh_from_db()
        assert run.state in OVER, run.state
        attempts = list(Shard.objects.filter(job__run=run).values_list("attempts", flat=True))
        counts["runs"] += 1
        counts[f"runs {run.state}"] += 1
        counts["shards"] += len(attempts)
        counts["shards computed twice"] += sum(number == 2 for number in attempts)
        counts["shards computed more than twice"] += sum(number > 2 for number in attempts)
        silent = run.jobs.filter(state="failed", error="").count()
        counts["jobs failed without a sentence"] += silent
        found = self.read(run)
        wrong = sum(found[name] != self.expected[name] for name in found if name in self.expected)
        counts["results that differ from the undisturbed run"] += wrong

    def wait(self, answer, what):
        """Wait as long as it takes; start again what has ended, as the supervisor does."""
        return wait_for(answer, PATIENCE, what, self.revive)

    def revive(self):
        for worker in [one for one in self.workers if one.poll() is not None]:
            self.workers.remove(worker)
            self.revived += 1
            self.start_worker()

    def restart_workers(self, **environment):
        number = len(self.workers)
        while self.workers:
            self.kill(self.workers.pop())
        for _ in range(number):
            self.start_worker(**environment)

    # Faults ------------------------------------------------------------------------------------

    def kill_a_worker(self, fresh: random.Random):
        """Kill one in the middle of a shard that no killed worker held before; start another."""
        found = self.wait(self._unharmed, "a worker at work")
        if found == "over":
            return None
        self.frozen = dict(Shard.objects.filter(state="running").values_list("pk", "lease_until"))
        index = fresh.randrange(len(self.workers))
        self.kill(self.workers.pop(index))
        killed = time.monotonic()
        self.start_worker()
        return killed

    def _unharmed(self):
        running = Shard.objects.filter(state="running")
        found = running.filter(progress__gt=0, attempts=1).values_list("pk", "lease_until")
        # A shard whose lease has not moved since a kill may be the one that was hit.
        busy = [pk for pk, lease in found if self.frozen.get(pk) != lease]
        if len(busy) == len(self.workers):
            return "ready"
        return None if Run.objects.exclude(state__in=OVER).exists() else "over"

    def kill_the_broker(self, *, forgetting=False):
        """Kill Redis, let it be away for a moment, start it again; `forgetting` drops its file."""
        self.kill(self.server)
        if forgetting:
            shutil.rmtree(self.folder / "redis" / "appendonlydir", ignore_errors=True)
        time.sleep(1.5)
        self.start_broker()

    @contextmanager
    def jumping_clock(self):
        """Start workers whose clock the caller sets: the value takes "+5h", "-5h" or "+0"."""
        told = self.folder / "clock"
        told.write_text("+0")

        def jump(offset):
            told.write_text(offset)

        before = dict(self.environment)
        self.environment |= {
            "LD_PRELOAD": str(FAKETIME),
            "FAKETIME_TIMESTAMP_FILE": str(told),
            "FAKETIME_NO_CACHE": "1",
            "DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        self.restart_workers()
        try:
            yield jump
        finally:
            self.environment = before
            self.restart_workers()
