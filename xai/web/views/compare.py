"""One sample, all methods side by side; the address bar holds the whole state."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from xai.web import comparison
from xai.web.landed import landed


@require_safe
def show(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show the sample that the address names, or the first one."""
    found = landed(request, pk)
    results = found.results
    state, notice = comparison.read(request.GET.dict(), results)
    context = {
        "landed": found,
        "run": found.run,
        "state": state,
        "notice": notice,
        "step": comparison.step(results, state),
        "prediction": comparison.prediction(results, state),
        "dispute": comparison.dispute(results, state.sample),
        "unit": results.unit,
        "orders": comparison.ORDERS,
        "has_wrong": any(correct is False for correct in results.predictions.correct),
        **comparison.table(results, state),
    }
    return render(request, "results/compare.html", context)
