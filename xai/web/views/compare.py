"""One sample, all methods side by side; the address bar holds the whole state."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from xai.methods.catalogue import GENERATION, IMAGES, TABULAR
from xai.web import comparison, pictures, texts, written
from xai.web.landed import Landed, landed


@require_safe
def show(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show the sample that the address names, or the first one."""
    found = landed(request, pk)
    query = request.GET.dict()
    if found.results.kind == TABULAR:
        return render(request, "results/compare.html", _table(found, query))
    if found.results.kind == IMAGES:
        return render(request, "pictures/compare.html", _picture(found, query))
    return render(request, "texts/compare.html", _text(found, query))


def _table(found: Landed, query: dict[str, str]) -> dict[str, Any]:
    state, notice = comparison.read(query, found.results)
    return {
        **_sample(found, state, notice),
        "orders": comparison.ORDERS,
        **comparison.table(found.results, state),
    }


def _text(found: Landed, query: dict[str, str]) -> dict[str, Any]:
    state, notice = texts.read(query, found.results)
    shown = texts.side_by_side(found.results, state)
    if found.results.kind == GENERATION:
        shown |= written.of(found.results, state)
    return {**_sample(found, state, notice), **shown}


def _picture(found: Landed, query: dict[str, str]) -> dict[str, Any]:
    state, notice = pictures.read(query, found.results)
    return {**_sample(found, state, notice), **pictures.side_by_side(found.results, state)}


def _sample(found: Landed, state: comparison.Going, notice: str) -> dict[str, Any]:
    """Return what the page says of a sample of any kind."""
    results = found.results
    return {
        "landed": found,
        "run": found.run,
        "state": state,
        "notice": notice,
        "step": comparison.step(results, state),
        "prediction": comparison.prediction(results, state),
        "dispute": comparison.dispute(results, state.sample),
        "unit": results.unit,
        "has_wrong": any(correct is False for correct in results.predictions.correct),
    }
