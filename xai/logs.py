"""What a line of the log holds: plain text for people, or one JSON object for programs."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

_about: ContextVar[dict[str, str]] = ContextVar("about", default={})  # noqa: B039 - never changed
_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "about", "taskName"}
"""What every record has; anything else was given by `extra`."""


@contextmanager
def about(**ids: object) -> Iterator[None]:
    """Name what the lines inside are about: run, shard, upload."""
    mark = _about.set({**_about.get(), **{name: str(value) for name, value in ids.items()}})
    try:
        yield
    finally:
        _about.reset(mark)


class About(logging.Filter):
    """Gives every record what it is about."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep every record."""
        record.about = _about.get()
        return True


class Line(logging.Formatter):
    """One line for people; what it is about stands at its end."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without control characters that a file name might smuggle in."""
        line = super().format(record)
        ids = " ".join(f"{name}={value}" for name, value in getattr(record, "about", {}).items())
        return f"{line} [{ids}]" if ids else line


class JsonLine(logging.Formatter):
    """One JSON object: time, level, logger, message, run, shard, and what `extra` added."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the object; a traceback is one string in it, so that a record is one line."""
        found: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "process": record.process,
            **getattr(record, "about", {}),
        }
        found |= {name: value for name, value in vars(record).items() if name not in _OWN}
        if record.exc_info:
            found["exception"] = self.formatException(record.exc_info)
        return json.dumps(found, default=str, ensure_ascii=False)
