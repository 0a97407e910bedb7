"""Start everything on one machine: broker, workers, housekeeping, website; Ctrl-C stops it all."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import sys
import time
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, connections

from tasks import broker, housekeeping, system
from tasks.supervisor import Supervisor
from xai import environment, jail
from xai.errors import XaiError

HOST = environment.text("PARALLAX_HOST", "127.0.0.1")
PARTS = ("site", "workers", "housekeeping")
_MENDED_AFTER = 3
"""After so many failed starts in a row the broker's own file is what is wrong with it."""
_READY_SECONDS = 60.0
_MIGRATING = 0x9A7A11A
"""The number of the lock that is held while migrating."""
# Solo: one process per core that runs one task at a time. A forking pool would hold each task in a
# second process, and fork after threads have started; the heavy work is in the jailed child anyway.
_WORKER = (
    "celery --app tasks.celery worker --pool solo --queues inspect,work --loglevel WARNING "
    "--without-gossip --without-mingle --without-heartbeat"
)
_WEB = (
    "gunicorn xai.wsgi:application --worker-class gthread --threads 8 --no-control-socket "
    "--timeout 60 --graceful-timeout 3 --log-level warning"
)


class Command(BaseCommand):
    """`manage.py start`; PORT, PARALLAX_DATA, PARALLAX_WORKERS and REDIS_URL change it."""

    help = "Start the broker, one worker per core and the website; Ctrl-C stops all of it."

    def add_arguments(self, parser: CommandParser) -> None:
        """Allow another port than that of the environment."""
        parser.add_argument("--port", type=int, default=environment.number("PORT", 8000))
        parser.add_argument(
            "--only", action="append", choices=PARTS, help="start this alone; may be given twice"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Start, wait, stop."""
        # A stop asked for while starting must end what has started. Said for Ctrl-C too, which a
        # shell has its background programs ignore.
        for kind in (signal.SIGINT, signal.SIGTERM):
            signal.signal(kind, _interrupt)
        try:
            with _only_one(Path(settings.DATA_DIR)):
                self._run(options["port"], tuple(options["only"] or PARTS))
        except XaiError as error:
            raise CommandError(str(error)) from None
        except KeyboardInterrupt:
            self.stdout.write("Stopped.")

    def _run(self, port: int, parts: tuple[str, ...]) -> None:
        if "site" in parts:
            _check_host()
            _check_port(port)
        jail.require(settings.ISOLATION_REQUIRED)
        folder = broker.private_folder(Path(settings.DATA_DIR) / "redis")
        chosen = broker.choose(folder)
        workers = environment.number("PARALLAX_WORKERS", system.workers())
        _prepare_database()
        system.write(system.describe(chosen, workers), Path(settings.DATA_DIR) / "system.json")
        self._introduce(chosen, workers)
        logs = Path(settings.DATA_DIR) / "logs"
        logs.mkdir(exist_ok=True)
        calm = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        keeper = Supervisor(settings.BASE_DIR, logs, calm, self._say)
        try:
            _start_parts(keeper, chosen, workers if "workers" in parts else 0, parts, port)
            if "site" in parts:
                self._announce(keeper, port)
            keeper.watch()
        finally:
            # A second Ctrl-C must not leave half of the parts behind.
            for kind in (signal.SIGINT, signal.SIGTERM):
                signal.signal(kind, signal.SIG_IGN)
            self.stdout.write("\nStopping…")
            keeper.stop()

    def _introduce(self, chosen: broker.Broker, workers: int) -> None:
        isolation = jail.describe()
        self.stdout.write(
            f"Parallax\n"
            f"  data       {settings.DATA_DIR}\n"
            f"  isolation  {isolation['level']}: {isolation['sentence']}\n"
            f"  broker     {chosen.name} {chosen.version}, {chosen.source}\n"
            f"  workers    {workers}"
        )
        for sentence in system.warnings():
            self.stdout.write(f"  note       {sentence}")

    def _announce(self, keeper: Supervisor, port: int) -> None:
        deadline = time.monotonic() + _READY_SECONDS
        while time.monotonic() < deadline and not keeper.over.is_set():
            with socket.socket() as probe:
                if probe.connect_ex((HOST, port)) == 0:
                    self._say(f"\nOpen http://{HOST}:{port}/   (Ctrl-C stops everything)\n")
                    return
            keeper.over.wait(0.1)
        log = Path(settings.DATA_DIR) / "logs" / "web.log"
        raise CommandError(f"The website did not start. The reason stands at the end of {log}")

    def _say(self, sentence: str) -> None:
        self.stdout.write(sentence)
        self.stdout.flush()


def _interrupt(*_: Any) -> None:
    raise KeyboardInterrupt


def _only_one(folder: Path) -> IO[str]:
    """Hold the data folder for as long as the returned file is open."""
    file = (folder / "lock").open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        raise XaiError(
            f"Parallax already runs on {folder} (process {file.read().strip() or 'unknown'}). "
            "Stop it first, or set PARALLAX_DATA to another folder."
        ) from None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def _check_host() -> None:
    if not settings.IS_SERVER and HOST not in {"127.0.0.1", "::1", "localhost"}:
        raise XaiError(
            f"PARALLAX_HOST={HOST} would let other machines in without a password. "
            "Set PARALLAX_MODE=server first."
        )


def _check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError):
            raise XaiError(
                f"Port {port} cannot be used: another program has it, or it is not allowed. "
                "Choose another, for example PORT=8001."
            ) from None


def _prepare_database() -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # Machines that start together migrate one after the other; the lock ends with us.
            cursor.execute("SELECT pg_advisory_lock(%s)", [_MIGRATING])
    call_command("migrate", interactive=False, verbosity=0)
    system.check_database()
    if connection.vendor == "sqlite":
        # This folder's lock is ours and SQLite has no other machines: no worker is alive.
        housekeeping.recover()
    connections.close_all()


def _start_parts(
    keeper: Supervisor, chosen: broker.Broker, workers: int, parts: tuple[str, ...], port: int
) -> None:
    folder = Path(settings.DATA_DIR) / "redis"
    if chosen.program is not None:
        broker.private_folder(Path(settings.BROKER_SOCKET).parent)

        def mend(failures: int) -> None:
            if failures >= _MENDED_AFTER:
                broker.set_aside(folder)

        keeper.start("broker", chosen.command(Path(settings.BROKER_SOCKET), folder), mend)
    python = sys.executable
    for number in range(1, workers + 1):
        name = f"worker{number}@parallax"
        keeper.start(f"worker {number}", [python, "-m", *_WORKER.split(), "--hostname", name])
    if "housekeeping" in parts:
        keeper.start("housekeeping", [python, "manage.py", "housekeeping"])
    if "site" in parts:
        keeper.start("web", [python, "-m", *_WEB.split(), "--bind", f"{HOST}:{port}"])
