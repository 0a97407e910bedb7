"""Blind comparisons, as their owner sees them: asked, shared by invitation, counted, taken away."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.db.models import Count, Max
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
    require_safe,
)

from xai.evaluation.plausibility import MARKED, MEASURES, PICKED
from xai.reports import blind
from xai.reports.results import Results
from xai.vocabulary import Json
from xai.web import opinions
from xai.web.landed import Landed, landed
from xai.web.models import Invitation, Study
from xai.web.report_form import LinkForm
from xai.web.study_form import StudyForm


def _mine(request: HttpRequest, pk: uuid.UUID) -> Study:
    mine = Study.objects.for_user(request.user).select_related("run__model", "run__dataset")
    return get_object_or_404(mine, pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
def listing(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """List the blind comparisons of a run; take another."""
    found = landed(request, pk)
    if len(blind.can_be_asked(found.results)) < 2:
        raise Http404("Fewer than two methods explain single rows.")
    form = StudyForm(request.POST or None, found)
    if form.is_valid():
        return redirect(form.save(found))
    studies = found.run.studies.annotate(
        answers=Count("ballots"), people=Count("ballots__person", distinct=True)
    )
    context = {"landed": found, "run": found.run, "form": form, "studies": studies}
    return render(request, "people/list.html", context, status=422 if form.errors else 200)


@require_GET
def show(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show what people said so far, who they are, and the invitations."""
    study = _mine(request, pk)
    found = Landed(study.run, tuple(study.run.jobs.all()))
    told = opinions.found(study, found.results)
    return render(
        request,
        "people/show.html",
        {
            "landed": found,
            "run": study.run,
            "study": study,
            "told": told,
            "marks": _marks(told[MARKED], found.results),
            "chance": _numbers(told[MARKED]["chance"]),
            "picks": _picks(told[PICKED], found.results),
            "measures": MEASURES.values(),
            "people": study.ballots.values("name")
            .annotate(answers=Count("pk"), last=Max("changed"))
            .order_by("name"),
            "questions": len(study.samples) * len(study.kinds),
            "links": _links(request, study),
            "form": LinkForm(),
        },
    )


def _links(request: HttpRequest, study: Study) -> list[dict[str, Any]]:
    return [
        {
            "link": link,
            "address": request.build_absolute_uri(path)
            if (path := link.get_absolute_url())
            else "",
            "guests": link.guests.count(),
        }
        for link in study.invitations.all()
    ]


def _marks(found: Json, results: Results) -> list[dict[str, Any]]:
    """Return one line per method; the numbers are written as in the report."""
    return [
        {
            "slug": one["method"],
            "title": results.title(one["method"]),
            "cells": [one[name] for name in MEASURES],
        }
        for one in found["methods"]
    ]


def _numbers(chance: Json) -> list[float | None]:
    return [chance[name] for name in MEASURES]


def _picks(found: Json, results: Results) -> list[dict[str, Any]]:
    return [
        {**one, "slug": one["method"], "title": results.title(one["method"])}
        for one in found["methods"]
    ]


@require_safe
def answers(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Return every answer as CSV, with who and when."""
    study = _mine(request, pk)
    found = Landed(study.run, tuple(study.run.jobs.all()))
    text = opinions.table([study], found.results, named=True)
    # A spreadsheet takes a file without this mark for its own old encoding.
    response = HttpResponse("\ufeff" + text, content_type="text/csv; charset=utf-8")
    name = f"parallax-answers-{str(study.pk)[:8]}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response


@require_POST
def invite(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Make a link by which people with an account may answer."""
    study, form = _mine(request, pk), LinkForm(request.POST)
    if form.is_valid():
        Invitation.made(form.expires(), study=study)
    return redirect(f"{study.get_absolute_url()}#invitations")


@require_POST
def revoke(request: HttpRequest, pk: uuid.UUID, link: int) -> HttpResponse:
    """Close an invitation, to those it let in too."""
    study = _mine(request, pk)
    get_object_or_404(study.invitations, pk=link).revoke()
    messages.success(request, "The invitation opens nothing any more.", extra_tags="good")
    return redirect(f"{study.get_absolute_url()}#invitations")


@require_POST
def close(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Take no more answers, or take them again."""
    study = _mine(request, pk)
    study.is_open = not study.is_open
    study.save(update_fields=["is_open"])
    return redirect(study)


@require_POST
def delete(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Delete a comparison with everything that people said."""
    study = _mine(request, pk)
    run = study.run_id
    study.delete()
    messages.success(request, "The comparison and its answers are deleted.", extra_tags="good")
    return redirect("people", run)
