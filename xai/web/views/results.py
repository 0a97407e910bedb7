"""The results of a run over all its samples: overview, global importance, agreement."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from xai.methods.catalogue import GENERATION, IMAGES, TABULAR, TEXT
from xai.reports import side_by_side
from xai.reports.nouns import nouns
from xai.web import faithful, lexicons, overall, pictures, summary
from xai.web.comparison import ORDERS
from xai.web.landed import Landed, landed
from xai.web.overall import View

SHORT = 8
"""Features on the overview; the global page has them all."""


def _frame(found: Landed, view: View) -> dict[str, Any]:
    return {
        "landed": found,
        "run": found.run,
        "results": found.results,
        "state": view,
        "unit": found.results.unit,
        "nouns": nouns(found.results.kind),
    }


@require_safe
def overview(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Say in words what was found, with the numbers behind it."""
    found, view = landed(request, pk), View.read(request.GET.dict())
    context = {
        "tiles": summary.tiles(found.results),
        "costs": summary.costs(found.results),
        "targets": side_by_side.targets(found.results),
        **summary.said(found.results),
    }
    if found.results.kind == TABULAR:
        context |= overall.importance(found.results, view, few=SHORT, most=SHORT)
    elif found.results.kind in {GENERATION, TEXT}:
        context["lexicon"] = lexicons.table(found.results, lexicons.View(), most=SHORT // 2)
    return render(request, "results/overview.html", _frame(found, view) | context)


@require_safe
def globally(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show the importance of every feature (or word) over all samples, by every method."""
    found, view = landed(request, pk), View.read(request.GET.dict())
    if found.results.kind in {GENERATION, TEXT}:
        words = lexicons.View.read(request.GET.dict())
        context = {"state": words, **lexicons.table(found.results, words)}
        return render(request, "texts/global.html", _frame(found, view) | context)
    if found.results.kind == IMAGES:
        query = request.GET
        shown = pictures.gallery(
            found.results, query.get("page", ""), wrong=query.get("wrong") == "1"
        )
        return render(request, "pictures/global.html", _frame(found, view) | shown)
    context = {
        "targets": side_by_side.targets(found.results),
        "orders": ORDERS,
        "drawn": overall.drawings(found.results, view),
        "stories": overall.stories(found.results),
        **overall.importance(found.results, view),
    }
    return render(request, "results/global.html", _frame(found, view) | context)


@require_safe
def agreement(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show how far the methods agree, and where they do not."""
    found, view = landed(request, pk), View.read(request.GET.dict())
    context: dict[str, Any] = {}
    if found.has_agreement:
        context = {
            "table": overall.agreement(found.results, view),
            "disputed": overall.disputed(found.results, view),
        }
    return render(request, "results/agreement.html", _frame(found, view) | context)


@require_safe
def faithfulness(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show how faithful the methods are to the model, and which of them more than others."""
    found, view = landed(request, pk), View.read(request.GET.dict())
    context: dict[str, Any] = {"is_offered": found.is_measured}
    if found.results.faithfulness:
        context |= {
            "table": faithful.page(found.results, view),
            "soft": faithful.softly(found.results),
        }
    return render(request, "results/faithfulness.html", _frame(found, view) | context)
