"""An example from button to run: two files that a worker makes, and a run once both are ready.

The rows hold all of it, as for an upload: a file that is to be made waits like one to be inspected.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import QuerySet

from tasks import queue
from tasks.inspections import Inspection
from xai.runner.examples import EXAMPLES, Example, recipe_of
from xai.web import uploads
from xai.web.models import Run, Upload

_ALIVE = (Upload.State.CHECKING, Upload.State.READY)


def begin(owner: Any, example: Example) -> Run | None:
    """Have the missing files made; return a run if both are there already.

    Raises
    ------
    QuotaExceeded
        If the quota or the disk has no room.
    """
    with transaction.atomic():
        _lock(owner.pk)
        for purpose, name in example.files.items():
            if not _files(owner.pk, example.slug, purpose).exists():
                made = uploads.promise(owner, name, purpose, {"example": example.slug})
                queue.begin_inspection(made)
        return _run(owner, example)


def run_of(owner: Any, example: Example) -> Run | None:
    """Return the newest run of an owner's example."""
    model, dataset = (_files(owner.pk, example.slug, p).first() for p in ("model", "dataset"))
    return Run.objects.for_user(owner).filter(model=model, dataset=dataset).first()


def files_of(owner: Any, example: Example) -> list[Upload]:
    """Return the newest file of each purpose, whatever became of it."""
    mine = Upload.objects.for_user(owner).filter(facts__example=example.slug)
    found = (mine.filter(purpose=purpose).first() for purpose in example.files)
    return [upload for upload in found if upload is not None]


def is_to_be_made(upload: Upload) -> bool:
    """Whether this is the file of an example, and not there yet."""
    return not upload.sha256 and upload.facts.get("example") in EXAMPLES


def make(held: Inspection, scratch: Path) -> None:
    """Make a file of an example in a jailed child, and store it as if it had been uploaded."""
    from xai.runner import session  # noqa: PLC0415 - only workers jail anything

    upload = held.upload
    made = session.make_example(upload.facts["example"], upload.purpose, upload.name, scratch)
    uploads.adopt(upload, made)


def go_on(upload: Upload) -> None:
    """Start the run of an example when its second file is ready; call it in a transaction."""
    example = EXAMPLES.get(upload.facts.get("example", ""))
    if example is not None:
        _lock(upload.owner_id)
        if run_of(upload.owner, example) is None:
            _run(upload.owner, example)


def _run(owner: Any, example: Example) -> Run | None:
    found = [_files(owner.pk, example.slug, purpose).first() for purpose in ("model", "dataset")]
    model, dataset = found
    if not (model and dataset) or any(one.state != Upload.State.READY for one in (model, dataset)):
        return None
    asked = recipe_of(example, _known(model), _known(dataset))
    return queue.submit(owner, asked, model, dataset)


def _known(upload: Upload) -> dict[str, Any]:
    return {"sha256": upload.sha256, "facts": upload.facts}


def _files(owner_id: Any, slug: str, purpose: str) -> QuerySet[Upload]:
    return Upload.objects.filter(
        owner_id=owner_id, facts__example=slug, purpose=purpose, state__in=_ALIVE
    )


def _lock(owner_id: Any) -> None:
    """One worker at a time decides on an owner's example (SQLite's transactions do already)."""
    get_user_model().objects.select_for_update().get(pk=owner_id)
