"""Whether the parts that this installation needs can be used now: asked of each, not assumed."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from tasks import bells
from xai.web import files, shelf
from xai.web.models import Worker
from xai.web.templatetags.parallax import size as in_words


@dataclass(frozen=True, slots=True)
class Check:
    """One part: whether it can be used, and a sentence for the operator."""

    name: str
    is_well: bool
    sentence: str


def database() -> Check:
    """Ask the database for its migrations: reachable, and of this version."""
    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        return Check("database", is_well=False, sentence=f"The database does not answer: {error}")
    if missing:
        sentence = f"{len(missing)} migrations are not applied: run manage.py migrate."
        return Check("database", is_well=False, sentence=sentence)
    return Check("database", is_well=True, sentence=f"{connection.vendor}, all migrations applied.")


def broker() -> Check:
    """Ask the broker for its queues."""
    depths = bells.depths()
    if depths is None:
        return Check("broker", is_well=False, sentence="The broker does not answer.")
    told = ", ".join(f"{count} in {name}" for name, count in depths.items())
    return Check("broker", is_well=True, sentence=f"Answers; messages: {told}.")


def storage() -> Check:
    """Write a file to the data folder, read it, delete it; and look at the room left."""
    word = uuid.uuid4()
    try:
        path = files.folder("scratch") / f"probe-{word.hex}"
        path.write_bytes(word.bytes)
        is_same = path.read_bytes() == word.bytes
        path.unlink()
        free = shutil.disk_usage(path.parent).free
        if shelf.is_shared():
            shelf.is_merged(f"probe-{word.hex}")  # asks the store; it has none
    except shelf.Away as error:
        return Check("storage", is_well=False, sentence=str(error))
    except OSError as error:
        sentence = f"The data folder cannot be used: {os.strerror(error.errno or 0)}."
        return Check("storage", is_well=False, sentence=sentence)
    if not is_same:
        sentence = "The data folder gives back other bytes than were written."
        return Check("storage", is_well=False, sentence=sentence)
    if free < settings.DISK_FLOOR:
        sentence = f"Only {in_words(free)} are free; uploads are refused."
        return Check("storage", is_well=False, sentence=sentence)
    return Check("storage", is_well=True, sentence=f"Written and read; {in_words(free)} free.")


def workers() -> Check:
    """Count the workers that beat."""
    try:
        alive = Worker.objects.alive()
        computing = alive.filter(kind=Worker.Kind.WORKER).count()
        keeping = alive.filter(kind=Worker.Kind.HOUSEKEEPING).count()
    except DatabaseError as error:
        return Check("workers", is_well=False, sentence=f"The database does not answer: {error}")
    if not computing:
        return Check("workers", is_well=False, sentence="No worker has been seen lately.")
    if not keeping:
        sentence = f"{computing} workers, but no housekeeping: nobody repairs what dies."
        return Check("workers", is_well=False, sentence=sentence)
    return Check("workers", is_well=True, sentence=f"{computing} workers and housekeeping beat.")


PAGES: tuple[Callable[[], Check], ...] = (database, storage)
"""What showing pages needs."""
ALL = (*PAGES, broker, workers)
"""What computing needs besides."""
