"""Hosts on one machine: PostgreSQL, Redis and an S3 server on one, workers on two others.

Each host is a network namespace; a cable can be pulled. All traffic stays inside the namespaces.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

from tasks import broker
from tests.tasks.installation import ROOT, WORKER, Installation, wait_for

_NEW_NETWORK = 0x40000000
SECRETS = {"AWS_ACCESS_KEY_ID": "parallax", "AWS_SECRET_ACCESS_KEY": "only for tests"}


def programs() -> Path | None:
    """Return where PostgreSQL's programs lie, the newest first; None if it is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    path = shutil.which("initdb")
    return Path(path).parent if path else None


class Cluster:
    """A PostgreSQL of its own in a folder; `at` puts its processes on a host."""

    def __init__(self, at: tuple[str, ...] = (), address: str = "", port: int = 5432) -> None:
        # PostgreSQL does not run as root, and its user must reach the folder.
        self.folder = Path(tempfile.mkdtemp(prefix="parallax-postgres-"))
        self.programs, self.address, self.port, self.at = programs(), address, port, at
        self.as_user = ("runuser", "-u", "postgres", "--") if os.getuid() == 0 else ()
        if self.as_user:
            shutil.chown(self.folder, "postgres")
        self._do(
            "initdb", "--pgdata", str(self.data), "--auth", "trust", "--username", "parallax",
            "--encoding", "UTF8", "--no-locale",
        )  # fmt: skip
        with (self.data / "pg_hba.conf").open("a") as rules:
            rules.write("host all all samenet trust\n")

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def url(self) -> str:
        return f"postgres://parallax@{self.address}:{self.port}/parallax"

    def start(self):
        said = f"-p {self.port} -k {self.folder} -c listen_addresses={self.address} -c fsync=off"
        self._do("pg_ctl", "-D", str(self.data), "-w", "-o", said, "-l", f"{self.folder}/log",
                 "start")  # fmt: skip

    def create(self, name="parallax"):
        self._do("createdb", "-h", str(self.folder), "-p", str(self.port), "-U", "parallax", name)

    def kill(self):
        """End the postmaster at once, as a crash does."""
        pid = int((self.data / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: not Path(f"/proc/{pid}").exists(), 20, "the end of PostgreSQL")

    def remove(self):
        subprocess.run(
            [*self.as_user, self.programs / "pg_ctl", "-D", self.data, "-m", "immediate", "stop"],
            check=False, capture_output=True, cwd="/",
        )  # fmt: skip
        shutil.rmtree(self.folder, ignore_errors=True)

    def settings(self):
        """Return Django's words for this database, over its socket."""
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": "parallax",
            "USER": "parallax",
            "HOST": str(self.folder),
            "PORT": str(self.port),
        }

    def _do(self, program, *options):
        command = [*self.at, *self.as_user, str(self.programs / program), *options]
        done = subprocess.run(command, check=False, cwd="/", stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=60)  # fmt: skip
        assert done.returncode == 0, done.stdout.decode()


class Network:
    """A core and two hosts, each on a cable to it."""

    def __init__(self) -> None:
        self.names = {host: f"px{os.getpid()}{host}" for host in ("core", "a", "b")}
        for name in self.names.values():
            _ip("netns", "add", name)
            _ip("-n", name, "link", "set", "lo", "up")
        for number, host in enumerate(("a", "b"), 1):
            here, there = f"v{host}{os.getpid()}"[:15], f"w{host}{os.getpid()}"[:15]
            _ip("link", "add", here, "type", "veth", "peer", "name", there)
            for link, name, last in ((here, self.names["core"], 1), (there, self.names[host], 2)):
                _ip("link", "set", link, "netns", name)
                _ip("-n", name, "link", "set", link, "name", f"to-{host}")
                _ip("-n", name, "addr", "add", f"10.77.{number}.{last}/30", "dev", f"to-{host}")
                _ip("-n", name, "link", "set", f"to-{host}", "up")

    def on(self, host) -> tuple[str, ...]:
        return ("ip", "netns", "exec", self.names[host])

    def core_of(self, host) -> str:
        return {"a": "10.77.1.1", "b": "10.77.2.1"}[host]

    def pull(self, host):
        """Cut a host off."""
        _ip("-n", self.names["core"], "link", "set", f"to-{host}", "down")

    def plug(self, host):
        _ip("-n", self.names["core"], "link", "set", f"to-{host}", "up")

    def remove(self):
        for name in self.names.values():
            _ip("netns", "del", name)

    @contextmanager
    def inside(self, host):
        """Be on a host with this thread, and those that it starts."""
        libc = ctypes.CDLL(None, use_errno=True)
        with open("/proc/self/ns/net") as before, open(f"/run/netns/{self.names[host]}") as there:  # noqa: PTH123
            assert libc.setns(there.fileno(), _NEW_NETWORK) == 0, os.strerror(ctypes.get_errno())
            try:
                yield
            finally:
                libc.setns(before.fileno(), _NEW_NETWORK)


def can_have_hosts() -> bool:
    """Whether this user may make network namespaces."""
    if os.getuid() != 0 or shutil.which("ip") is None:
        return False
    name = f"px{os.getpid()}try"
    made = subprocess.run(["ip", "netns", "add", name], check=False, capture_output=True)
    subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)
    return made.returncode == 0


class Hosts(Installation):
    """Workers on hosts a and b; the test itself is the website, on the core."""

    def __init__(self, folder: Path, network: Network, cluster: Cluster) -> None:
        self.folder, self.network, self.cluster = folder, network, cluster
        self.owner, self.workers, self.server, self.store = None, [], None, None
        broker.private_folder(folder / "redis")
        self.broker = broker.choose(folder / "redis")
        self.environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "xai.settings", **SECRETS}

    @property
    def url(self) -> str:
        return f"redis://{self.network.core_of('a')}:6379/0"

    def storage(self, host) -> str:
        return f"s3://parallax?endpoint=http://{self.network.core_of(host)}:5000&region=us-east-1"

    def start_broker(self):
        command = self.broker.command(self.folder / "redis" / "redis.sock", self.folder / "redis")
        open_to_hosts = ("--bind", "0.0.0.0", "--protected-mode", "no", "--port", "6379")
        command = [part for part in command if part not in {"--port", "0"}]
        self.server = self.popen([*self.network.on("core"), *command, *open_to_hosts], "broker")

    def start_store(self):
        moto = [sys.executable, "-m", "moto.server", "-H", "0.0.0.0", "-p", "5000"]
        self.store = self.popen([*self.network.on("core"), *moto], "store")

    def start_worker_on(self, host):
        data = self.folder / host
        data.mkdir(exist_ok=True)
        core = self.network.core_of(host)
        self.environment |= {
            "PARALLAX_DATA": str(data),
            "DATABASE_URL": f"postgres://parallax@{core}:5432/parallax",
            "REDIS_URL": f"redis://{core}:6379/0",
            "STORAGE_URL": self.storage(host),
        }
        command = [*self.network.on(host), sys.executable, "-m", *WORKER.split()]
        self.workers.append(self.popen([*command, "--hostname", f"{host}@parallax"], host))

    def stop(self):
        super().stop()
        if self.store is not None and self.store.poll() is None:
            self.kill(self.store)

    def popen(self, command, log):
        with (self.folder / f"{log}.log").open("ab") as output:
            return subprocess.Popen(
                command, cwd=ROOT, env=self.environment, stdout=output, stderr=output
            )


def _ip(*words):
    subprocess.run(["ip", *words], check=True, capture_output=True, timeout=20)
