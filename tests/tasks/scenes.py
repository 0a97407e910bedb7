"""Scenes of `benchmarks/faults.py`: each does so much harm, and counts what became of the runs."""

from __future__ import annotations

import hashlib
import http.client
import json
import threading
import time

from django.db import connection

from tests.tasks.house import FAKETIME
from tests.tasks.installation import over, wait_for
from tests.tasks.started import free_port
from xai.web.models import Shard, Upload


def workers(house, number, counts, fresh):
    """Kill -9 of a worker in the middle of a shard."""
    killed = 0
    witness = _Witness()
    witness.start()
    while killed < number:
        run = house.submit()
        while killed < number and (moment := house.kill_a_worker(fresh)) is not None:
            killed += 1
            counts["workers killed"] += 1
            witness.killed(moment)
        house.wait(over(run), "the run with killed workers")
        house.judge(run, counts)
    return witness.waits()


def redis(house, number, counts, fresh):
    """Kill -9 of the broker in the middle of a run, every second time with its file lost."""
    for turn in range(number):
        run = house.submit()
        house.wait(_is_at_work, "a shard half done")
        house.kill_the_broker(forgetting=turn % 2 == 1)
        counts["brokers killed"] += 1
        house.wait(over(run), "the run with a killed broker")
        house.judge(run, counts)


def site(house, number, counts, fresh):
    """Kill -9 of the site in the middle of an upload; the browser goes on where it was."""
    from xai.web import uploads

    port = free_port()
    for _ in range(number):
        house.start_site(port)
        browser = Uploader(port)
        wait_for(browser.answers, 60, "the site")
        content = fresh.randbytes(24 * 2**20)
        browser.begin(content)
        browser.send(8 * 2**20)
        house.kill_the_site()
        counts["sites killed"] += 1
        house.start_site(port)
        wait_for(browser.answers, 60, "the site again")
        browser.send(len(content))
        browser.complete()
        upload = Upload.objects.get(pk=browser.pk)
        assert upload.sha256 == hashlib.sha256(content).hexdigest()
        counts["uploads complete, bytes equal"] += 1
        house.kill_the_site()
        house.wait(lambda: upload.refresh_from_db() or upload.is_over, "its inspection")  # noqa: B023
        uploads.delete(upload)


def postgres(house, number, counts, fresh):
    """Kill -9 of PostgreSQL in the middle of a run."""
    for _ in range(number):
        run = house.submit()
        house.wait(_is_at_work, "a shard half done")
        house.cluster.kill()
        time.sleep(3)
        house.cluster.start()
        connection.close()
        counts["databases killed"] += 1
        house.wait(over(run), "the run with a killed database")
        house.judge(run, counts)


def disk(house, number, counts, fresh):
    """The disk of the whole installation is full for a while: during a run, during an upload."""
    if house.disk is None:
        counts["left out: needs root"] = 1
        return
    run = house.submit()
    house.wait(_is_at_work, "a shard half done")
    with house.disk.full():
        time.sleep(25)
    counts["disks full for 25 s while a run computes"] += 1
    house.wait(over(run), "the run on a full disk")
    for sentence in run.jobs.filter(state="failed").values_list("error", flat=True):
        assert "disk" in sentence, sentence
        counts["methods that failed, saying that the disk is full"] += 1
    counts["workers that ended and were started again"] += house.revived
    house.judge(run, counts)
    again = house.submit()
    house.wait(over(again), "the run with room again")
    assert again.state == "done"
    house.judge(again, counts)
    _upload_to_a_full_disk(house, counts, fresh)


def _upload_to_a_full_disk(house, counts, fresh):
    port = free_port()
    house.start_site(port)
    browser = Uploader(port)
    wait_for(browser.answers, 60, "the site")
    content = fresh.randbytes(16 * 2**20)
    browser.begin(content)
    with house.disk.full(leaving=2**20):
        assert browser.send(len(content)) == 507
        counts["uploads to a full disk, refused in words"] += 1
    assert browser.send(len(content)) == 200
    browser.complete()
    counts["uploads gone on with room again"] += 1
    upload = Upload.objects.get(pk=browser.pk)
    assert upload.sha256 == hashlib.sha256(content).hexdigest()
    house.kill_the_site()
    house.wait(lambda: upload.refresh_from_db() or upload.is_over, "its inspection")
    upload.delete()


