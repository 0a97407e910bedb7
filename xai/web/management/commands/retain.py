"""Remove what the rules of retention name, or only say what they would."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from tasks import retention


class Command(BaseCommand):
    """`manage.py retain [--dry-run]`; housekeeping does the same every ten minutes."""

    help = "Remove old files and explanations by PARALLAX_KEEP_RUNS and PARALLAX_KEEP_FILES."

    def add_arguments(self, parser: CommandParser) -> None:
        """Let the operator look first."""
        parser.add_argument("--dry-run", action="store_true", help="Only say what would go.")
        parser.add_argument("--runs", type=int, help="Days, instead of PARALLAX_KEEP_RUNS.")
        parser.add_argument("--files", type=int, help="Days, instead of PARALLAX_KEEP_FILES.")

    def handle(self, *args: Any, **given: Any) -> None:
        """Print one line per thing."""
        if given["runs"] is not None:
            settings.KEEP_RUNS_DAYS = given["runs"]
        if given["files"] is not None:
            settings.KEEP_FILES_DAYS = given["files"]
        found = retention.apply(is_dry=given["dry_run"])
        for one in found:
            stays = f"  stays: {one.is_kept}" if one.is_kept else ""
            self.stdout.write(f"{one.kind}  {one.owner}  {one.name}  {one.bytes} bytes{stays}")
        verb = "would go" if given["dry_run"] else "are gone"
        self.stdout.write(f"{sum(not one.is_kept for one in found)} things {verb}.")
