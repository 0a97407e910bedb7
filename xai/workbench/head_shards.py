"""A job of attention heads: the first chosen samples, one shard."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from xai.methods import catalogue
from xai.methods.attention.heads import HeadsResult
from xai.units import UnitProblem
from xai.vocabulary import Json, Progress, Recipe

Arrays = dict[str, np.ndarray]
Pose = Callable[[Json, Recipe, int, int, int], UnitProblem]


def explain(
    pose: Pose, payload: Json, recipe: Recipe, span: tuple[int, int], progress: Progress
) -> tuple[Arrays, Json]:
    """Look at every head of the first samples of a job.

    Returns
    -------
    arrays
        `rows`, `lengths` (n,); `maps` of all samples one after another, (layers, heads, t, t) each,
        as float32; `entropy` and `effect` (n * layers * heads,); `alike`, (labels, t) each; where
        the model shows it, `attended`, (outputs, t) each.
    facts
        `labels`: those whose names have an embedding; `attending`: all outputs.
    """
    job = payload["job"]
    method = catalogue.load(job["method"], recipe.kind)
    problem = pose(payload, recipe, job["seed"], *span)
    found: HeadsResult = method.explain(problem, method.Params(**job["params"]), progress)
    arrays: Arrays = {
        "rows": problem.rows[found.samples],
        "lengths": problem.sizes[found.samples],
        "maps": np.concatenate([one.astype(np.float32).ravel() for one in found.maps]),
        "entropy": found.entropy.ravel(),
        "alike": np.concatenate([one.ravel() for one in found.alike]),
    }
    if found.effect is not None:
        arrays["effect"] = found.effect.ravel()
    if found.attended is not None:
        arrays["attended"] = np.concatenate([one.ravel() for one in found.attended])
    return arrays, {
        "layout": "heads",
        "names": [],
        "labels": list(found.labels),
        "attending": list(found.outputs),
        "evaluations": int(found.evaluations),
        "notes": found.notes,
    }
