"""What isolation this machine gives: not assumed from its version, but tried."""

from __future__ import annotations

import ctypes
import os
import secrets
import socket
import sys
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from xai.errors import IsolationUnavailable, XaiError
from xai.jail.attempts import ALWAYS
from xai.jail.child import Child
from xai.jail.frames import Json
from xai.jail.limits import Limits
from xai.jail.policy import PACKAGE, environment

Level = Literal["full", "partial", "none"]

_LIMITS = Limits(memory_mb=512, cpu_s=30, file_mb=4)
_SECONDS = 30.0
_RANK: dict[str, int] = {"none": 0, "partial": 1, "full": 2}
_SENTENCES: dict[Level, str] = {
    "full": "A model's file cannot read other files, write outside its scratch folder, reach the "
    "network, start programs or look into other processes.",
    "partial": "A model's file runs in a process of its own, with limits and without the "
    "product's secrets, but this system does not stop it from reading other files or using the "
    "network. Open only files you trust, or use Linux 5.13 or newer.",
    "none": "Models cannot be run apart on this system. Use Linux, WSL 2 or a container.",
}


def level() -> Level:
    """Return what this machine gives: "full", "partial" or "none"."""
    found: Level = describe()["level"]
    return found


def describe() -> Json:
    """Return the level, a sentence for people, and what was tried; measured once per process.

    Returns
    -------
    dict
        {"level", "sentence", "probes": [{"name", "blocked", "detail"}]}
    """
    try:
        return _measure()
    except (XaiError, OSError) as error:
        return {"level": "none", "sentence": f"{_SENTENCES['none']} ({error})", "probes": []}


def require(wanted: str) -> None:
    """Refuse to go on with less isolation than `wanted`.

    Raises
    ------
    IsolationUnavailable
        If this machine gives less; the message says what is missing.
    """
    if wanted not in _RANK:
        raise IsolationUnavailable(
            f"The required isolation is “{wanted}”, but can only be full, partial or none."
        )
    found = describe()
    if _RANK[found["level"]] < _RANK[wanted]:
        missing = ", ".join(probe["name"] for probe in found["probes"] if not probe["blocked"])
        reason = f" A model could: {missing}." if missing else ""
        raise IsolationUnavailable(
            f"Isolation on this machine is {found['level']}, but {wanted} is required.{reason}"
        )


@cache
def _measure() -> Json:
    probes = _try_everything()
    if all(probe["blocked"] for probe in probes):
        found: Level = "full"
    elif all(probe["blocked"] for probe in probes if probe["name"] in ALWAYS):
        found = "partial"
    else:
        found = "none"
    return {"level": found, "sentence": _SENTENCES[found], "probes": probes}


def _try_everything() -> list[Json]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="parallax-probe-")))
        scratch, foreign = folder / "scratch", folder / "foreign"
        scratch.mkdir()
        bait = _lay_out(foreign, scratch, stack)
        # Something to find in memory; alive until the child has answered.
        word = ctypes.create_string_buffer(b"word")
        bait["address"] = ctypes.addressof(word)
        child = stack.enter_context(Child("xai.jail.attempts", [], scratch, _LIMITS))
        probes: list[Json] = child.ask("try", bait, wall_s=_SECONDS)
        return probes


def _lay_out(foreign: Path, scratch: Path, stack: ExitStack) -> Json:
    """Make sure that every attempt would succeed if nothing stopped it."""
    foreign.mkdir()
    secret = foreign / "db.sqlite3"
    secret.write_bytes(b"secret")
    listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    abstract = f"parallax-{secrets.token_hex(8)}"
    if sys.platform == "linux":
        local = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
        local.bind("\0" + abstract)
        local.listen()
    return {
        "parent": os.getpid(),
        "folder": str(foreign),
        "file": str(secret),
        "product": str(PACKAGE.parent),
        "settings": str(PACKAGE / "settings.py"),
        "port": listener.getsockname()[1],
        "abstract": abstract,
        "variables": list(environment(scratch, 1)),
        "memory_mb": _LIMITS.memory_mb,
        "file_mb": _LIMITS.file_mb,
    }
