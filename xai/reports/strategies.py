"""The strategic cluster graph of a run: from the explanations of a method to `strategies.json`.

Features of a table as they are; the words of texts, summed over their places in a text; the
concepts of pictures, each of its own class. Explanations of single pictures have no units in
common, so pictures need a concept method; so do written texts, which have none.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from xai.evaluation.agreement import CONTROL
from xai.evaluation.strategies import Strategies, strategies
from xai.figures.tokens import pieces, values_of
from xai.methods.catalogue import TABULAR, TEXT
from xai.reports.method import MethodResult
from xai.reports.reading import stamp
from xai.reports.results import Results
from xai.vocabulary import Floats, Integers, Json

UNITS_MOST = 400
"""Words that may be units, those with the most attribution: rare ones tell no strategy."""
SAMPLES_LEAST = 4
SAMPLES_MOST = 2_000
"""More are drawn from: a graph of these takes half a second, and a picture holds no more."""
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
    return concepts + (local if results.kind in {TABULAR, TEXT} else [])


def of(results: Results, method: MethodResult, seed: int = 0) -> Strategies | None:
    """Return the graph of a method; None where it explains too few samples."""
    return _graph(_key(results, method), seed)


def vectors(results: Results, method: MethodResult) -> Vectors:
    """Return the explanations that the graph is made of, in its order of samples."""
    return _laid(_key(results, method))


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


class _Key(NamedTuple):
    """What names the files of a graph: a cache holds it as long as they are what they were."""

    slug: str
    folder: Path
    changed: int
    predictions: Path | None
    told: int


def _key(results: Results, method: MethodResult) -> _Key:
    predictions = results.folders.get("predictions")
    told = 0 if predictions is None else stamp(predictions / "job.json")
    return _Key(method.slug, method.folder, stamp(method.folder / "job.json"), predictions, told)


def _reopened(key: _Key) -> Results:
    folders = {key.slug: key.folder}
    return Results.gather(
        {}, folders | ({"predictions": key.predictions} if key.predictions else {})
    )


@lru_cache(maxsize=8)
def _graph(key: _Key, seed: int) -> Strategies | None:
    results, found = _reopened(key), _laid(key)
    if len(found.samples) < SAMPLES_LEAST:
        return None
    known = {}
    if "predictions" in results.folders:
        pairs = zip(results.predictions.samples, results.predictions.correct, strict=True)
        known = {int(sample): right for sample, right in pairs if right is not None}
    right = [float(known.get(int(sample), np.nan)) for sample in found.samples]
    return strategies(found.values, found.names, found.samples, np.array(right), seed)


@lru_cache(maxsize=8)
def _laid(key: _Key) -> Vectors:
    results = _reopened(key)
    found = _vectors(results, results.method(key.slug))
    if len(found.samples) <= SAMPLES_MOST:
        return found
    draw = np.random.default_rng([DRAWN, len(found.samples)])
    kept = np.sort(draw.choice(len(found.samples), SAMPLES_MOST, replace=False))
    return Vectors(found.samples[kept], found.names, found.values[kept])


def as_json(graph: Strategies, method: MethodResult) -> dict[str, Json]:
    """Return the content of `strategies.json`."""
    return {
        "method": method.slug,
        "points": [
            {
                "sample": int(sample),
                "x": float(graph.places[i, 0]),
                "y": float(graph.places[i, 1]),
                "cluster": int(graph.cluster[i]),
                "dominant": graph.names[graph.dominant[i]] if graph.dominant[i] >= 0 else None,
                "purity": float(graph.purity[i]),
                "correct": None if np.isnan(graph.correct[i]) else bool(graph.correct[i]),
            }
            for i, sample in enumerate(graph.samples)
        ],
        "clusters": [
            {
                "id": one.id,
                "name": one.name,
                "size": one.size,
                "accuracy": one.accuracy,
                "units": [
                    {"name": name, "mean": own, "rest": rest} for name, own, rest in one.units
                ],
                "flagged": one.is_flagged,
                "outline": one.outline.tolist(),
            }
            for one in graph.clusters
        ],
        "edges": [{"a": a, "b": b, "weight": weight} for a, b, weight in graph.edges],
        "strategies": [
            {
                "unit": one.unit,
                "samples": one.samples,
                "prevalence": one.prevalence,
                "reliability": one.reliability,
            }
            for one in graph.strategies
        ],
        "units": [
            {"name": name, "x": float(x), "y": float(y)}
            for name, (x, y) in zip(graph.names, graph.units, strict=True)
        ],
        "notes": graph.notes,
    }


def _vectors(results: Results, method: MethodResult) -> Vectors:
    if method.scope == "concepts":
        return _concepts(method.folder, stamp(method.folder / "concepts.parquet"), method)
    if method.is_ragged:
        return _words(results, method)
    return Vectors(method.samples, tuple(method.names), method.values.astype(np.float64))


def _concepts(folder: Path, changed: int, method: MethodResult) -> Vectors:
    """Lay every image out over the concepts of all classes; those of other classes are absent."""
    samples, concepts, values = _shares(folder, changed)
    found = method.job["concepts"]
    several = len({concept["class"] for concept in found}) > 1
    top = [concept for concept in found if concept["parent"] is None]
    rows, at = np.unique(samples, return_inverse=True)
    place = {concept["id"]: i for i, concept in enumerate(top)}
    laid = np.full((len(rows), len(top)), np.nan)
    laid[at, [place[int(concept)] for concept in concepts]] = values
    names = (f"{c['class']}: {c['name']}" if several else c["name"] for c in top)
    return Vectors(rows, tuple(names), laid)


@lru_cache(maxsize=8)
def _shares(folder: Path, _changed: int) -> tuple[Integers, Integers, Floats]:
    table = pq.read_table(folder / "concepts.parquet")
    columns = (table.column(name).to_numpy() for name in ("sample", "concept", "importance"))
    samples, concepts, values = columns
    return samples, concepts, values


def _words(results: Results, method: MethodResult) -> Vectors:
    """Sum the attributions of every word over its places in a text."""
    ragged = method.ragged
    sums: dict[str, dict[int, float]] = {}
    for position, sample in enumerate(ragged.samples.tolist()):
        values = ragged.values(position)
        found = pieces(results.samples[sample], by_token=False, with_special=False)
        for piece, value in zip(found, values_of(found, values.astype(np.float64)), strict=True):
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
