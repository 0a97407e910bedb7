"""What one machine bears: uploads at once, a long queue, many browsers, a full database.

Run: python benchmarks/load.py [--short]
It starts the product (`manage.py start`, SQLite, its own broker) in a folder of its own and asks
over HTTP on 127.0.0.1 only; every loop ends by itself. Full size: 50 uploads of 100 MB at once,
1,000 queued runs, 100 browsers that poll a run's page for a minute, and 100,000 runs in the
database. Printed: lost or changed uploads, the 95 % slowest of the pages, and the memory of the
site's processes before and after. The machine also runs the browsers: a separate one would be
kinder to the site.
"""

from __future__ import annotations

import argparse
import hashlib
import http.client
import os
import re
import shutil
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
FOLDER = Path(tempfile.mkdtemp(prefix="parallax-load-"))


@dataclass(frozen=True)
class Size:
    """How much of each."""

    uploads: int = 50
    megabytes: int = 100
    queued: int = 1000
    browsers: int = 100
    seconds: float = 60.0
    stored: int = 100_000


SHORT = Size(uploads=8, megabytes=10, queued=100, browsers=20, seconds=10.0, stored=5000)
PAGES = ("/", "/runs/", "/models/", "/datasets/", "/runs/new/")


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    asked.add_argument("--short", action="store_true")
    size = SHORT if asked.parse_args().short else Size()
    os.environ |= {"PARALLAX_DATA": str(FOLDER), "DJANGO_SETTINGS_MODULE": "xai.settings"}
    os.environ |= {"PARALLAX_QUOTA": "200G", "PARALLAX_QUOTA_FILES": "5000", "LOG_LEVEL": "ERROR"}
    import django

    django.setup()
    from tests.tasks.started import Started, free_port

    port = free_port()
    # The rates of `xai/web` are per person; here one person is a hundred.
    site = Started(FOLDER, port, PARALLAX_WORKERS="1", **unlimited())
    try:
        site.open()
        play(port, size, site)
    finally:
        site.stop()
        shutil.rmtree(FOLDER, ignore_errors=True)


def unlimited() -> dict[str, str]:
    """Return the environment that switches the limits on rates off, by the names of settings."""
    from xai import environment

    source = Path(environment.__file__).with_name("settings.py").read_text()
    return dict.fromkeys(re.findall(r"PARALLAX_RATE_\w+", source), "1000000 per minute")


def play(port: int, size: Size, site) -> None:
    memory = [resident(site)]
    with watching(port) as pages:
        lost, seconds, rate = upload_at_once(port, size)
    print(
        f"uploads: {size.uploads} at once of {size.megabytes} MB in {seconds:.0f} s "
        f"({rate:.0f} MB/s); lost or changed: {lost}; other pages meanwhile {spread(pages)}"
    )
    memory.append(resident(site))
    model, data, owner = furnish()
    with watching(port) as pages:
        began = time.perf_counter()
        runs = queue(size.queued, model, data, owner)
        seconds = time.perf_counter() - began
    print(
        f"queue: {size.queued} runs asked for in {seconds:.1f} s; pages meanwhile {spread(pages)}"
    )
    memory.append(resident(site))
    polls, errors = poll(port, size, runs[-1])
    print(
        f"browsers: {size.browsers} polled a run's page for {size.seconds:.0f} s, "
        f"{len(polls)} answers, {errors} errors; {spread(polls)}"
    )
    memory.append(resident(site))
    store(size.stored, model, data, owner)
    for page in (*PAGES, f"/runs/{runs[0].pk}/"):
        times = [ask(port, page)[1] for _ in range(20)]
        print(f"{size.stored:,} more runs in the database: {page[:40]:40s} {spread(times)}")
    memory.append(resident(site))
    print("memory of the site, MB: " + " → ".join(f"{megabytes:.0f}" for megabytes in memory))


# One scene each -----------------------------------------------------------------------------------


def upload_at_once(port: int, size: Size) -> tuple[int, float, float]:
    """Upload different files from as many browsers; return how many were lost, and the speed."""
    from xai.web.models import Upload

    block = os.urandom(2**20)

    def one(number: int) -> bool:
        from tests.tasks.scenes import Uploader

        content = number.to_bytes(8, "big") + block * size.megabytes
        browser = Uploader(port)
        assert browser.answers()
        browser.begin(content)
        browser.send(len(content))
        browser.complete()
        kept = Upload.objects.get(pk=browser.pk).sha256
        return kept == hashlib.sha256(content).hexdigest()

    began = time.perf_counter()
    with ThreadPoolExecutor(size.uploads) as pool:
        whole = list(pool.map(one, range(size.uploads)))
    seconds = time.perf_counter() - began
    return whole.count(False), seconds, size.uploads * size.megabytes / seconds


