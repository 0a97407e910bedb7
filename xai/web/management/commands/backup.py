"""Copy everything that cannot be computed again into a new folder, while work goes on."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from tasks import backups
from xai.errors import XaiError


class Command(BaseCommand):
    """`manage.py backup FOLDER`; exits 0, or 2 with a sentence."""

    help = "Copy database, uploads, results and secret key into a new folder."

    def add_arguments(self, parser: CommandParser) -> None:
        """Ask where to."""
        parser.add_argument("folder", type=Path)

    def handle(self, *args: Any, **given: Any) -> None:
        """Back up."""
        try:
            made = backups.backup(given["folder"].resolve())
        except XaiError as error:
            sys.stderr.write(f"{error}\n")
            sys.exit(2)
        told = f"{made['runs']} explanations, {made['uploads']} uploads, {made['files']} files"
        self.stdout.write(f"{given['folder']}: {told}")
        if made["store"] == "shared":
            self.stdout.write("The files are in the shared store: keep versions of its bucket.")
