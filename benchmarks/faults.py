"""Everything that may die does, at the worst moment; count what became of the runs.

Run: python benchmarks/faults.py [--database postgres] [--short] [scene ...]
Scenes: workers redis site postgres disk clock models. Without names, all of them.
Every run must end complete or failed with a sentence, no result may differ from that of an
undisturbed run, and no shard may be computed more than twice: what must not happen stops it.
Needs Linux; the scenes disk and clock need root and libfaketime, postgres its Debian package.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import socket
import statistics
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
FOLDER = Path(tempfile.mkdtemp(prefix="parallax-faults-"))
NUMBERS = {"workers": 50, "redis": 5, "site": 5, "postgres": 2, "disk": 2, "clock": 4, "models": 3}
SHORT = dict.fromkeys(NUMBERS, 1) | {"workers": 3, "clock": 2, "models": 3, "disk": 2}
SEED = 7


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    asked.add_argument("scenes", nargs="*", help=", ".join(NUMBERS))
    asked.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    asked.add_argument("--short", action="store_true")
    asked = asked.parse_args()
    os.environ |= {
        "PARALLAX_DATA": str(FOLDER / "data"),
        "DJANGO_SETTINGS_MODULE": "xai.settings",
        "PARALLAX_DISK_FLOOR": "0",
        "REDIS_URL": f"redis+socket://{FOLDER}/data/redis/redis.sock",
        "LOG_LEVEL": "ERROR",
    }
    cluster = None
    if asked.database == "postgres":
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        os.environ["DATABASE_URL"] = f"postgres://parallax@127.0.0.1:{port}/parallax"
    from tests.tasks.disks import SmallDisk, can_mount

    # All of it lies on a disk of its own, so that the disk can be full.
    small = SmallDisk(FOLDER / "data", 600) if can_mount() else None
    import django

    django.setup()
    if asked.database == "postgres":
        from tests.tasks.hosts import Cluster

        cluster = Cluster(address="127.0.0.1", port=port)
        cluster.start()
        cluster.create()
    numbers = SHORT if asked.short else NUMBERS
    scenes = asked.scenes or [name for name in NUMBERS if name != "postgres" or cluster]
    try:
        play(scenes, numbers, cluster, small)
    finally:
        if small:
            small.remove()
        if cluster:
            cluster.remove()
        shutil.rmtree(FOLDER, ignore_errors=True)


def play(scenes, numbers, cluster, small) -> None:
    from django.contrib.auth import get_user_model
    from django.core.management import call_command

    from tests.tasks import scenes as played
    from tests.tasks.house import House

    call_command("migrate", verbosity=0)
    owner = get_user_model().objects.create_user("alice")
    os.environ.pop("REDIS_URL")
    house = House(FOLDER / "data", owner, os.environ.get("DATABASE_URL", ""))
    house.cluster, house.disk = cluster, small
    try:
        house.start()
        house.furnish()
        for name in scenes:
            counts: Counter = Counter()
            began = time.monotonic()
            waits = getattr(played, name)(house, numbers[name], counts, random.Random(SEED)) or []
            report(name, counts, waits, time.monotonic() - began)
    finally:
        house.stop()


def report(name, counts, waits, seconds) -> None:
    print(f"\n{name}: {seconds:.0f} s")
    for what, number in sorted(counts.items()):
        print(f"  {number:6d}  {what}")
    if waits:
        ordered = sorted(waits)
        at_95 = ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))]
        print(
            f"  until a killed shard is taken again: median {statistics.median(waits):.1f} s, "
            f"95 % {at_95:.1f} s, most {ordered[-1]:.1f} s"
        )
    sys.stdout.flush()


if __name__ == "__main__":
    main()
