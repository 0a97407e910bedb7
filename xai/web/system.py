"""What the supervisor found out about this machine, kept in `system.json` of the data folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from xai.runner.version import VERSION

UNKNOWN = {"level": "unknown", "probes": [], "sentence": "Not probed yet: no worker has started."}


def read() -> dict[str, Any]:
    """Return the supervisor's notes; every key is there, known or not."""
    try:
        noted = json.loads((Path(settings.DATA_DIR) / "system.json").read_text("utf-8"))
    except (OSError, ValueError):
        noted = {}
    return {"isolation": UNKNOWN, "broker": {}, "versions": {}, **noted}


def footer(_request: HttpRequest) -> dict[str, Any]:
    """Give every page the version and the level of isolation."""
    return {
        "version": VERSION,
        "isolation_level": read()["isolation"].get("level", "unknown"),
        "is_server": settings.IS_SERVER,
    }
