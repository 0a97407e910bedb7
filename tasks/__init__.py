"""Celery: a doorbell. Each task finds its row, calls the runner, writes the row."""

from __future__ import annotations
