"""Explanations over the same units, sample by sample: what the strategic cluster graph is made of.

Features of a table as they are; the words of texts and of prompts, summed over their places and
over the written tokens; the concepts of pictures, each of its own class; places of pictures, the
attribution summed over the cells of a coarse grid.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from xai.evaluation.agreement import CONTROL
from xai.figures.tokens import pieces, values_of
from xai.methods.catalogue import IMAGES
from xai.reports.method import MethodResult
from xai.reports.results import Results
from xai.vocabulary import Floats, Integers

UNITS_MOST = 400
"""Words that may be units, those with the most attribution: rare ones tell no strategy."""
PLACES = 6
"""Cells along each side of a picture: a mark in a corner fills one."""
SAMPLES_MOST = 2_000
"""More are drawn from: a picture holds no more points."""
CONTRASTED = 8
"""Units that tell a selection from the rest."""
DRAWN = 0
"""Seed of the draw."""


@dataclass(frozen=True, slots=True, eq=False)
class Vectors:
    """Explanations over the same units: n samples, d units; NaN where a unit is absent."""

    samples: Integers
    names: tuple[str, ...]
    values: Floats


def methods_of(results: Results) -> list[MethodResult]:
    """Return the methods that a graph can be made of: concepts, Shapley values, signed, others."""
    concepts = [method for method in results.methods if method.scope == "concepts"]
    local = [method for method in results.local_methods() if method.family != CONTROL]
    local.sort(key=lambda method: (method.slug != "shapley", not method.is_signed))
    return concepts + local


def lay_out(results: Results, method: MethodResult) -> Vectors:
    """Return the explanations of a method; of very many samples some."""
    found = _all(results, method)
    if len(found.samples) <= SAMPLES_MOST:
        return found
    draw = np.random.default_rng([DRAWN, len(found.samples)])
    kept = np.sort(draw.choice(len(found.samples), SAMPLES_MOST, replace=False))
    return Vectors(found.samples[kept], found.names, found.values[kept])


def contrast(found: Vectors, chosen: NDArray[np.bool_]) -> list[tuple[str, float, float]]:
    """Return the units that tell chosen samples (n,) from the rest: name, mean, mean of the rest.

    The mean of the rest is NaN where all samples are chosen. A unit that is absent counts as 0.
    """
    values = np.nan_to_num(found.values)
    own = values[chosen].mean(axis=0)
    rest = values[~chosen].mean(axis=0) if (~chosen).any() else np.full(len(own), np.nan)
    telling = np.abs(own) + np.abs(own - np.nan_to_num(rest))
    order = np.argsort(-telling, kind="stable")[:CONTRASTED]
    return [(found.names[i], float(own[i]), float(rest[i])) for i in order if telling[i] > 0]


def _all(results: Results, method: MethodResult) -> Vectors:
    if method.scope == "concepts":
        return _concepts(method)
    if method.is_ragged:
        return _places(method) if results.kind == IMAGES else _words(results, method)
    return Vectors(method.samples, tuple(method.names), method.values.astype(np.float64))


def _concepts(method: MethodResult) -> Vectors:
    """Lay every image out over the concepts of all classes; those of other classes are absent."""
    table = pq.read_table(method.folder / "concepts.parquet")
    columns = (table.column(name).to_numpy() for name in ("sample", "concept", "importance"))
    samples, concepts, values = columns
    found = method.job["concepts"]
    several = len({concept["class"] for concept in found}) > 1
    top = [concept for concept in found if concept["parent"] is None]
    rows, at = np.unique(samples, return_inverse=True)
    place = {concept["id"]: i for i, concept in enumerate(top)}
    laid = np.full((len(rows), len(top)), np.nan)
    laid[at, [place[int(concept)] for concept in concepts]] = values
    names = (f"{c['class']}: {c['name']}" if several else c["name"] for c in top)
    return Vectors(rows, tuple(names), laid)


def _places(method: MethodResult) -> Vectors:
    """Sum the attributions of every picture over the cells of a coarse grid."""
    ragged = method.ragged
    laid = np.zeros((len(ragged), PLACES * PLACES))
    for position in range(len(ragged)):
        height, width = (*ragged.shape(position), 1)[:2]
        down, across = (np.arange(side) * PLACES // side for side in (height, width))
        cells = (down[:, None] * PLACES + across[None]).ravel()
        laid[position] = np.bincount(cells, ragged.values(position), PLACES * PLACES)
    names = [f"row {y + 1}, column {x + 1}" for y in range(PLACES) for x in range(PLACES)]
    return Vectors(ragged.samples, tuple(names), laid)


def _words(results: Results, method: MethodResult) -> Vectors:
    """Sum the attributions of every word over its places, and over all written tokens."""
    ragged = method.ragged
    sums: dict[str, dict[int, float]] = {}
    for position, sample in enumerate(ragged.samples.tolist()):
        values = ragged.values(position)
        found = pieces(results.samples[sample], by_token=False, with_special=False)
        sums_of = values_of(found, values.astype(np.float64))
        for piece, value in zip(found, sums_of, strict=True):
            of_word = sums.setdefault(piece.text.casefold(), {})
            of_word[sample] = of_word.get(sample, 0.0) + float(value)
    weight = {word: sum(map(abs, found.values())) for word, found in sums.items()}
    kept = sorted(weight, key=lambda word: (-weight[word], word))[:UNITS_MOST]
    samples = np.unique(ragged.samples)
    place = {int(sample): i for i, sample in enumerate(samples)}
    laid = np.full((len(samples), len(kept)), np.nan)
    for column, word in enumerate(kept):
        for sample, value in sums[word].items():
            laid[place[sample], column] = value
    return Vectors(samples, tuple(kept), laid)