def clock(house, number, counts, fresh):
    """The clocks of the workers jump by hours, forth and back, in the middle of a run."""
    if not FAKETIME.exists():
        counts["left out: libfaketime is not installed"] = 1
        return
    with house.jumping_clock() as jump:
        for turn in range(number):
            run = house.submit()
            house.wait(_is_at_work, "a shard half done")
            jump(("+5h", "-5h")[turn % 2])
            counts["clocks turned"] += 1
            house.wait(over(run), "the run with a jumping clock")
            jump("+0")
            assert run.state == "done"
            house.judge(run, counts)


def models(house, number, counts, fresh):
    """Models that hang, eat memory and answer NaN, each beside a good one."""
    from tests.tasks.naughty import NAUGHTY, write

    house.restart_workers(PARALLAX_SHARD_SECONDS="15")
    for slug in list(NAUGHTY)[:number]:
        uploaded = house.inspect(*write(slug, house.folder / "made"))
        good = house.submit()
        bad = house.submit(("occlusion", {}), model=uploaded[0], data=uploaded[1])
        house.wait(over(bad), f"the run of a model that would {slug}")
        house.wait(over(good), "the good run beside it")
        counts[f"models that {NAUGHTY[slug][0]}"] += 1
        bad.refresh_from_db()
        said = [job.error for job in bad.jobs.all() if job.error]
        assert said, (slug, bad.state)
        assert not any("internal error" in sentence for sentence in said), said
        assert good.state == "done"
        house.judge(good, counts)


class Uploader:
    """A browser that uploads in parts, and asks how far it got when the line broke."""

    def __init__(self, port) -> None:
        self.port, self.pk, self.content, self.cookie = port, "", b"", ""

    def answers(self):
        try:
            status, _, headers = self._ask("GET", "/uploads/new/")
        except OSError:
            return False
        for line in headers.get_all("Set-Cookie") or []:
            if line.startswith("csrftoken="):
                self.cookie = line.split(";")[0]
        return status == 200

    def begin(self, content):
        self.content = content
        asked = {"name": "data.csv", "size": len(content), "purpose": "dataset"}
        status, said, _ = self._ask("POST", "/uploads/", json.dumps(asked).encode())
        assert status == 201, said
        self.pk = json.loads(said)["id"]

    def send(self, until) -> int:
        """Send what is missing up to a byte; return the last status."""
        _, said, _ = self._ask("GET", f"/uploads/{self.pk}/offset/")
        offset, status = json.loads(said)["offset"], 200
        while offset < until and status == 200:
            part = self.content[offset : min(until, offset + 4 * 2**20)]
            path = f"/uploads/{self.pk}/parts/?offset={offset}"
            status, said, _ = self._ask("PUT", path, part, "application/octet-stream")
            if status == 200:
                offset = json.loads(said)["offset"]
        return status

    def complete(self):
        status, said, _ = self._ask("POST", f"/uploads/{self.pk}/complete/", b"")
        assert status == 200, said

    def _ask(self, method, path, body=None, kind="application/json"):
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Cookie": self.cookie, "X-CSRFToken": self.cookie.partition("=")[2]}
        if body is not None:
            headers["Content-Type"] = kind
        try:
            line.request(method, path, body, headers)
            answer = line.getresponse()
            return answer.status, answer.read(), answer.headers
        finally:
            line.close()


def _is_at_work():
    return Shard.objects.filter(state="running", progress__gt=0).exists()


class _Witness(threading.Thread):
    """Notes when each shard was taken for the second time."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.taken: dict[int, float] = {}
        self._over = threading.Event()
        self._killed: list[tuple[float, set[int]]] = []

    def run(self):
        while not self._over.wait(0.2):
            again = Shard.objects.filter(attempts=2).exclude(token="")
            for pk in again.values_list("pk", flat=True):
                self.taken.setdefault(pk, time.monotonic())
        connection.close()

    def killed(self, moment):
        self._killed.append((moment, set(_running())))

    def waits(self):
        """Return the seconds from each kill to the second taking of the shard it hit."""
        self._over.set()
        self.join()
        found = []
        for moment, held in self._killed:
            taken = [self.taken[pk] for pk in held if self.taken.get(pk, 0) > moment]
            found += [min(taken) - moment] if taken else []
        return found


def _running():
    return Shard.objects.filter(state="running").values_list("pk", flat=True)
