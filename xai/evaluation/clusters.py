"""Clusters of directions: Ward's tree, cut where the clusters are told apart best.

Source: Ward 1963; Rousseeuw 1987 (silhouette); the comparison with data that have no clusters after
Tibshirani, Walther and Hastie 2001 (gap statistic). The cut has the largest mean silhouette, less a
little for every cluster, among 2 to `MOST` clusters that beat one Gaussian cloud of the same
spread, cut into as many; one cluster where none does.
Cost: twice n² distances of at most `CLUSTERED` samples; the others join the nearest mean.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import pdist, squareform

from xai.vocabulary import Floats, Integers

CLUSTERED = 1_000
MOST = 12
TOLD = 0.2
"""Least mean silhouette of clusters worth telling apart."""
WORTH = 0.03
"""Silhouette that each further cluster must add: near-equal samples would fall into crumbs."""
BEATEN = 0.05
"""By how much it must be above that of a cloud without clusters."""


@dataclass(frozen=True, slots=True)
class Clusters:
    """Labels 0 … count-1 by size, the largest first; `silhouette` None for one cluster."""

    labels: Integers
    count: int
    silhouette: float | None


def cluster(vectors: Floats, seed: int = 0) -> Clusters:
    """Group vectors (n, d) of length 1."""
    n = len(vectors)
    if n < 4:
        return Clusters(np.zeros(n, dtype=np.int64), min(n, 1), None)
    some = np.arange(n)
    if n > CLUSTERED:
        some = np.sort(np.random.default_rng([seed, n]).choice(n, CLUSTERED, replace=False))
    best, score, worth = np.zeros(len(some), dtype=np.int64), 0.0, -np.inf
    chance = {count: found for count, _labels, found in _cuts(_cloud(vectors[some], seed))}
    for count, labels, found in _cuts(vectors[some]):
        if found < TOLD or found < chance.get(count, 0.0) + BEATEN:
            continue
        if found - WORTH * count > worth + 1e-9:
            best, score, worth = labels, found, found - WORTH * count
    labels = _spread(vectors, some, best)
    order = np.argsort(-np.bincount(labels), kind="stable")
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    return Clusters(place[labels], len(order), score if len(order) > 1 else None)


def _cuts(vectors: Floats) -> Iterator[tuple[int, Integers, float]]:
    """Yield the number of clusters, their labels from 0, and the mean silhouette."""
    square, tree = squareform(pdist(vectors)), linkage(vectors, method="ward")
    for count in range(2, min(MOST, len(vectors) - 1) + 1):
        labels = fcluster(tree, count, criterion="maxclust").astype(np.int64) - 1
        if labels.max() > 0:
            yield count, labels, silhouette(square, labels)


def _cloud(vectors: Floats, seed: int) -> Floats:
    """Draw as many directions from one Gaussian with the same mean and spread."""
    rng = np.random.default_rng([seed, *vectors.shape])
    centred = vectors - vectors.mean(axis=0)
    # A random mixture of the centred rows has their covariance.
    mixture = rng.standard_normal((len(vectors), len(vectors))) / np.sqrt(len(vectors))
    drawn = vectors.mean(axis=0) + mixture @ centred
    return np.asarray(drawn / np.maximum(np.linalg.norm(drawn, axis=1, keepdims=True), 1e-12))


def silhouette(distances: Floats, labels: Integers) -> float:
    """Return the mean silhouette of labels under square distances; 0 for a cluster of one."""
    _names, places = np.unique(labels, return_inverse=True)
    hot = np.eye(places.max() + 1)[places]
    counts = hot.sum(axis=0)
    sums = distances @ hot
    own = counts[places]
    inside = sums[np.arange(len(places)), places] / np.maximum(own - 1, 1)
    means = sums / counts
    means[np.arange(len(places)), places] = np.inf
    outside = means.min(axis=1)
    widest = np.maximum(inside, outside)
    values = np.divide(outside - inside, widest, out=np.zeros_like(widest), where=widest > 0)
    return float(np.where(own > 1, values, 0.0).mean())


def _spread(vectors: Floats, some: Integers, labels: Integers) -> Integers:
    """Give every vector the label of the nearest cluster mean; clustered ones keep theirs."""
    if len(some) == len(vectors):
        return labels.astype(np.int64)
    means = np.stack([vectors[some][labels == k].mean(axis=0) for k in range(labels.max() + 1)])
    nearest = ((vectors[:, None] - means[None]) ** 2).sum(axis=2).argmin(axis=1)
    nearest[some] = labels
    return np.asarray(nearest, dtype=np.int64)
