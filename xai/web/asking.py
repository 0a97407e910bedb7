"""An explanation asked for by a program: read by the same form as a person's."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils.datastructures import MultiValueDict

from xai.errors import InvalidParameter
from xai.methods import catalogue
from xai.vocabulary import Json, Recipe
from xai.web import fitting
from xai.web.asked import FIELDS, OF_KINDS
from xai.web.forms import RunForm
from xai.web.models import Upload

_SHA = re.compile(r"[0-9a-f]{64}")


def file_of(owner: Any, purpose: str, named: str) -> Upload:
    """Return the newest ready file of this id or SHA-256.

    Raises
    ------
    InvalidParameter
        If the owner has none.
    """
    mine = Upload.objects.for_user(owner).listed().ready().filter(purpose=purpose)
    found = mine.filter(_named(named)).first()
    if found is None:
        raise InvalidParameter(
            f"You have no {purpose} of this id or SHA-256 that passed inspection: upload it first."
        )
    return found


def form_of(model: Upload, dataset: Upload, asked: Mapping[str, Json]) -> RunForm:
    """Return a valid form.

    Parameters
    ----------
    asked
        `rows` as in a recipe, `seed`, `methods` as in a recipe (none: the recommended ones),
        `analyses` and `external` beside them, and any of `OF_KINDS`; what is
        None is guessed as the page guesses it.

    Raises
    ------
    InvalidParameter
        With the sentence that the page would show.
    """
    fit = fitting.fit(model, dataset, dataset)
    if not fit.is_fitting and model.facts.get("has_names", True):
        raise InvalidParameter(fit.reason)
    guesses = RunForm(None, model=model, dataset=dataset, fit=fit)
    answers: dict[str, list[str]] = {"seed": [str(asked.get("seed") or 0)]}
    answers |= _rows(str(asked.get("rows") or "sample:100"))
    for name in sorted(OF_KINDS):
        answers[name] = [_answer(guesses, name, asked.get(name))]
    answers |= _methods(guesses, asked.get("methods") or [])
    answers |= _further(guesses, asked.get("analyses") or [], str(asked.get("external") or ""))
    form = RunForm(MultiValueDict(answers), model=model, dataset=dataset, fit=fit)
    if not form.is_valid():
        raise InvalidParameter(_sentence(form))
    return form


def as_asked(recipe: Recipe) -> dict[str, Json]:
    """Return what a program sends to ask for this recipe again."""
    asked: dict[str, Json] = {
        "model": recipe.model,
        "dataset": recipe.dataset,
        "methods": [
            {"slug": choice.slug, "params": dict(choice.params)} for choice in recipe.methods
        ],
        "rows": recipe.rows,
        "seed": recipe.seed,
        "analyses": list(recipe.analyses),
        "external": recipe.external,
    }
    for name in sorted(FIELDS[recipe.kind]):
        value = getattr(recipe, name)
        asked[name] = list(value) if name == "features" else value
    return asked


def _named(named: str) -> Q:
    if _SHA.fullmatch(named):
        return Q(sha256=named)
    try:
        return Q(pk=UUID(named))
    except ValueError:
        raise InvalidParameter("Name a file by its id or its SHA-256.") from None


def _rows(rows: str) -> dict[str, list[str]]:
    how, _, count = rows.strip().lower().partition(":")
    if how == "all" and not count:
        return {"rows_how": ["all"]}
    if how in {"sample", "first"}:
        return {"rows_how": [how], "rows_count": [count or "0"]}
    return {"rows_how": ["list"], "rows_list": [rows]}


def _answer(form: RunForm, name: str, given: Json) -> str:
    if name not in form.fields:
        if given in (None, "", []):
            return ""
        raise InvalidParameter(f"This model is not asked for “{name}”: leave it out.")
    if given is None:
        initial = form.fields[name].initial
        return "" if initial is None else str(initial)
    if name == "replacer" and given:
        return str(file_of(form.model.owner, Upload.Purpose.MODEL, str(given)).pk)
    return "\n".join(map(str, given)) if name == "features" else str(given)


def _methods(form: RunForm, given: Sequence[Mapping[str, Json]]) -> dict[str, list[str]]:
    if not given:
        ticked = (method.card.slug for method in form.method_fields() if method.is_chosen)
        given = [{"slug": slug} for slug in ticked]
    answers: dict[str, list[str]] = {"methods": []}
    for choice in given:
        slug, params = str(choice["slug"]), choice.get("params") or {}
        if slug in answers["methods"]:
            raise InvalidParameter(f"The method {slug!r} is asked for twice.")
        answers["methods"].append(slug)
        answers |= _params(form.kind, slug, params)
    return answers


def _further(form: RunForm, slugs: Sequence[str], external: str) -> dict[str, list[str]]:
    known = [box.card.slug for box in form.further.boxes]
    for slug in slugs:
        if slug not in known:
            there = ", ".join(known) or "none"
            raise InvalidParameter(f"There is no analysis {slug!r} for this model: {there}.")
    answers = {"analyses": list(map(str, slugs))}
    if external:
        other = file_of(form.dataset.owner, Upload.Purpose.DATASET, external)
        answers["external"] = [str(other.pk)]
    return answers


def _params(kind: str, slug: str, params: Mapping[str, Json]) -> dict[str, list[str]]:
    known = catalogue.of(kind)
    if slug not in known:
        raise InvalidParameter(f"There is no method {slug!r} for this model: {', '.join(known)}.")
    read = known[slug].read(params)
    # A box that is not ticked is not sent: that is how a page says no.
    return {f"{slug}-{name}": [str(value)] for name, value in read.items() if value is not False}


def _sentence(form: RunForm) -> str:
    for name, sentences in form.errors.items():
        label = form.fields[name].label if name in form.fields else ""
        return f"{label}: {sentences[0]}" if label else str(sentences[0])
    return "The question cannot be read."
