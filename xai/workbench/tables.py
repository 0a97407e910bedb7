"""Models for tables: what a shard of theirs computes, and whether model and data go together."""

from __future__ import annotations

import numpy as np

from xai.assets import matching
from xai.assets.table import Table
from xai.methods import catalogue
from xai.vocabulary import Attribution, Floats, Importance, Integers, Json, Progress, Recipe
from xai.workbench import gaps, table_arena
from xai.workbench.arena import Arena
from xai.workbench.opened import Opened, load, open_recipe, read
from xai.workbench.problems import pose

Arrays = dict[str, np.ndarray]
Span = tuple[int, int]


def fit(payload: Json) -> Json:
    """Say whether a model runs on a dataset, and what was noticed on the way."""
    model = load(payload["model"], payload["format"])
    table = read(payload["dataset"])
    facts = model.facts
    label = payload.get("label") or matching.guess_label(
        table.columns, facts.features, facts.outputs, has_names=facts.has_names
    )
    match = matching.match(
        facts.features,
        table.columns,
        has_names=facts.has_names,
        order=tuple(payload.get("features", ())),
        label=label,
    )
    columns = tuple(table.columns[i] for i in match.indices)
    narrow = Table(columns, table.matrix[:, list(match.indices)])
    rows, notes = gaps.usable(facts, narrow)
    model.bind(columns).outputs(narrow.matrix[rows[:2]])
    return {"notes": [*match.notes, *notes], "label": label}


def about(payload: Json, recipe: Recipe) -> Json:
    """Return what every result says of the model: unit, problem, outputs, and warnings."""
    opened = opened_for(payload, recipe)
    return {
        "unit": opened.facts.output,
        "problem": opened.facts.problem,
        "outputs": list(opened.facts.outputs),
        "warnings": list(opened.notes),
    }


def opened_for(payload: Json, recipe: Recipe) -> Opened:
    """Return the model bound to the dataset; the last recipe stays open."""
    return open_recipe(payload["model"], payload["format"], payload["dataset"], recipe)


def predictions(
    payload: Json, recipe: Recipe, span: Span, _progress: Progress
) -> tuple[Arrays, Json]:
    """Return what the model says of the chosen rows of a span, and how a person reads them."""
    opened = opened_for(payload, recipe)
    rows: Integers = opened.chosen[slice(*span)]
    inputs = opened.table.matrix[rows]
    outputs = opened.outputs(inputs)
    arrays: Arrays = {
        "rows": rows,
        "targets": opened.targets(outputs, recipe.target),
        "outputs": outputs,
        "inputs": inputs,
    }
    shares = opened.bound.probabilities(inputs)
    if shares is not None:
        arrays["probabilities"] = np.asarray(shares, dtype=np.float64)
    if opened.labels is not None:
        arrays["labels"] = opened.labels[rows]
    columns = opened.table.columns
    return arrays, {
        "names": [column.name for column in columns],
        "columns": [
            {"kind": c.kind, "is_integer": c.is_integer, "categories": list(c.categories)}
            for c in columns
        ],
        "evaluations": len(rows),
        "notes": {},
    }


def attribute(payload: Json, recipe: Recipe, span: Span, progress: Progress) -> tuple[Arrays, Json]:
    """Explain the chosen rows of a span by the method of a job."""
    opened, job = opened_for(payload, recipe), payload["job"]
    if catalogue.card(job["method"]).scope == "global":
        return _rank(opened, recipe, job, span, progress)
    problem, targets = pose(opened, recipe, job["seed"], *span)
    method = catalogue.load(job["method"])
    result: Attribution = method.attribute(problem, method.Params(**job["params"]), progress)
    arrays: Arrays = {"rows": problem.rows, "targets": targets, "values": result.values}
    for name in ("base", "error", "residual", "pairs", "pair_error"):
        array: Floats | None = getattr(result, name)
        if array is not None:
            arrays[name] = array
    return arrays, {
        "names": list(result.names),
        "members": result.members,
        "evaluations": int(result.evaluations),
        "notes": result.notes,
    }


def arena(payload: Json, recipe: Recipe, span: Span, progress: Progress) -> Arena:
    """Return where the methods are measured on the chosen rows of a span."""
    opened = opened_for(payload, recipe)
    return table_arena.arena(opened, recipe, payload["job"]["seed"], span, progress)


def _rank(
    opened: Opened, recipe: Recipe, job: Json, span: Span, progress: Progress
) -> tuple[Arrays, Json]:
    card = catalogue.card(job["method"])
    problem, _targets = pose(opened, recipe, job["seed"], 0, len(opened.chosen))
    method = catalogue.load(job["method"])
    features = range(*span) if card.slices == "features" else None
    ranked: tuple[Importance, ...] = method.rank(
        problem, method.Params(**job["params"]), progress, features
    )
    arrays: Arrays = {}
    for position, importance in enumerate(ranked):
        arrays[f"values{position}"] = importance.values
        if importance.low is not None and importance.high is not None:
            arrays[f"low{position}"] = importance.low
            arrays[f"high{position}"] = importance.high
    return arrays, {
        "importances": [
            {"variant": i.variant, "unit": i.unit, "names": list(i.names)} for i in ranked
        ],
        "names": list(ranked[0].names) if ranked else [],
        "evaluations": sum(i.evaluations for i in ranked),
        "notes": ranked[0].notes if ranked else {},
    }
