"""Put a backup into an empty data folder, and bring it up to date."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from tasks import backups
from xai.errors import XaiError


class Command(BaseCommand):
    """`manage.py restore FOLDER`; exits 0, or 2 with a sentence. Nothing may run meanwhile."""

    help = "Put a backup into an empty data folder (and an empty PostgreSQL)."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Ask where from."""
        parser.add_argument("folder", type=Path)

    def handle(self, *args: Any, **given: Any) -> None:
        """Restore."""
        try:
            found = backups.restore(given["folder"].resolve())
        except XaiError as error:
            sys.stderr.write(f"{error}\n")
            sys.exit(2)
        told = f"{found['runs']} explanations and {found['uploads']} uploads"
        self.stdout.write(f"Restored {told} of {found['made']}. Now run manage.py doctor.")
