"""Run housekeeping alone, where `start` is not used: dead workers and lost messages repaired."""

from __future__ import annotations

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from tasks.housekeeping import keep_house


class Command(BaseCommand):
    """`manage.py housekeeping`; one per installation, a second one does no harm."""

    help = "Give the work of dead workers to others and clean up, until stopped."

    def handle(self, *args: Any, **options: Any) -> None:
        """Keep house until SIGTERM or Ctrl-C."""
        over = threading.Event()
        for kind in (signal.SIGTERM, signal.SIGINT):
            signal.signal(kind, lambda *_: over.set())
        keep_house(over)
