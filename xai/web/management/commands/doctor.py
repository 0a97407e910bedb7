"""Look over the installation: what is configured, reachable, writable, which formats work."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from tasks import doctor

BROKEN = 1
_SIGNS = {"ok": "ok    ", "note": "note  ", "broken": "BROKEN"}


class Command(BaseCommand):
    """`manage.py doctor [--json]`; exits 0, or 1 if something is broken."""

    help = "Look over the installation; exit with 1 if something is broken."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Let a program read what was found."""
        parser.add_argument("--json", action="store_true", help="One JSON list.")

    def handle(self, *args: Any, **given: Any) -> None:
        """Print one line per finding, as it is found."""
        found = []
        for one in doctor.examine():
            found.append(one)
            if not given["json"]:
                self.stdout.write(f"{_SIGNS[one.verdict]}  {one.part}: {one.name}: {one.sentence}")
                self.stdout.flush()
        if given["json"]:
            self.stdout.write(json.dumps([one.as_json() for one in found], indent=1))
        broken = sum(one.verdict == "broken" for one in found)
        if broken:
            sys.stderr.write(f"{broken} of {len(found)} findings are broken.\n")
            sys.exit(BROKEN)
