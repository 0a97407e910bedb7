"""The level is proved: each attempt succeeds outside the jail and fails inside."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

import xai
from xai.errors import IsolationUnavailable
from xai.jail import describe, level, probes, require
from xai.jail.attempts import ALWAYS, ATTEMPTS

ROOT = Path(xai.__file__).parents[1]
# What some machines refuse to anybody: containers have no io_uring, no tracing, no shared memory.
MAY_BE_REFUSED_ANYWHERE = {
    "use io_uring",
    "trace the parent as a debugger",
    "copy the parent's memory",
    "open the parent's memory",
    "share memory with other processes",
    "hold a handle on the parent",
}


@pytest.fixture
def found(monkeypatch):
    """Have `describe` find what a test says."""

    def set_found(names):
        outcome = [{"name": n, "blocked": n not in names, "detail": ""} for n in ATTEMPTS]
        probes._measure.cache_clear()
        monkeypatch.setattr(probes, "_try_everything", lambda: outcome)

    yield set_found
    probes._measure.cache_clear()


def test_everything_is_stopped_on_linux(full_isolation):
    description = describe()
    assert description["level"] == level() == "full"
    assert len(description["probes"]) == len(ATTEMPTS) >= 12
    assert all(probe["blocked"] for probe in description["probes"])
    require("full")


def test_it_is_measured_once(full_isolation):
    assert describe() is describe()


def test_every_attempt_succeeds_outside_the_jail(tmp_path):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    (tmp_path / "settings.py").touch()
    with ExitStack() as stack:
        bait = probes._lay_out(tmp_path / "foreign", scratch, stack)
        bait |= {"address": 0, "settings": str(tmp_path / "settings.py")}
        program = (
            "import json, sys; from xai.jail.attempts import handle; "
            "print(json.dumps(handle('', json.loads(sys.argv[1]), None)))"
        )
        done = subprocess.run(
            [sys.executable, "-c", program, json.dumps(bait)],
            env={"PYTHONPATH": str(ROOT), "SECRET_KEY": "of the parent"},
            cwd=scratch,
            capture_output=True,
            check=True,
        )
    blocked = {probe["name"] for probe in json.loads(done.stdout) if probe["blocked"]}
    assert blocked <= MAY_BE_REFUSED_ANYWHERE


def test_one_success_makes_the_level_partial(found):
    found({"read a file of the system"})
    assert level() == "partial"
    with pytest.raises(IsolationUnavailable) as caught:
        require("full")
    assert str(caught.value) == (
        "Isolation on this machine is partial, but full is required. "
        "A model could: read a file of the system."
    )
    require("partial")


@pytest.mark.parametrize("name", ALWAYS)
def test_a_leaking_environment_or_missing_limits_make_it_none(found, name):
    found({name})
    assert level() == "none"
    with pytest.raises(IsolationUnavailable, match="is none, but partial is required"):
        require("partial")
    require("none")


def test_a_system_that_starts_no_child_gives_none(found, monkeypatch):
    found(set())
    monkeypatch.setattr(probes, "_try_everything", _fail)
    assert describe()["level"] == "none"
    assert "no child" in describe()["sentence"]


def test_a_misspelt_level_is_refused():
    with pytest.raises(IsolationUnavailable, match="can only be full, partial or none"):
        require("ful")


def _fail():
    raise IsolationUnavailable("no child")
