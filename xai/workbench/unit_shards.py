"""A shard of a method whose units differ from sample to sample: one flat array, cut by lengths."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from xai.errors import ShapeMismatch
from xai.methods import catalogue
from xai.units import UnitAttribution, UnitProblem
from xai.vocabulary import Floats, Json, Progress, Recipe

Arrays = dict[str, np.ndarray]
Pose = Callable[[Json, Recipe, int, int, int], UnitProblem]


def attribute(
    pose: Pose, payload: Json, recipe: Recipe, span: tuple[int, int], progress: Progress
) -> tuple[Arrays, Json]:
    """Explain the chosen samples of a span by the method of a job.

    Returns
    -------
    arrays
        Over all explanations e, samples in order and the outputs of each in order: `rows` (e,)
        position in the dataset, `of` (e,) sample of the span, `output` (e,), `lengths` (e,) units,
        `shapes` (e, 2), `values` (sum of lengths,), and `error` likewise, `base`, `residual` (e,)
        where the method has them.
    facts
        `texts`: the names of the units of each sample; `targets`: what each explanation explains.
    """
    job = payload["job"]
    problem = pose(payload, recipe, job["seed"], *span)
    method, card = (
        catalogue.load(job["method"], recipe.kind),
        catalogue.card(job["method"], recipe.kind),
    )
    own = {name: value for name, value in job["params"].items() if name not in card.posed}
    found: UnitAttribution = method.attribute(problem, method.Params(**own), progress)
    counts = problem.output_counts
    _check(problem, found)
    shapes = _shapes(problem, found)
    arrays: Arrays = {
        "rows": np.repeat(problem.rows, counts),
        "of": np.repeat(np.arange(len(counts)), counts),
        "output": np.concatenate([np.arange(count) for count in counts]).astype(np.int64),
        "lengths": np.repeat([values.shape[1] for values in found.values], counts),
        "shapes": np.repeat(shapes, counts, axis=0),
        "values": _flat(found.values),
    }
    for name in ("base", "error", "residual"):
        parts: Sequence[Floats] | None = getattr(found, name)
        if parts is not None:
            arrays[name] = _flat(parts)
    return arrays, {
        "layout": "ragged",
        "names": [],
        "texts": [list(names) for names in problem.names],
        "targets": [target for outputs in problem.outputs for target in outputs],
        "per_sample": {name: list(facts) for name, facts in found.per_sample.items()},
        "evaluations": int(found.evaluations),
        "notes": found.notes,
    }


def _check(problem: UnitProblem, found: UnitAttribution) -> None:
    """Refuse values that do not fit the units and outputs of their sample."""
    for i, values in enumerate(found.values):
        units = int(problem.sizes[i]) if found.shapes is None else int(np.prod(found.shapes[i]))
        expected = (int(problem.output_counts[i]), units)
        if values.shape != expected:
            raise ShapeMismatch(f"Sample {i} has values of shape {values.shape}, not {expected}.")


def _shapes(problem: UnitProblem, found: UnitAttribution) -> np.ndarray:
    """Return height and width of each sample; (u, 1) for a row of units."""
    shapes = problem.shapes if found.shapes is None else found.shapes
    return np.array([(*shape, 1)[:2] for shape in shapes], dtype=np.int64).reshape(-1, 2)


def _flat(parts: Sequence[Floats]) -> Floats:
    flat = [np.asarray(part, dtype=np.float64).ravel() for part in parts]
    return np.concatenate(flat) if flat else np.zeros(0)
