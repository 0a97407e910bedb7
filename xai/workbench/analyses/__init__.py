"""A shard of an analysis: each has a module here, imported when it is asked for."""

from __future__ import annotations

from importlib import import_module

import numpy as np

from xai.analyses.catalogue import ANALYSES
from xai.analyses.plain import plain
from xai.vocabulary import Json, Progress, Recipe

Arrays = dict[str, np.ndarray]


def analyse(
    payload: Json, recipe: Recipe, span: tuple[int, int], progress: Progress
) -> tuple[Arrays, Json]:
    """Compute some parts of an analysis.

    Returns
    -------
    arrays
        For the ending of the analysis, or for tables of the bundle.
    facts
        `result`: what `<slug>.json` will hold, where there is one part; `evaluations`.
    """
    module = import_module(ANALYSES[payload["job"]["method"]].module)
    arrays, facts = module.analyse(payload, recipe, span, progress)
    return arrays, {"layout": "analysis", "names": [], "notes": {}, **plain(facts)}
