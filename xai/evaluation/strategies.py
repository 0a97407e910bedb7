"""Strategic cluster graph: samples that a model decides alike, told by their explanations.

Each sample is a point at a 2-D embedding of its explanation vector; clusters are found among the
directions of the vectors, named after what drives them, and flagged where they are mostly wrong:
that is how a shortcut is found.
Source: Fel et al., NeurIPS 2023, https://arxiv.org/abs/2306.07304, section 5 (embedding coloured by
the dominant unit, prevalence, reliability). Clusters, names, edges and flags are ours.
Cost: no evaluation of the model; memory n² numbers up to `CLUSTERED` samples.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from xai.evaluation.clusters import Clusters, cluster
from xai.evaluation.embedding import embed, neighbours, plane
from xai.vocabulary import Floats, Integers, Json

COLOURED = 10
"""Samples a unit must be dominant for to count as a strategy (as on the authors' pages)."""
DRIVERS = 3
ROUNDING = 1e-6
"""Share of the largest mean below which a unit drives nothing: single precision leaves so much."""
NAMED = 0.15
"""Least share of a cluster's mean that a unit needs to stand in its name."""
WRONG_BELOW = 0.5
SIZE_LEAST = 5
"""A cluster below this is too small to be flagged."""
EDGE_LEAST = 0.05

Truths = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Cluster:
    """Samples with like explanations.

    Attributes
    ----------
    accuracy : float or None
        Among its samples with a known truth.
    units : tuple of (name, mean value, mean value of the rest)
        What drives it, strongest first.
    is_flagged : bool
        Mostly wrong: a shortcut may be at work.
    outline : array of shape (m, 2)
        Corners around its points.
    """

    id: int
    name: str
    size: int
    accuracy: float | None
    units: tuple[tuple[str, float, float], ...]
    is_flagged: bool
    outline: Floats


@dataclass(frozen=True, slots=True)
class Strategy:
    """A unit that is dominant for many samples: how often, and how often rightly."""

    unit: str
    samples: int
    prevalence: float
    reliability: float | None


@dataclass(frozen=True, slots=True)
class Strategies:
    """The graph. Arrays over samples have shape (n,).

    Attributes
    ----------
    places : array of shape (n, 2)
    cluster : array of int
    dominant : array of int
        The unit that speaks most for the decision; -1 where none does.
    purity : array of float
        Its share of everything that speaks for the decision; 0 where nothing does.
    correct : array of float
        1, 0, or NaN where the truth is unknown.
    edges : tuple of (a, b, weight)
        Clusters whose samples are neighbours; weight is the share of neighbourhoods that cross.
    units : array of shape (d, 2)
        The units themselves, near where they act on the same samples alike.
    """

    samples: Integers
    places: Floats
    cluster: Integers
    dominant: Integers
    purity: Floats
    correct: Truths
    names: tuple[str, ...]
    clusters: tuple[Cluster, ...]
    edges: tuple[tuple[int, int, float], ...]
    strategies: tuple[Strategy, ...]
    units: Floats
    notes: dict[str, Json] = field(default_factory=dict)


def strategies(
    vectors: Floats,
    names: Sequence[str],
    samples: Integers,
    correct: Truths | None = None,
    seed: int = 0,
) -> Strategies:
    """Find how a model decides, in samples explained by vectors of the same units.

    Parameters
    ----------
    vectors : array of shape (n, d)
        The explanation of each sample: concept importances, attributions of features or of words.
        NaN counts as 0: the unit is not there.
    names : sequence of str, length d
    samples : array of shape (n,)
        Position of each sample in the dataset.
    correct : array of shape (n,) or None
        1 where the prediction is right, 0 where it is wrong, NaN where unknown.
    """
    vectors = np.nan_to_num(np.asarray(vectors, dtype=np.float64))
    truths = np.full(len(vectors), np.nan) if correct is None else np.asarray(correct, dtype=float)
    unit = _directions(vectors)
    found = cluster(unit, seed)
    near = neighbours(unit)
    places = embed(unit, near, seed)
    dominant, purity = _dominant(vectors)
    return Strategies(
        samples=np.asarray(samples, dtype=np.int64),
        places=places,
        cluster=found.labels,
        dominant=dominant,
        purity=purity,
        correct=truths,
        names=tuple(names),
        clusters=_clusters(found, vectors, names, places, truths),
        edges=_edges(found.labels, near),
        strategies=_strategies(dominant, names, truths),
        units=plane(_directions(vectors.T)),
        notes={
            "neighbours": int(near.shape[1]) if near.size else 0,
            "silhouette": found.silhouette,
            "geometry": "cosine of explanation vectors",
        },
    )


def _directions(vectors: Floats) -> Floats:
    """Give every vector length 1: the size of the score must not drive the picture."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(length > 0, length, 1))


def _dominant(vectors: Floats) -> tuple[Integers, Floats]:
    speaking = np.clip(vectors, 0, None)
    total = speaking.sum(axis=1)
    first = speaking.argmax(axis=1) if vectors.shape[1] else np.zeros(len(vectors), dtype=int)
    top = speaking.max(axis=1, initial=0)
    purity = np.divide(top, total, out=np.zeros(len(vectors)), where=total > 0)
    return np.where(total > 0, first, -1).astype(np.int64), purity


def _clusters(
    found: Clusters, vectors: Floats, names: Sequence[str], places: Floats, truths: Truths
) -> tuple[Cluster, ...]:
    clusters = []
    for number in range(found.count):
        mine = found.labels == number
        own = vectors[mine].mean(axis=0)
        rest = vectors[~mine].mean(axis=0) if (~mine).any() else np.zeros_like(own)
        drivers = _drivers(own, rest)
        known = truths[mine][np.isfinite(truths[mine])]
        accuracy = float(known.mean()) if len(known) else None
        flagged = accuracy is not None and accuracy < WRONG_BELOW and len(known) >= SIZE_LEAST
        clusters.append(
            Cluster(
                id=number,
                name=_name(own, drivers, names),
                size=int(mine.sum()),
                accuracy=accuracy,
                units=tuple((names[i], float(own[i]), float(rest[i])) for i in drivers),
                is_flagged=flagged,
                outline=_outline(places[mine]),
            )
        )
    return _apart(tuple(clusters))


def _drivers(own: Floats, rest: Floats) -> list[int]:
    """Return the units that matter in a cluster and that tell it from the rest."""
    telling = np.abs(own) * (np.abs(own) + np.abs(own - rest))
    order = np.argsort(-telling, kind="stable")[:DRIVERS]
    least = ROUNDING * np.abs(own).max(initial=0)
    return [int(i) for i in order if abs(own[i]) > least]


def _name(own: Floats, drivers: list[int], names: Sequence[str]) -> str:
    total = np.abs(own).sum()
    kept = [i for i in drivers if total > 0 and abs(own[i]) >= NAMED * total] or drivers[:1]
    words = [names[i] if own[i] > 0 else f"against {names[i]}" for i in kept]
    return " and ".join(words) if words else "nothing in particular"


def _apart(clusters: tuple[Cluster, ...]) -> tuple[Cluster, ...]:
    """Add numbers to names that several clusters would carry."""
    seen: dict[str, int] = {}
    told = []
    total = {one.name: sum(other.name == one.name for other in clusters) for one in clusters}
    for one in clusters:
        seen[one.name] = seen.get(one.name, 0) + 1
        name = f"{one.name} ({seen[one.name]})" if total[one.name] > 1 else one.name
        told.append(
            Cluster(one.id, name, one.size, one.accuracy, one.units, one.is_flagged, one.outline)
        )
    return tuple(told)


def _outline(points: Floats) -> Floats:
    """Return the corners of the convex hull, or the points themselves where there is none."""
    from scipy.spatial import ConvexHull, QhullError  # noqa: PLC0415 - slow to import

    try:
        return np.asarray(points[ConvexHull(points).vertices])
    except (QhullError, ValueError):
        return points


def _edges(labels: Integers, near: Integers) -> tuple[tuple[int, int, float], ...]:
    count = int(labels.max(initial=-1)) + 1
    if not near.size or count < 2:
        return ()
    pairs = np.zeros((count, count))
    np.add.at(pairs, (np.repeat(labels, near.shape[1]), labels[near].ravel()), 1)
    sizes = np.bincount(labels, minlength=count) * near.shape[1]
    edges = []
    for a in range(count):
        for b in range(a + 1, count):
            weight = (pairs[a, b] + pairs[b, a]) / (2 * min(sizes[a], sizes[b]))
            if weight >= EDGE_LEAST:
                edges.append((a, b, float(min(1.0, weight))))
    return tuple(sorted(edges, key=lambda edge: -edge[2]))


def _strategies(dominant: Integers, names: Sequence[str], truths: Truths) -> tuple[Strategy, ...]:
    found = []
    for unit in np.unique(dominant[dominant >= 0]):
        mine = dominant == unit
        known = truths[mine][np.isfinite(truths[mine])]
        if mine.sum() >= COLOURED:
            found.append(
                Strategy(
                    names[int(unit)],
                    int(mine.sum()),
                    float(mine.mean()),
                    float(known.mean()) if len(known) else None,
                )
            )
    return tuple(sorted(found, key=lambda one: -one.samples))
