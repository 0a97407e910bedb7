"""Remove a run, and the results that no other run shares."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

from django.db import transaction

from xai.web import files, shelf
from xai.web.models import Job, Run


def remove(run: Run) -> None:
    """Delete the rows, and the folders that only they named."""
    gone: list[Path] = []
    with transaction.atomic():
        names = set(run.jobs.exclude(result="").values_list("result", flat=True))
        run.delete()
        names -= set(Job.objects.filter(result__in=names).values_list("result", flat=True))
        for name in names:
            folder = files.results(name)
            if folder.exists():
                # Moved before the commit: whoever asks for the same result next finds no half.
                gone.append(folder.rename(files.scratch() / folder.name))
    for name in names:
        # What a store that is away keeps is swept later: no row names it.
        with suppress(shelf.Away):
            shelf.forget_results(name)
    for folder in gone:
        shutil.rmtree(folder.parent, ignore_errors=True)
