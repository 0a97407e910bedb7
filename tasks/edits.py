"""An edited text, explained again: a run of its own on one row, that its parent's page shows."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from django.utils.timezone import now

from tasks import queue
from xai.errors import InvalidParameter
from xai.methods import catalogue
from xai.vocabulary import Recipe
from xai.web import removal, uploads
from xai.web.models import Run, Upload

LONGEST = 20_000
"""Letters of an edited text."""
KEPT = timedelta(days=1)


def begin(run: Run, text: str, pair: str = "", continuation: str = "") -> Run:
    """Explain a text in place of the dataset, as the run asked for its rows.

    Raises
    ------
    InvalidParameter
        If there is no text, it is too long, or the run explains no texts.
    QuotaExceeded
        If the quota has no room.
    """
    recipe = run.recipe
    if recipe.kind not in {catalogue.TEXT, catalogue.GENERATION}:
        raise InvalidParameter("Only texts can be edited and explained again.")
    if not text.strip():
        raise InvalidParameter("There is no text left to explain. Write some words first.")
    given = {recipe.text: text, recipe.pair: pair, recipe.continuation: continuation}
    row = {column: value for column, value in given.items() if column}
    if sum(map(len, row.values())) > LONGEST:
        raise InvalidParameter(f"An edited text has at most {LONGEST:,} letters.")
    dataset = _written(run.owner, row)
    asked = _recipe(recipe, dataset, has_continuation=bool(continuation))
    return queue.submit(run.owner, asked, run.model, dataset, replacer=run.replacer, parent=run)


def forget() -> None:
    """Remove edits of yesterday, and the texts that nothing explains any more."""
    old = now() - KEPT
    for run in Run.objects.exclude(parent=None).filter(created__lt=old):
        if run.is_over:
            removal.remove(run)
    used = Run.objects.values("dataset")
    for upload in Upload.objects.filter(is_scratch=True, created__lt=old).exclude(pk__in=used):
        uploads.delete(upload)


def _recipe(recipe: Recipe, dataset: Upload, *, has_continuation: bool) -> Recipe:
    return replace(
        recipe,
        dataset=dataset.sha256,
        rows="all",
        label="",
        continuation=recipe.continuation if has_continuation else "",
        methods=tuple(
            choice
            for choice in recipe.methods
            if catalogue.card(choice.slug, recipe.kind).scope == "local"
        ),
    )


def _written(owner: Any, row: dict[str, str]) -> Upload:
    """Store one row as Parquet, which any text survives; its facts are known: it is ours."""
    stream = io.BytesIO()
    columns = {name: pa.array([text], pa.string()) for name, text in row.items()}
    pq.write_table(pa.table(columns), stream)
    size = stream.tell()
    stream.seek(0)
    upload = uploads.whole(owner, "edited text.parquet", size, Upload.Purpose.DATASET, stream)
    upload.is_scratch, upload.state = True, Upload.State.READY
    upload.facts = {
        "kind": "table",
        "format": "parquet",
        "rows": 1,
        "column_count": len(row),
        "columns": [
            {
                "name": name,
                "kind": "category",
                "text": {"mean_length": len(text), "is_likely": True},
            }
            for name, text in row.items()
        ],
        "first_rows": [],
        "notes": [],
    }
    upload.save()
    return upload
