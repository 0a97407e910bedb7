"""A job of a concept method: all chosen samples at once, one shard."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from xai.methods import catalogue
from xai.methods.concepts.words import Bounded, Concept, ConceptProblem, ConceptResult
from xai.vocabulary import Json, Progress, Recipe

Arrays = dict[str, np.ndarray]
Concepts = Callable[[Json, Recipe, int], ConceptProblem]


def explain(
    pose: Concepts, payload: Json, recipe: Recipe, progress: Progress
) -> tuple[Arrays, Json]:
    """Find the concepts of a job in all its samples.

    Returns
    -------
    arrays
        Over all pairs e of a sample and a concept of its class: `samples`, `concepts`,
        `coefficients`, `importances`, `sobols` (e,), and `maps` (e, height, width) as float32.
    facts
        `concepts`: what is known of each, as in `concepts.json` of the bundle.
    """
    job = payload["job"]
    problem = pose(payload, recipe, job["seed"])
    method = catalogue.load(job["method"], recipe.kind)
    found: ConceptResult = method.explain(problem, method.Params(**job["params"]), progress)
    arrays: Arrays = {
        "samples": found.samples,
        "concepts": found.concepts,
        "coefficients": found.coefficients,
        "importances": found.importances,
        "sobols": found.sobols,
        "maps": found.maps.astype(np.float32),
    }
    return arrays, {
        "layout": "concepts",
        "names": [],
        "concepts": [as_json(concept) for concept in found.found],
        "evaluations": int(found.evaluations),
        "notes": found.notes,
    }


def as_json(concept: Concept) -> dict[str, Json]:
    """Return a concept as `concepts.json` holds it; None where a number is undefined."""
    sobol = _numbers(concept.sobol)
    return {
        "id": concept.id,
        "name": concept.name,
        "class": concept.target,
        "layer": concept.layer,
        "importance": _plain(concept.importance.value),
        "low": _plain(concept.importance.low),
        "high": _plain(concept.importance.high),
        "sobol": sobol,
        "parent": concept.parent if concept.parent >= 0 else None,
        "crops": [
            {
                "sample": crop.sample,
                "x": crop.x,
                "y": crop.y,
                "width": crop.width,
                "height": crop.height,
                "coefficient": crop.coefficient,
            }
            for crop in concept.crops
        ],
        "facts": concept.facts,
    }


def _numbers(bounded: Bounded) -> dict[str, Json]:
    names = ("value", "low", "high")
    return {name: _plain(getattr(bounded, name)) for name in names}


def _plain(number: float) -> float | None:
    return number if math.isfinite(number) else None
