"""Classes of tokens, learned from the dataset by their neighbours: words that stand alike.

No tagger and no table of a language: tokens with like neighbours on both sides come together, as
nouns and verbs do, and so do names, or ends of words. They are no parts of speech, only near them.
Source: Schütze, Distributional part-of-speech tagging, EACL 1995, https://aclanthology.org/E95-1020
(neighbours counted on both sides, projected, grouped by k-means), without its later stages.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from xai.vocabulary import Floats, Integers

CLASSES, DIMENSIONS, NEIGHBOURS = 24, 24, 200
FEWEST = 3
"""Times that a token must stand in the data for its neighbours to say something."""
ROUNDS, SEED = 50, 0


def learn(texts: Sequence[Sequence[int]], size: int) -> Integers:
    """Return the class of each token of a vocabulary, shape (v,); -1 where too little is known."""
    found = np.full(size, -1, dtype=np.int64)
    flat = np.concatenate([[*text, -1] for text in texts]) if texts else np.zeros(0, np.int64)
    counts = np.bincount(flat[flat >= 0], minlength=size)
    known = np.flatnonzero(counts >= FEWEST)
    if len(known) < 2:
        return found
    points = _points(flat, known, np.argsort(-counts, kind="stable")[:NEIGHBOURS])
    groups = _grouped(points, min(CLASSES, max(1, len(known) // 4)))
    found[known] = groups
    return found


def _points(flat: Integers, known: Integers, common: Integers) -> Floats:
    """Return the neighbours of each known token as a point of unit length, few dimensions."""
    size = int(max(flat.max(), common.max(), known.max())) + 1
    row, column = np.full(size, -1), np.full(size, -1)
    row[known], column[common] = np.arange(len(known)), np.arange(len(common))
    sides = []
    for tokens, others in ((flat[1:], flat[:-1]), (flat[:-1], flat[1:])):
        inside = (tokens >= 0) & (others >= 0)
        r, c = row[tokens[inside]], column[others[inside]]
        both = (r >= 0) & (c >= 0)
        table = np.zeros((len(known), len(common)))
        np.add.at(table, (r[both], c[both]), 1.0)
        sides.append(np.sqrt(table))  # the square root tames the few most frequent neighbours
    table = np.concatenate(sides, axis=1)
    values, vectors = np.linalg.eigh(table.T @ table)
    axes = vectors[:, np.argsort(-values)[:DIMENSIONS]]
    points = table @ axes
    length = np.linalg.norm(points, axis=1, keepdims=True)
    return np.asarray(points / np.where(length > 0, length, 1.0))


def _grouped(points: Floats, count: int) -> Integers:
    """Return the group of each point by k-means, started far apart."""
    draw = np.random.default_rng(SEED)
    centres = points[[draw.integers(len(points))]]
    while len(centres) < count:
        far = (1 - points @ centres.T).min(axis=1).clip(0)
        if far.sum() <= 0:
            break
        centres = np.concatenate([centres, points[[draw.choice(len(points), p=far / far.sum())]]])
    groups = np.zeros(len(points), dtype=np.int64)
    for _ in range(ROUNDS):
        nearest = (points @ centres.T).argmax(axis=1)
        if (nearest == groups).all():
            break
        groups = nearest
        for at in np.unique(groups):
            middle = points[groups == at].sum(axis=0)
            centres[at] = middle / max(np.linalg.norm(middle), 1e-12)
    return groups
