"""Concepts held against what people say of the images: existence, location, global importance.

Concepts found without names are first matched to the annotations, on half of the images; the
measures are taken on the other half. A concept's match with an annotation is how far its maps and
the masks overlap, or how well its coefficient tells images with the annotation from others, each
freed of chance: 0 is chance, 1 perfect. Matches are one to one (Hungarian), weak ones are left out.
Source: Aysel et al., Concept-based explainable artificial intelligence: metrics and benchmarks,
2025, https://arxiv.org/abs/2501.19271: concept existence (CEM), location (CLM), global importance
(CGIM). Departures: the match, because concepts of CRAFT have no names; chance levels; beside the
point measure of location three on whole masks.
Cost: no evaluation of the model.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.stats import rankdata

from xai.methods.concepts import located
from xai.methods.concepts.importance_of_classes import agreement
from xai.vocabulary import Floats, Integers, Json

if TYPE_CHECKING:
    from xai.methods.concepts.words import Annotated, Concept, ConceptProblem, ConceptResult

TOPS = (1, 3, 5)
LEAST = {"masks": 0.1, "labels": 0.2}
"""Least match, freed of chance: 0.2 is an area of 0.6 under the curve."""
IMAGES_LEAST = 3
"""Images with and without an annotation that a match needs."""

Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Unit:
    """The images of a class, or of all with one dictionary, and its r concepts in them.

    Attributes
    ----------
    target : str
        The class; "" for all.
    images : array of shape (n,)
        Places in the problem.
    kinds : array of shape (n,)
        The explained class of each image, by its place in the model's outputs.
    amounts, values : arrays of shape (n, r)
        Mean coefficient; gradient × coefficient for the image's class.
    maps : array of shape (n, r, y, x)
    """

    target: str
    names: tuple[str, ...]
    images: Integers
    kinds: Integers
    amounts: Floats
    values: Floats
    maps: Floats

    def half(self, which: int) -> Unit:
        """Return every second image of each class, from the first (0) or the second (1)."""
        nth = np.zeros(len(self.kinds), dtype=np.int64)
        for kind in np.unique(self.kinds):
            nth[self.kinds == kind] = np.arange((self.kinds == kind).sum())
        mine = nth % 2 == which
        return Unit(
            self.target, self.names, self.images[mine], self.kinds[mine], self.amounts[mine],
            self.values[mine], self.maps[mine],
        )  # fmt: skip


def measure(problem: ConceptProblem, found: ConceptResult) -> list[dict[str, Json]]:
    """Return the measures of every dictionary; none where nothing is said of the images."""
    given = problem.annotations
    if given is None:
        return []
    return [_measured(problem, given, unit) for unit in units(problem, found)]


def units(problem: ConceptProblem, found: ConceptResult) -> list[Unit]:
    """Lay the pairs of image and concept out, by dictionary."""
    top = [concept for concept in found.found if concept.parent < 0]
    shared = [c for c in top if "dictionary_concept" in c.facts]
    targets = [""] if shared else list(dict.fromkeys(concept.target for concept in top))
    place = {int(row): i for i, row in enumerate(problem.rows)}
    return [_unit(problem, found, [c for c in top if target in {"", c.target}], target, place)
            for target in targets]  # fmt: skip


def _unit(
    problem: ConceptProblem,
    found: ConceptResult,
    mine: list[Concept],
    target: str,
    place: dict[int, int],
) -> Unit:
    column = {c.id: int(c.facts.get("dictionary_concept", i)) for i, c in enumerate(mine)}
    kind = {c.id: problem.outputs.index(c.target) for c in mine}
    pairs = np.flatnonzero(np.isin(found.concepts, list(column)))
    rows, at = np.unique(found.samples[pairs], return_inverse=True)
    to = np.array([column[int(c)] for c in found.concepts[pairs]])
    shape = (len(rows), max(column.values()) + 1)
    amounts, values = np.zeros(shape), np.zeros(shape)
    maps = np.zeros((*shape, *found.maps.shape[1:]))
    kinds = np.zeros(len(rows), dtype=np.int64)
    amounts[at, to], values[at, to] = found.coefficients[pairs], found.importances[pairs]
    maps[at, to] = found.maps[pairs]
    kinds[at] = [kind[int(c)] for c in found.concepts[pairs]]
    names = [f"Concept {i + 1}" for i in range(shape[1])]
    if target:
        names = [c.name for c in mine]
    images = np.array([place[int(row)] for row in rows], dtype=np.int64)
    return Unit(target, tuple(names), images, kinds, amounts, values, maps)


def _measured(problem: ConceptProblem, given: Annotated, unit: Unit) -> dict[str, Json]:
    masks = _remembered(given)
    first, second = unit.half(0), unit.half(1)
    scores = _scores(given, first, masks)
    matched = match(scores, np.array([LEAST[_by(given, a)] for a in range(len(given.names))]))
    present = _present(given, second, masks)
    where = located.measure(given, second, matched, masks, present)
    return {
        "target": unit.target,
        "matched_on": len(first.images),
        "scored_on": len(second.images),
        "concepts": [
            _line(given, unit.names[i], matched[i], scores[i], where.get(i))
            for i in range(len(unit.names))
        ],
        "matched": float((matched >= 0).mean()),
        "existence": existence(second.values, matched, present),
        "location": located.mean(list(where.values())),
        "importance": agreement(problem, second, matched, present),
    }


def match(scores: Floats, least: Floats) -> Integers:
    """Return the annotation of each concept, -1 for none, by the best sum of scores (r, l)."""
    known = np.where(np.isnan(scores), -1.0, scores)
    found = np.full(len(scores), -1, dtype=np.int64)
    for i, a in zip(*linear_sum_assignment(-known.clip(min=0)), strict=True):
        if known[i, a] >= least[a]:
            found[i] = a
    return found


def existence(values: Floats, matched: Integers, present: Floats) -> list[dict[str, Json]]:
    """Return how often the most important concepts of an image are there, by how many are asked.

    Parameters
    ----------
    values : array of shape (n, r)
    matched : array of shape (r,)
    present : array of shape (n, l), NaN unknown

    Returns
    -------
    list of dict
        `value`: share of the `top` matched concepts whose annotation the image has; `chance`: the
        same under a random match of the same concepts, exactly.
    """
    kept = np.flatnonzero(matched >= 0)
    there = present[:, matched[kept]]
    known = ~np.isnan(there).any(axis=1) if len(kept) else np.zeros(len(present), dtype=bool)
    if not known.any():
        return []
    there = there[known]
    order = np.argsort(-values[known][:, kept], axis=1, kind="stable")
    ranked = np.take_along_axis(there, order, axis=1)
    return [
        {
            "top": top,
            "value": float(ranked[:, :top].mean()),
            "chance": float(there.mean()),
            "images": int(known.sum()),
        }
        for top in TOPS
        if top < len(kept) or top == 1
    ]


def _scores(given: Annotated, unit: Unit, masks: Callable[[int, Integers], Bools]) -> Floats:
    """Return the match of every concept with every annotation, freed of chance: (r, l)."""
    present = _present(given, unit, masks)
    found = np.full((len(unit.names), len(given.names)), np.nan)
    for a, is_masked in enumerate(given.has_masks):
        there = present[:, a] == 1
        if is_masked and there.sum() >= IMAGES_LEAST:
            some = np.flatnonzero(there)
            found[:, a] = located.match(unit.maps[some], masks(a, unit.images[some]))
        elif not is_masked:
            found[:, a] = telling(unit.amounts, present[:, a])
    return found


def telling(amounts: Floats, present: Floats) -> Floats:
    """Return 2 · AUROC - 1 of each concept's amount (n, r) for an annotation (n,), (r,).

    NaN where too few images have it, or too few do not.
    """
    yes, no = present == 1, present == 0
    if min(yes.sum(), no.sum()) < IMAGES_LEAST:
        return np.full(amounts.shape[1], np.nan)
    ranks = rankdata(amounts[yes | no], axis=0)[yes[yes | no]].sum(axis=0)
    above = ranks - yes.sum() * (yes.sum() + 1) / 2
    return np.asarray(2 * above / (yes.sum() * no.sum()) - 1)


def _present(given: Annotated, unit: Unit, masks: Callable[[int, Integers], Bools]) -> Floats:
    """Return which annotations images have; one whose mask is empty is not there."""
    found = given.present[unit.images].copy()
    for a in np.flatnonzero(given.has_masks):
        some = np.flatnonzero(found[:, a] == 1)
        if len(some):
            empty = ~masks(int(a), unit.images[some]).any(axis=(1, 2))
            found[some[empty], a] = 0
    return found


def _remembered(given: Annotated) -> Callable[[int, Integers], Bools]:
    """Return the masks of images, each prepared once."""
    kept: dict[tuple[int, int], Bools] = {}

    def masks(concept: int, of: Integers) -> Bools:
        new = [int(i) for i in of if (concept, int(i)) not in kept]
        if new:
            made = given.masks(concept, np.array(new))
            kept.update({(concept, i): one for i, one in zip(new, made, strict=True)})
        return np.stack([kept[concept, int(i)] for i in of])

    return masks


def _by(given: Annotated, annotation: int) -> str:
    return "masks" if given.has_masks[annotation] else "labels"


def _line(
    given: Annotated, name: str, annotation: int, scores: Floats, where: Json
) -> dict[str, Json]:
    if annotation < 0:
        return {"concept": name, "annotation": None}
    return {
        "concept": name,
        "annotation": given.names[annotation],
        "by": _by(given, annotation),
        "match": float(scores[annotation]),
        "location": where,
    }
