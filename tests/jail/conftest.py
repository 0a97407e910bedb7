"""Children that run what a test tells them to."""

from __future__ import annotations

from pathlib import Path

import pytest

from xai.jail import Child, Limits, describe

HANDLERS = Path(__file__).parent / "handlers"
SECONDS = 20


@pytest.fixture
def scratch(tmp_path):
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


@pytest.fixture
def start(scratch):
    """Return a function that starts a child; all are closed after the test."""
    children = []

    def begin(handler="hostile", inputs=(), **limits):
        child = Child(handler, inputs, scratch, Limits(**limits), extra_roots=[HANDLERS])
        children.append(child)
        return child

    yield begin
    for child in children:
        child.close()


@pytest.fixture(scope="session")
def full_isolation():
    """Skip where the machine cannot give it."""
    found = describe()
    if found["level"] != "full":
        missing = [probe["name"] for probe in found["probes"] if not probe["blocked"]]
        pytest.skip(f"isolation here is {found['level']}; not stopped: {missing}")


@pytest.fixture
def child(full_isolation, start):
    return start()


@pytest.fixture
def value(child):
    """Evaluate an expression in the jail."""
    return lambda expression: child.ask("value", expression, wall_s=SECONDS)


@pytest.fixture
def error(child):
    """Name the error that an expression meets in the jail."""
    return lambda expression: child.ask("error", expression, wall_s=SECONDS)
