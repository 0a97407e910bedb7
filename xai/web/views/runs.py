"""Explanations: asked for, watched, stopped, taken up again."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tasks import queue
from xai.errors import XaiError
from xai.runner.plan import estimate as estimate_of
from xai.runner.plan import estimate_step
from xai.runner.replacers import KIND
from xai.web import fitting, paging, progress, removal, snippets
from xai.web.asked import submission
from xai.web.forms import RunForm
from xai.web.models import Run, Upload
from xai.web.picker import Picker


def _mine(request: HttpRequest, pk: uuid.UUID) -> Run:
    runs = Run.objects.for_user(request.user).select_related("model", "dataset")
    return get_object_or_404(runs, pk=pk)


def _picker(request: HttpRequest) -> Picker:
    mine = Upload.objects.for_user(request.user).listed().ready()
    given = {**request.GET.dict(), **request.POST.dict()}
    return Picker(
        given or None,
        models=mine.filter(purpose=Upload.Purpose.MODEL).exclude(facts__kind=KIND),
        datasets=mine.filter(purpose=Upload.Purpose.DATASET),
    )


@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """List the explanations of the owner, the newest first."""
    runs = Run.objects.for_user(request.user).listed().select_related("model", "dataset")
    return render(request, "runs/list.html", {"runs": paging.page(request, runs)})


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Ask for an explanation: first the model and the data, then the rest."""
    picker = _picker(request)
    context: dict[str, Any] = {"picker": picker}
    if picker.is_bound and picker.is_valid():
        model, dataset = picker.cleaned_data["model"], picker.cleaned_data["dataset"]
        fit = context["fit"] = fitting.fit(model, dataset, dataset)
        # Without names in the model file, a person may put the columns in order.
        if fit.is_fitting or not model.facts["has_names"]:
            form = RunForm(request.POST or None, model=model, dataset=dataset, fit=fit)
            if request.method == "POST" and form.is_valid():
                try:
                    return redirect(queue.submit(request.user, **submission(form)))
                except XaiError as error:
                    form.add_error(None, str(error))
            context |= {"form": form} | _costs(form)
    return render(request, "runs/new.html", context, status=422 if request.POST else 200)


@require_POST
def estimate(request: HttpRequest) -> HttpResponse:
    """Return what the ticked methods would cost, for htmx to swap in."""
    picker = _picker(request)
    if not picker.is_valid():
        return HttpResponse(status=204)
    form = RunForm(request.POST, **picker.cleaned_data)
    form.full_clean()
    return render(request, "runs/_estimate.html", {"form": form, "is_live": True} | _costs(form))


def _costs(form: RunForm) -> dict[str, Any]:
    """Return the method cards with their costs, and the total of the ticked ones."""
    methods = form.method_fields()
    try:
        recipe = form.recipe_of_all()
        costs = {e["slug"]: e for e in estimate_of(recipe, form.model.facts, form.dataset.facts)}
    except (XaiError, KeyError):
        return {"methods": methods, "total": None}
    for method in methods:
        method.estimate = costs.get(method.card.slug)
    ticked = [method for method in methods if method.is_chosen and method.estimate]
    slugs = {method.card.slug for method in ticked}
    kept = tuple(choice for choice in recipe.methods if choice.slug in slugs)
    asked = replace(recipe, methods=kept)
    measuring = estimate_step(asked, form.model.facts, form.dataset.facts, "faithfulness")
    beside = estimate_step(asked, form.model.facts, form.dataset.facts, "analysis")
    chosen = [*(method.estimate for method in ticked), measuring, beside]
    total = {name: sum(e[name] for e in chosen if e) for name in ("evaluations", "seconds")}
    more = {"methods": len(ticked), "measuring": measuring["seconds"]}
    return {"methods": methods, "total": total | more}


def _progress(run: Run) -> dict[str, Any]:
    lines = progress.lines(run)
    return {"run": run, "lines": lines, "left": progress.left_of_run(lines)}


@require_GET
def show(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show how far every method is."""
    run = _mine(request, pk)
    program = snippets.program(run, request.build_absolute_uri("/").rstrip("/"))
    return render(request, "runs/show.html", _progress(run) | {"program": program})


@require_GET
def status(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Return the moving part of a run's page, for htmx to swap in."""
    return render(request, "runs/_status.html", _progress(_mine(request, pk)))


@require_POST
def cancel(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Stop what is not done; what is done stays."""
    run = _mine(request, pk)
    queue.cancel(run)
    return redirect(run)


@require_POST
def retry(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Compute what failed or was cancelled, and nothing else."""
    run = _mine(request, pk)
    try:
        queue.retry(run)
    except XaiError as error:
        messages.error(request, str(error), extra_tags="bad")
    return redirect(run)


@require_POST
def delete(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Delete an explanation that is over, with its results."""
    run = _mine(request, pk)
    if not run.is_over:
        messages.error(request, "Cancel the explanation first.", extra_tags="bad")
        return redirect(run)
    try:
        removal.remove(run)
    except XaiError as error:
        messages.error(request, str(error), extra_tags="bad")
        return redirect("reports", run.pk)
    messages.success(request, "The explanation is deleted.", extra_tags="good")
    return redirect("runs")