def furnish():
    """Have a model and its data inspected."""
    from django.contrib.auth import get_user_model

    from tasks import queue as asked
    from tests.tasks.house import House
    from tests.tasks.installation import make_files, wait_for

    owner = get_user_model().objects.get(username="local")
    (folder := FOLDER / "made").mkdir()
    make_files(folder)
    house = House.__new__(House)
    house.owner = owner
    found = [
        house.upload("model", folder / "model.json"),
        house.upload("dataset", folder / "data.csv"),
    ]
    for upload in found:
        asked.begin_inspection(upload)
    for upload in found:
        # The uploads of noise before it are inspected first.
        wait_for(partial(is_over, upload), 600, "the inspection")
    return *found, owner


def is_over(upload) -> bool:
    upload.refresh_from_db()
    return upload.is_over


def queue(number: int, model, data, owner):
    """Ask for runs that nothing earlier answers."""
    from tasks import queue as asked
    from tests.tasks.installation import recipe

    methods = (("occlusion", {}),)
    return [
        asked.submit(owner, recipe(model, data, *methods, rows="0:20", seed=seed), model, data)
        for seed in range(1, number + 1)
    ]


def poll(port: int, size: Size, run) -> tuple[list[float], int]:
    """Let browsers ask for the state of a run every two seconds, as its page does."""
    over = time.monotonic() + size.seconds
    answers: list[float] = []
    errors = []

    def browse(number: int) -> None:
        time.sleep(2.0 * number / size.browsers)
        while time.monotonic() < over:
            status, seconds = ask(port, f"/runs/{run.pk}/status/")
            answers.append(seconds)
            errors.extend([status] if status not in {200, 286} else [])
            time.sleep(max(0.0, 2.0 - seconds))

    with ThreadPoolExecutor(size.browsers) as pool:
        list(pool.map(browse, range(size.browsers)))
    return answers, len(errors)


def store(number: int, model, data, owner) -> None:
    """Write runs that are long over, with a job each."""
    from xai.web.models import Job, Run

    asked = plain(model, data)
    for begin in range(0, number, 2000):
        runs = Run.objects.bulk_create(
            Run(owner=owner, model=model, dataset=data, state="done", recipe_json=asked)
            for _ in range(min(2000, number - begin))
        )
        Job.objects.bulk_create(
            Job(run=run, position=0, role="method", method="occlusion", key=f"old{run.pk.hex}",
                state="done", params={}, seed=0, planned=1)
            for run in runs
        )  # fmt: skip


def plain(model, data):
    from tests.tasks.installation import recipe

    return recipe(model, data, ("occlusion", {})).as_json()


# What is measured --------------------------------------------------------------------------------


def ask(port: int, path: str) -> tuple[int, float]:
    """Return the status of a page and the seconds until its last byte."""
    began = time.perf_counter()
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    try:
        line.request("GET", path)
        answer = line.getresponse()
        answer.read()
        return answer.status, time.perf_counter() - began
    except OSError:
        return 0, time.perf_counter() - began
    finally:
        line.close()


class watching:  # noqa: N801 - reads as a sentence
    """Ask for pages, four a second, for as long as something else happens."""

    def __init__(self, port: int) -> None:
        self.port, self.times, self.over = port, [], threading.Event()

    def __enter__(self) -> list[float]:
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.thread.start()
        return self.times

    def __exit__(self, *_) -> None:
        self.over.set()
        self.thread.join()

    def watch(self) -> None:
        """Ask until it is over."""
        turn = 0
        while not self.over.wait(0.25):
            self.times.append(ask(self.port, PAGES[turn % len(PAGES)])[1])
            turn += 1


def spread(times: list[float]) -> str:
    ordered = sorted(times) or [0.0]
    middle, high = ordered[len(ordered) // 2], ordered[int(0.95 * (len(ordered) - 1))]
    told = (f"{1000 * seconds:.0f} ms" for seconds in (middle, high, ordered[-1]))
    return "median {}, 95 % {}, most {}".format(*told)


def resident(site) -> float:
    """Return the memory of the site's processes, in megabytes."""
    from tests.tasks.started import command_of, pids

    total = 0
    for pid in pids():
        if "gunicorn" in command_of(pid) and str(site.url.rsplit(":", 1)[1][:-1]) in command_of(
            pid
        ):
            status = Path(f"/proc/{pid}/status").read_text()
            total += int(re.search(r"VmRSS:\s+(\d+)", status)[1])
    return total / 1024


if __name__ == "__main__":
    main()
