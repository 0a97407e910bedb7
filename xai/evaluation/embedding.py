"""Two dimensions for vectors: principal plane, then neighbours pulled together and others apart.

Source: McInnes, Healy and Melville, UMAP, 2018, https://arxiv.org/abs/1802.03426, its layout by
attraction along edges of the neighbour graph and sampled repulsion; simplified: all edges weigh the
same, and the layout starts at the principal plane. Distances between far groups mean nothing.
Cost: n² / block numbers for the neighbours; `ROUNDS` × edges × (1 + `PUSHES`) steps.
"""

from __future__ import annotations

import numpy as np

from xai.vocabulary import Floats, Integers

NEIGHBOURS = 10
ROUNDS = 200
PUSHES = 5
BLOCK = 512
WIDTH, POWER = 1.577, 0.895
"""UMAP's curve 1 / (1 + a·d^(2b)) for its default least distance of 0.1."""


def plane(vectors: Floats) -> Floats:
    """Return the two leading principal coordinates (n, 2); zeros where there are fewer."""
    found = np.zeros((len(vectors), 2))
    if len(vectors) < 2 or not vectors.shape[1]:
        return found
    centred = vectors - vectors.mean(axis=0)
    left, size, right = np.linalg.svd(centred, full_matrices=False)
    kept = min(2, len(size))
    # A component has no sign of its own: its largest entry is made positive.
    largest = np.abs(right[:kept]).argmax(axis=1)
    sign = np.where(right[np.arange(kept), largest] < 0, -1.0, 1.0)
    found[:, :kept] = left[:, :kept] * size[:kept] * sign
    return found


def neighbours(vectors: Floats, count: int = NEIGHBOURS) -> Integers:
    """Return the nearest others of each vector, shape (n, at most count)."""
    n = len(vectors)
    count = min(count, n - 1)
    if count < 1:
        return np.zeros((n, 0), dtype=np.int64)
    squares = np.square(vectors).sum(axis=1)
    found = np.empty((n, count), dtype=np.int64)
    for start in range(0, n, BLOCK):
        rows = slice(start, min(start + BLOCK, n))
        gaps = squares[rows, None] + squares[None] - 2 * vectors[rows] @ vectors.T
        gaps[np.arange(rows.stop - start), np.arange(start, rows.stop)] = np.inf
        few = np.argpartition(gaps, count - 1, axis=1)[:, :count]
        order = np.argsort(np.take_along_axis(gaps, few, axis=1), axis=1, kind="stable")
        found[rows] = np.take_along_axis(few, order, axis=1)
    return found


def embed(vectors: Floats, near: Integers, seed: int = 0) -> Floats:
    """Lay vectors (n, d) out in two dimensions; two or fewer dimensions stay as they are.

    Parameters
    ----------
    near : array of shape (n, m)
        The neighbours of each.
    """
    start = plane(vectors)
    n = len(start)
    if vectors.shape[1] <= 2 or n <= 3 or not near.size:
        return start
    rng = np.random.default_rng([seed, n])
    scale = np.abs(start).max() or 1.0
    places: Floats = 10 * start / scale + 1e-3 * rng.standard_normal((n, 2))
    tails = near.ravel()
    ends = near.shape[1] + np.bincount(tails, minlength=n)
    for step in range(ROUNDS):
        rate = 1 - step / ROUNDS
        places += rate * _pull(places, near, ends)
        for _push in range(PUSHES):
            places += rate * _push_apart(places, rng)
    return np.asarray(places - places.mean(axis=0))


def _pull(places: Floats, near: Integers, ends: Integers) -> Floats:
    """Move both ends of every edge together, averaged over the edges of a point, `ends` (n,)."""
    gap = places[:, None] - places[near]
    square = np.maximum(_squares(gap), 1e-12)
    bent = square**POWER
    strength = 2 * WIDTH * POWER * bent / (square * (1 + WIDTH * bent))
    moves = np.clip(strength[:, :, None] * gap, -4, 4)
    tails = near.ravel()
    back = [np.bincount(tails, moves[:, :, i].ravel(), minlength=len(places)) for i in (0, 1)]
    total = np.stack(back, axis=1) - moves.sum(axis=1)
    return np.asarray(total / np.maximum(ends, 1)[:, None] * 0.5)


def _push_apart(places: Floats, rng: np.random.Generator) -> Floats:
    """Move every point away from one drawn at random."""
    gap = places - places[rng.permutation(len(places))]
    square = _squares(gap)
    strength = 2 * POWER / ((0.001 + square) * (1 + WIDTH * square**POWER))
    return np.asarray(np.clip(strength[:, None] * gap, -4, 4) * 0.1)


def _squares(gap: Floats) -> Floats:
    """Return squared lengths of vectors of two; far faster than a sum over so short an axis."""
    return np.asarray(gap[..., 0] ** 2 + gap[..., 1] ** 2)
