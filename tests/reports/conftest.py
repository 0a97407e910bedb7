"""Runs to read: one whole, written once."""

from __future__ import annotations

import pytest

from tests.reports.fixtures import write_run


@pytest.fixture(scope="session")
def results(tmp_path_factory):
    """Return a run in which every method is done."""
    return write_run(tmp_path_factory.mktemp("run"))
