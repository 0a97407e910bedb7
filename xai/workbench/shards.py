"""Compute one shard: run the method, write its arrays, report what they are."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from xai.methods import catalogue
from xai.vocabulary import Json, Progress, Recipe
from xai.workbench import analyses, concept_shards, faithful, head_shards, kinds, unit_shards
from xai.workbench.versions import versions


def compute(payload: Json, progress: Progress) -> Json:
    """Compute rows (or features) `start` to `stop` of a job; arrays go to the folder `out`."""
    recipe = Recipe.from_json(payload["recipe"])
    kind, span = kinds.load(recipe.kind), (payload["start"], payload["stop"])
    began = time.perf_counter()
    if payload["job"]["role"] == "predictions":
        arrays, facts = kind.predictions(payload, recipe, span, progress)
    elif payload["job"]["role"] == "faithfulness":
        arena = kind.arena(payload, recipe, span, progress)
        arrays, facts = faithful.measure(arena, payload, recipe)
    elif payload["job"]["role"] == "analysis":
        arrays, facts = analyses.analyse(payload, recipe, span, progress)
    elif recipe.kind == catalogue.TABULAR:
        arrays, facts = kind.attribute(payload, recipe, span, progress)
    elif catalogue.card(payload["job"]["method"], recipe.kind).scope == "concepts":
        arrays, facts = concept_shards.explain(kind.concepts, payload, recipe, progress)
    elif catalogue.card(payload["job"]["method"], recipe.kind).scope == "heads":
        arrays, facts = head_shards.explain(kind.pose, payload, recipe, span, progress)
    else:
        arrays, facts = unit_shards.attribute(kind.pose, payload, recipe, span, progress)
    out = Path(payload["out"])
    for name, array in arrays.items():
        np.save(out / f"{name}.npy", array, allow_pickle=False)
    return (
        facts
        | kind.about(payload, recipe)
        | {
            "kind": recipe.kind,
            "arrays": sorted(arrays),
            "seconds": time.perf_counter() - began,
            "libraries": versions(),
        }
    )
