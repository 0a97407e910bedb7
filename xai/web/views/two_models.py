"""Two models on the same data: which runs can be put beside one, and what the two say."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from xai.reports import two_models
from xai.reports.nouns import nouns
from xai.runner.two_models import beside
from xai.web.landed import Landed, landed
from xai.web.models import Run

LISTED_MOST = 50
_TITLES = {
    "performance": "How right each is",
    "agreement": "How alike their explanations are",
    "caution": "What not to conclude",
}


@require_safe
def show(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show a run beside another one of the same data, or the runs to choose from."""
    found = landed(request, pk)
    others = _others(request, found.run)
    chosen = _chosen(request, others)
    context: dict[str, Any] = {
        "landed": found,
        "run": found.run,
        "results": found.results,
        "nouns": nouns(found.results.kind),
        "others": others,
        "other": chosen,
    }
    if chosen is not None:
        context |= _compared(found, landed(request, chosen.pk))
    return render(request, "results/two_models.html", context)


def _others(request: HttpRequest, run: Run) -> list[Run]:
    """Return the owner's other runs with results on the same data, by models of the same kind."""
    runs = Run.objects.for_user(request.user).listed().select_related("model", "dataset")
    alike = runs.filter(dataset__sha256=run.dataset.sha256).exclude(pk=run.pk)[:LISTED_MOST]
    return [one for one in alike if one.recipe.kind == run.recipe.kind and one.has_results]


def _chosen(request: HttpRequest, others: list[Run]) -> Run | None:
    """Return the run that the address names; 404 where it is none of them."""
    asked = request.GET.get("with", "")
    if not asked:
        return None
    found = next((one for one in others if str(one.pk) == asked), None)
    if found is None:
        raise Http404("There is no such run on the same data.")
    return found


def _compared(first: Landed, second: Landed) -> dict[str, Any]:
    names = _names(first.run, second.run)
    found = beside(first.results, second.results, names)
    said = two_models.sentences(found)
    groups = [
        (title, [one for one in said if one.topic == topic]) for topic, title in _TITLES.items()
    ]
    return {"found": found, "said": [group for group in groups if group[1]]}


def _names(first: Run, second: Run) -> tuple[str, str]:
    """Return the names of the models, told apart where they are called alike."""
    own, other = first.model.name, second.model.name
    if own != other:
        return own, other
    return f"{own} ({first.created:%d %b %H:%M})", f"{other} ({second.created:%d %b %H:%M})"
