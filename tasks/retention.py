"""Old files and explanations removed by rule: never what something else still needs."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, TypeVar

from django.conf import settings
from django.db.models import Exists, ForeignObjectRel, Model, OuterRef, Q, QuerySet
from django.utils.timezone import now

from xai.errors import XaiError
from xai.web import removal, uploads
from xai.web.models import Job, Run, Upload
from xai.web.models.runs import OVER

REFUSED = timedelta(days=30)
"""A refused file keeps its sentence for so long; its bytes went at once."""
_PARTS = (Job, Run)
"""Rows that are parts of a run; whatever else refers to one needs it."""

_Row = TypeVar("_Row", bound=Model)
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Gone:
    """One thing that a rule removes, or would."""

    kind: str
    name: str
    owner: str
    bytes: int = 0
    is_kept: str = ""
    """Why it stayed after all."""


def apply(*, is_dry: bool = False) -> list[Gone]:
    """Remove what the rules name; explanations first, for their files are free then."""
    found = [_remove_run(run, is_dry=is_dry) for run in old_runs()]
    found += [_remove_file(upload, is_dry=is_dry) for upload in old_files()]
    if found and not is_dry:
        log.info("Retention removed %s things.", sum(not one.is_kept for one in found))
    return found


def old_runs() -> QuerySet[Run]:
    """Return explanations that ended long ago, of which no report or other row was made."""
    days = settings.KEEP_RUNS_DAYS
    if not days:
        return Run.objects.none()
    old = Run.objects.listed().filter(state__in=OVER, finished__lt=now() - timedelta(days=days))
    # An edit is under way: its run stays until it is forgotten.
    edits = Run.objects.filter(parent=OuterRef("pk")).exclude(state__in=OVER)
    old = old.exclude(Exists(edits)).select_related("owner")
    return _unneeded(old, Run, _PARTS)


def old_files() -> QuerySet[Upload]:
    """Return files that nothing was explained with for long, and refusals of a month ago."""
    rule = Q(state=Upload.State.REFUSED, changed__lt=now() - REFUSED)
    if days := settings.KEEP_FILES_DAYS:
        rule |= Q(state=Upload.State.READY, changed__lt=now() - timedelta(days=days))
    old = Upload.objects.filter(rule, is_scratch=False)
    return _unneeded(old, Upload).select_related("owner")


def _unneeded(
    rows: QuerySet[_Row], model: type[_Row], parts: tuple[type, ...] = ()
) -> QuerySet[_Row]:
    """Leave out what any row refers to that is no part of it: kinds made later are found too."""
    for relation in model._meta.get_fields(include_hidden=True):  # noqa: SLF001 - documented
        if not (isinstance(relation, ForeignObjectRel) and relation.related_model not in parts):
            continue
        others: Any = relation.related_model
        needs = others.objects.filter(**{relation.field.name: OuterRef("pk")})
        rows = rows.exclude(Exists(needs))
    return rows


def _remove_run(run: Run, *, is_dry: bool) -> Gone:
    gone = Gone("explanation", str(run.pk), run.owner.get_username())
    try:
        if not is_dry:
            removal.remove(run)
    except XaiError as error:
        return replace(gone, is_kept=str(error))
    return gone


def _remove_file(upload: Upload, *, is_dry: bool) -> Gone:
    owner, size = upload.owner.get_username(), upload.size
    try:
        if not is_dry:
            uploads.delete(upload)
    except XaiError as error:
        return Gone("file", upload.name, owner, is_kept=str(error))
    return Gone("file", upload.name, owner, size)
