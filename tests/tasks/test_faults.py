"""A short version of `benchmarks/faults.py`: what must not happen does not."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.tasks.hosts import programs
from tests.tasks.installation import ROOT

pytestmark = pytest.mark.slow
NEVER = (
    "jobs failed without a sentence",
    "results that differ from the undisturbed run",
    "shards computed more than twice",
)


def played(*words):
    """Run scenes of the benchmark; return its counts, added up over the scenes."""
    command = [sys.executable, "benchmarks/faults.py", "--short", *words]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=900, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    counts = {}
    for number, what in re.findall(r"^ +(\d+)  (.+)$", done.stdout, re.MULTILINE):
        counts[what] = counts.get(what, 0) + int(number)
    return counts


def test_killed_workers_full_disks_and_jumping_clocks_cost_nothing_but_time():
    counts = played("workers", "disk", "clock", "site")
    assert {what: counts[what] for what in NEVER} == dict.fromkeys(NEVER, 0)
    assert counts["workers killed"] == 3
    assert counts["sites killed"] == counts["uploads complete, bytes equal"] == 1


def test_models_that_hang_or_eat_memory_harm_no_other_run():
    counts = played("models")
    assert {what: counts[what] for what in NEVER} == dict.fromkeys(NEVER, 0)
    assert counts["models that hang"] == counts["models that eat memory"] == 1


@pytest.mark.skipif(programs() is None, reason="PostgreSQL is not installed")
def test_a_killed_postgresql_costs_nothing_but_time():
    counts = played("--database", "postgres", "redis", "postgres")
    assert {what: counts[what] for what in NEVER} == dict.fromkeys(NEVER, 0)
    assert counts["databases killed"] == counts["brokers killed"] == 1
