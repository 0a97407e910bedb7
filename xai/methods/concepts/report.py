"""What was found, put together: concepts with their crops, every image's share, facts in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from xai.methods.concepts import layers, maps, split, views
from xai.methods.concepts.classes import Explained, interval, sobol_interval
from xai.methods.concepts.crops import Box
from xai.methods.concepts.split import Part
from xai.methods.concepts.views import Tally
from xai.methods.concepts.words import (
    Bounded,
    Concept,
    ConceptProblem,
    ConceptResult,
    Crop,
    Cut,
)
from xai.vocabulary import Floats, Json

if TYPE_CHECKING:
    from xai.methods.concepts.craft import Params

CROPS = 10
SPLIT_MOST = 3
"""Concepts per class that are tried for recursion, the most important ones."""

Parts = dict[int, tuple[str, Part]]
"""By concept: the earlier layer's name, and what the concept holds there."""


def take_apart(
    problem: ConceptProblem,
    cuts: Sequence[Cut],
    cut: Cut,
    found: Explained,
    params: Params,
    tally: Tally,
) -> Parts:
    """Take the most important concepts of a class apart at an earlier layer."""
    before = None if params.split == "none" else layers.earlier(cuts, cut)
    if before is None:
        return {}
    targets = np.full(len(problem.rows), found.group.target, dtype=np.int64)
    parts: Parts = {}
    for concept in found.order[:SPLIT_MOST].tolist():
        shown = _shown(found, concept)
        part = split.take_apart(
            problem, before, shown, targets, tally, is_forced=params.split == "all"
        )
        if part is not None:
            parts[concept] = (before.name, part)
    return parts


def result(
    problem: ConceptProblem,
    cut: Cut,
    explained: Sequence[tuple[Explained, Parts]],
    params: Params,
    evaluations: int,
    notes: dict[str, Json],
) -> ConceptResult:
    """Give every concept a number, and lay out every pair of image and concept."""
    concepts: list[Concept] = []
    columns: dict[str, list[NDArray[Any]]] = {name: [] for name in _COLUMNS}
    for found, parts in explained:
        drawn = _maps(problem, cut, found, params)
        rows = problem.rows[found.joined.views.of[found.places]]
        indices = found.totals.per_image().numpy()
        means = found.score.means.double().numpy()
        for rank, concept in enumerate(found.order.tolist(), start=1):
            one = _concept(problem, found, concept, (len(concepts), rank), params.order)
            concepts.append(one)
            columns["samples"].append(rows)
            columns["concepts"].append(np.full(len(rows), one.id))
            columns["coefficients"].append(means[:, concept])
            columns["importances"].append(found.values[:, concept].numpy())
            columns["sobols"].append(indices[:, concept])
            columns["maps"].append(drawn[:, concept])
            if concept in parts:
                concepts += _parts(problem, one, *parts[concept], first=len(concepts))
    laid = {name: np.concatenate(parts) for name, parts in columns.items()}
    return ConceptResult(
        found=tuple(concepts),
        samples=laid["samples"].astype(np.int64),
        concepts=laid["concepts"].astype(np.int64),
        coefficients=laid["coefficients"],
        importances=laid["importances"],
        sobols=laid["sobols"],
        maps=laid["maps"],
        evaluations=evaluations,
        notes=notes,
    )


_COLUMNS = ("samples", "concepts", "coefficients", "importances", "sobols", "maps")


def _shown(found: Explained, concept: int) -> tuple[split.Shown, ...]:
    """Return the crops of this class's images that show a concept most."""
    joined = found.joined
    mine = np.isin(joined.rows.image, found.places)
    codes = torch.where(torch.from_numpy(mine), joined.codes[:, concept], 0.0)
    return split.shown_by(joined.rows, codes, joined.views.of)


def _concept(
    problem: ConceptProblem,
    found: Explained,
    concept: int,
    numbers: tuple[int, int],
    estimator: str,
) -> Concept:
    """Return a concept with its `numbers`, id and rank."""
    joined = found.joined
    mine = np.isin(joined.rows.image, found.places)
    codes = torch.where(torch.from_numpy(mine), joined.codes[:, concept], 0.0)
    crops = tuple(
        _crop(
            problem, int(joined.views.of[joined.rows.image[row]]), joined.rows.box(row), codes[row]
        )
        for row in views.best_rows(codes, joined.rows, CROPS)
    )
    shared: dict[str, Json] = {"dictionary_concept": concept} if joined.group.target < 0 else {}
    if estimator not in {"gradient_input", "sobol"}:
        value, low, high = (_plain(float(x)) for x in found.chosen[:, concept])
        shared["chosen"] = {"estimator": estimator, "value": value, "low": low, "high": high}
    return Concept(
        numbers[0],
        f"Concept {numbers[1]}",
        problem.outputs[found.group.target],
        joined.head.cut.name,
        _bounded(found.importance[:, concept]),
        _bounded(found.sobol[:, concept]),
        crops=crops,
        facts=shared,
    )


def _parts(
    problem: ConceptProblem, parent: Concept, layer: str, part: Part, *, first: int
) -> list[Concept]:
    """Return the parts of a concept, most supporting first."""
    importance, sobol = (
        interval(part.values, problem.seed),
        sobol_interval(part.totals, problem.seed),
    )
    found = []
    for rank, i in enumerate(np.argsort(-importance[0], kind="stable").tolist()):
        order = torch.argsort(part.codes[:, i], descending=True, stable=True).tolist()
        best = [at for at in order if float(part.codes[at, i]) > 0][:CROPS]
        found.append(
            Concept(
                first + rank,
                f"{parent.name}.{rank + 1}",
                parent.target,
                layer,
                _bounded(importance[:, i]),
                _bounded(sobol[:, i]),
                crops=tuple(
                    _crop(problem, part.shown[at].image, part.shown[at].box, part.codes[at, i])
                    for at in best
                ),
                parent=parent.id,
                facts={
                    "silhouette": part.silhouette,
                    "likeness": part.likeness,
                    "logit_error": _plain(part.logit_error),
                    "images": len(part.of),
                },
            )
        )
    return found


def _crop(problem: ConceptProblem, image: int, box: Box, coefficient: torch.Tensor) -> Crop:
    row = int(problem.rows[image])
    return Crop(row, box.x, box.y, box.width, box.height, float(coefficient))


def _maps(problem: ConceptProblem, cut: Cut, found: Explained, params: Params) -> Floats:
    """Return the maps of every concept in every image (n, r, height, width)."""
    joined = found.joined
    codes = joined.image_codes[torch.from_numpy(found.places)]
    if params.maps == "coefficients" or joined.dictionary.coder is not None:
        return maps.coefficient_maps(codes)
    seen = joined.views[found.places]
    if params.maps == "pixels" and cut.has_gradient:
        return maps.pixel_maps(problem, cut, seen, joined.dictionary)
    return maps.layer_maps(seen, joined.dictionary)


def _bounded(numbers: Floats) -> Bounded:
    value, low, high = (float(x) for x in numbers)
    return Bounded(value, low, high)


def _plain(number: float) -> float | None:
    return None if np.isnan(number) else number
