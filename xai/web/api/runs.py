"""Explanations: what they would cost, asked for, watched, stopped, taken up again."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Path, Router, Status
from ninja.errors import HttpError

from tasks import edits, queue
from xai.web import asking, costs, progress, removal
from xai.web.api.shapes import (
    Cost,
    EditAsked,
    FileNamed,
    JobTold,
    RunAsked,
    RunList,
    RunShown,
    RunState,
    RunTold,
)
from xai.web.api.uploads import Limit, Skip
from xai.web.asked import submission
from xai.web.forms import RunForm
from xai.web.models import Run, Upload

router = Router(tags=["Explanations"])


def mine(request: HttpRequest, pk: UUID) -> Run:
    """Return an explanation of whoever asks, or 404."""
    runs = Run.objects.for_user(request.user).select_related("model", "dataset")
    return get_object_or_404(runs, pk=pk)


@router.get("/runs", response=RunList, summary="List explanations, the newest first")
def list_runs(
    request: HttpRequest, state: RunState | None = None, limit: Limit = 50, skip: Skip = 0
) -> RunList:
    """All of yours, or those in one state."""
    found = Run.objects.for_user(request.user).listed().select_related("model", "dataset")
    if state:
        found = found.filter(state=state)
    items = [RunTold(**_told(request, run)) for run in found[skip : skip + limit]]
    return RunList(count=found.count(), items=items)


@router.post("/runs", response={201: RunShown}, summary="Ask for an explanation")
def create_run(request: HttpRequest, asked: RunAsked) -> Any:
    """The same question twice gives the same numbers; what is there already is not computed."""
    run = queue.submit(request.user, **submission(_form(request, asked)))
    return Status(201, _shown(request, run))


@router.post("/runs/estimate", response=Cost, summary="What an explanation would cost")
def estimate_run(request: HttpRequest, asked: RunAsked) -> Any:
    """Model evaluations and seconds on one worker; nothing is started."""
    form = _form(request, asked)
    return costs.of(form.recipe(), form.model.facts, form.dataset.facts)


@router.get("/runs/{uuid:pk}", response=RunShown, summary="Show an explanation and its progress")
def show_run(request: HttpRequest, pk: Path[UUID]) -> Any:
    """One entry per method, and per step around the methods."""
    return _shown(request, mine(request, pk))


@router.post("/runs/{uuid:pk}/cancel", response=RunShown, summary="Stop an explanation")
def cancel_run(request: HttpRequest, pk: Path[UUID]) -> Any:
    """What is done stays; one that is over stays as it is."""
    run = mine(request, pk)
    queue.cancel(run)
    return _shown(request, run)


@router.post("/runs/{uuid:pk}/retry", response=RunShown, summary="Take an explanation up again")
def retry_run(request: HttpRequest, pk: Path[UUID]) -> Any:
    """Compute what failed or was cancelled, and nothing else."""
    run = mine(request, pk)
    queue.retry(run)
    return _shown(request, run)


@router.post("/runs/{uuid:pk}/edits", response={201: RunShown}, summary="Explain an edited text")
def edit_run(request: HttpRequest, pk: Path[UUID], asked: EditAsked) -> Any:
    """A run of one row that asks as this one did; it is kept for a day and never listed."""
    edit = edits.begin(mine(request, pk), **asked.dict())
    return Status(201, _shown(request, edit))


@router.delete("/runs/{uuid:pk}", response={204: None}, summary="Delete an explanation")
def delete_run(request: HttpRequest, pk: Path[UUID]) -> Any:
    """With the results that no other shares; only when it is over."""
    run = mine(request, pk)
    if not run.is_over:
        raise HttpError(409, "The explanation is not over. Cancel it first.")
    removal.remove(run)
    return Status(204, None)


def _form(request: HttpRequest, asked: RunAsked) -> RunForm:
    model = asking.file_of(request.user, Upload.Purpose.MODEL, asked.model)
    dataset = asking.file_of(request.user, Upload.Purpose.DATASET, asked.dataset)
    return asking.form_of(model, dataset, asked.dict())


def _told(request: HttpRequest, run: Run) -> dict[str, Any]:
    names = ("state", "is_over", "has_results", "created", "started", "finished")
    return {
        "id": run.pk,
        "model": _named(run.model),
        "dataset": _named(run.dataset),
        "recipe": run.recipe_json,
        "url": request.build_absolute_uri(run.get_absolute_url()),
        **{name: getattr(run, name) for name in names},
    }


def _named(upload: Upload) -> FileNamed:
    return FileNamed(id=upload.pk, name=upload.name, sha256=upload.sha256)


def _shown(request: HttpRequest, run: Run) -> RunShown:
    lines = progress.lines(run)
    jobs = [_job(line) for line in lines]
    left = progress.left_of_run(lines)
    return RunShown(**_told(request, run), jobs=jobs, seconds_left=left)


def _job(line: progress.Line) -> JobTold:
    job = line.job
    same = ("title", "done", "planned", "shards_done", "shards")
    found: dict[str, Any] = {name: getattr(line, name) for name in same}
    found |= {name: getattr(job, name) for name in ("role", "method", "state", "error")}
    return JobTold(**found, per_second=line.rate, seconds_left=line.left, is_reused=job.reused)
