"""The log: what a line is about, as text and as JSON."""

from __future__ import annotations

import json
import logging

import pytest

from xai import logs


@pytest.fixture
def lines():
    """Return a logger and what it wrote, as JSON objects and as text."""
    written = {"json": [], "line": []}
    log = logging.getLogger("tests.logs")
    log.setLevel(logging.INFO)
    for name, form in (("json", logs.JsonLine()), ("line", logs.Line("%(message)s"))):
        handler = logging.Handler()
        handler.addFilter(logs.About())
        handler.emit = lambda record, n=name, f=form: written[n].append(f.format(record))
        log.addHandler(handler)
    yield log, written
    log.handlers.clear()


def test_a_record_is_one_json_object_with_what_it_is_about(lines):
    log, written = lines
    with logs.about(run="a-run"), logs.about(shard=7):
        log.info("Computed %s.", "lime", extra={"seconds": 1.5})
    found = json.loads(written["json"][0])
    expected = {"message": "Computed lime.", "run": "a-run", "shard": "7", "seconds": 1.5}
    assert expected.items() <= found.items()
    assert found["level"] == "INFO"
    assert found["time"].endswith("+00:00")
    assert written["line"] == ["Computed lime. [run=a-run shard=7]"]


def test_what_it_is_about_ends_with_the_block(lines):
    log, written = lines
    with pytest.raises(RuntimeError), logs.about(run="a-run"):
        raise RuntimeError
    log.info("Later.")
    assert "run" not in json.loads(written["json"][0])


def test_a_traceback_stays_in_one_line(lines):
    log, written = lines
    try:
        raise ValueError("two\nlines")
    except ValueError:
        log.exception("It failed.")
    assert "\n" not in written["json"][0]
    assert "ValueError: two\nlines" in json.loads(written["json"][0])["exception"]
