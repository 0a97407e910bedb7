"""Look into an upload, in a jailed process of its own."""

from __future__ import annotations

import logging
import shutil
from functools import partial

from django.db import transaction

from tasks import examples, inspections, sessions
from tasks.celery import app
from tasks.heart import beating
from tasks.inspections import Inspection
from xai import logs
from xai.errors import DiskFull, XaiError
from xai.web import files, shelf

INTERNAL = "This file could not be inspected: an internal error, which has been logged."

log = logging.getLogger(__name__)


@app.task(name="tasks.inspect.inspect")
def inspect(upload_id: str) -> None:
    """Inspect the upload with this id, unless another worker already took it."""
    try:
        with logs.about(upload=upload_id):
            if held := inspections.claim(upload_id):
                _inspect(held)
    except BaseException:
        log.exception("The worker goes on; the reaper repairs what it left.")


def _inspect(held: Inspection) -> None:
    from xai.runner import session  # noqa: PLC0415 - only workers jail anything

    upload, scratch = held.upload, files.scratch()
    try:
        with beating(partial(inspections.beat, held)):
            if examples.is_to_be_made(upload):
                examples.make(held, scratch)
            path = shelf.stored(upload.sha256)
            facts = session.inspect(path, upload.name, upload.purpose, scratch)
        with transaction.atomic():
            if inspections.accept(held, facts):
                examples.go_on(upload)
        if "trees" in facts.get("capabilities", ()):
            sessions.prepare()
    except (shelf.Away, DiskFull):
        # Nothing is wrong with the file: it is looked at again later.
        inspections.release(held)
    except XaiError as error:
        inspections.refuse(held, str(error))
    except BaseException as error:
        log.exception("Upload %s", upload.pk)
        if DiskFull.is_behind(error):
            inspections.release(held)
        else:
            inspections.refuse(held, INTERNAL)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
