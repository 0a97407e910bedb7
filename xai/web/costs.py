"""What a recipe would cost, by method and together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xai.runner import plan
from xai.vocabulary import Json, Recipe


def of(recipe: Recipe, model: Mapping[str, Json], dataset: Mapping[str, Json]) -> dict[str, Any]:
    """Return evaluations and seconds of every method, of measuring their faithfulness, and of all.

    Parameters
    ----------
    model, dataset
        The facts found by inspection.
    """
    methods = plan.estimate(recipe, model, dataset)
    steps = {
        name: {"slug": role, **plan.estimate_step(recipe, model, dataset, role)}
        for name, role in (("measuring", "faithfulness"), ("analyses", "analysis"))
    }
    every = (*methods, *steps.values())
    total = {name: sum(one[name] for one in every) for name in ("evaluations", "seconds")}
    return {"methods": methods, **steps, **total}
