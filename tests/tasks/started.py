"""`manage.py start` as a person types it, in a data folder of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from tests.tasks.installation import ROOT, wait_for


def free_port():
    """Return a port that nobody has at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Started:
    """One `manage.py start` in a data folder."""

    def __init__(self, data: Path, port: int, **environment) -> None:
        self.data, self.url = data, f"http://127.0.0.1:{port}/"
        self.said = data / f"said-{time.monotonic_ns()}.txt"
        kept = {k: v for k, v in os.environ.items() if k not in {"REDIS_URL", "SECRET_KEY"}}
        settings = {"PARALLAX_DATA": str(data), "PORT": str(port), "PARALLAX_WORKERS": "1"}
        with self.said.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "start"], cwd=ROOT, stdout=output, stderr=output,
                env=kept | settings | {"DJANGO_SETTINGS_MODULE": "xai.settings"} | environment,
            )  # fmt: skip

    def open(self):
        wait_for(lambda: "Open http" in self.said.read_text(), 60, "the address")
        with urllib.request.urlopen(self.url, timeout=30) as answer:
            return answer.status

    def parts(self):
        return [pid for pid in pids() if parent_of(pid) == self.process.pid]

    def part(self, word):
        """Return the process of one part; a worker that has ended is not one."""
        found = [pid for pid in self.parts() if word in command_of(pid)]
        return found[0] if found else None

    def stop(self, kind=signal.SIGINT):
        self.process.send_signal(kind)
        return self.process.wait(timeout=30)


def pids():
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def parent_of(pid):
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
    except (OSError, IndexError):
        return None


def command_of(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def is_gone(pid):
    return not command_of(pid)
