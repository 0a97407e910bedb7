"""Compute one shard: run the method, write its arrays, report what they are."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from xai.methods import catalogue
from xai.vocabulary import Attribution, Floats, Importance, Integers, Json, Progress, Recipe
from xai.workbench.opened import Opened, open_recipe
from xai.workbench.problems import pose
from xai.workbench.versions import versions


def compute(payload: Json, progress: Progress) -> Json:
    """Compute rows (or features) `start` to `stop` of a job; arrays go to the folder `out`."""
    recipe = Recipe.from_json(payload["recipe"])
    opened = open_recipe(payload["model"], payload["format"], payload["dataset"], recipe)
    job, span = payload["job"], (payload["start"], payload["stop"])
    began = time.perf_counter()
    if job["role"] == "predictions":
        arrays, facts = _predictions(opened, recipe, span)
    elif catalogue.card(job["method"], recipe.kind).scope == "global":
        arrays, facts = _rank(opened, recipe, job, span, progress)
    else:
        arrays, facts = _attribute(opened, recipe, job, span, progress)
    out = Path(payload["out"])
    for name, array in arrays.items():
        np.save(out / f"{name}.npy", array, allow_pickle=False)
    return facts | {
        "arrays": sorted(arrays),
        "unit": opened.facts.output,
        "problem": opened.facts.problem,
        "outputs": list(opened.facts.outputs),
        "warnings": list(opened.notes),
        "seconds": time.perf_counter() - began,
        "libraries": versions(),
    }


Arrays = dict[str, np.ndarray]


def _attribute(
    opened: Opened, recipe: Recipe, job: Json, span: tuple[int, int], progress: Progress
) -> tuple[Arrays, Json]:
    problem, targets = pose(opened, recipe, job["seed"], *span)
    method = catalogue.load(job["method"], recipe.kind)
    result: Attribution = method.attribute(problem, method.Params(**job["params"]), progress)
    arrays: Arrays = {"rows": problem.rows, "targets": targets, "values": result.values}
    for name in ("base", "error", "residual"):
        array: Floats | None = getattr(result, name)
        if array is not None:
            arrays[name] = array
    return arrays, {
        "names": list(result.names),
        "members": result.members,
        "evaluations": int(result.evaluations),
        "notes": result.notes,
    }


def _rank(
    opened: Opened, recipe: Recipe, job: Json, span: tuple[int, int], progress: Progress
) -> tuple[Arrays, Json]:
    card = catalogue.card(job["method"], recipe.kind)
    problem, _targets = pose(opened, recipe, job["seed"], 0, len(opened.chosen))
    method = catalogue.load(job["method"], recipe.kind)
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


def _predictions(opened: Opened, recipe: Recipe, span: tuple[int, int]) -> tuple[Arrays, Json]:
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
