"""Aspects: features that move together, joined by complete linkage.

Association of two features, from 0 to 1: |Spearman| between numbers, Cramér's V between
categories, the correlation ratio of ranks between a number and a category; the last two corrected
for the share that chance alone would give. Distance is 1 − association, so a cut at 1 − threshold
leaves groups in which every pair is associated at least `threshold`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.cluster.hierarchy import fcluster, leaves_list, linkage
from scipy.spatial.distance import squareform
from scipy.stats import rankdata

if TYPE_CHECKING:
    from xai.vocabulary import Floats


def associations(rows: Floats, categorical: tuple[bool, ...]) -> Floats:
    """Return the association of every pair of columns, shape (d, d).

    Parameters
    ----------
    rows : array of shape (r, d)
        A pair is compared on the rows where neither is missing.
    categorical : tuple of bool, length d
    """
    d = rows.shape[1]
    plain = [j for j in range(d) if not categorical[j] and not np.isnan(rows[:, j]).any()]
    found = np.eye(d)
    if len(plain) > 1:
        found[np.ix_(plain, plain)] = _spearman(rows[:, plain])
    settled = set(plain)
    for j in range(d):
        for i in range(j):
            if not (i in settled and j in settled):
                found[i, j] = found[j, i] = _pair(rows[:, [i, j]], categorical[i], categorical[j])
    return found


def merge(association: Floats) -> tuple[Floats, list[int]]:
    """Return the linkage matrix of complete linkage and the order of its leaves."""
    if len(association) < 2:
        return np.empty((0, 4)), list(range(len(association)))
    distance = np.clip(1 - association, 0, 1)
    np.fill_diagonal(distance, 0)
    tree = linkage(squareform(distance, checks=False), method="complete")
    return tree, [int(leaf) for leaf in leaves_list(tree)]


def cut(tree: Floats, threshold: float) -> tuple[tuple[int, ...], ...]:
    """Return the groups at an association of at least `threshold`, by their first feature."""
    if not len(tree):
        return ((0,),)
    # A hair of slack, or rounding splits a pair that is associated by exactly the threshold.
    labels = fcluster(tree, 1 - threshold + 1e-9, criterion="distance")
    groups = (tuple(int(j) for j in np.flatnonzero(labels == label)) for label in np.unique(labels))
    return tuple(sorted(groups))


def _spearman(columns: Floats) -> Floats:
    ranks = rankdata(columns, axis=0)
    ranks -= ranks.mean(axis=0)
    size = np.sqrt(np.square(ranks).sum(axis=0))
    size[size == 0] = np.inf  # a constant column is associated with nothing
    ranks /= size
    found = np.clip(np.abs(ranks.T @ ranks), 0, 1)
    np.fill_diagonal(found, 1)
    return np.asarray(found)


def _pair(rows: Floats, first: bool, second: bool) -> float:  # noqa: FBT001 - two columns, two kinds
    rows = rows[~np.isnan(rows).any(axis=1)]
    if len(rows) < 3:
        return 0.0
    if first and second:
        return _cramer(rows[:, 0], rows[:, 1])
    if first or second:
        codes, numbers = (rows[:, 0], rows[:, 1]) if first else (rows[:, 1], rows[:, 0])
        return _ratio(codes, numbers)
    return float(_spearman(rows)[0, 1])


def _cramer(first: Floats, second: Floats) -> float:
    """Return Cramér's V with Bergsma's correction (2013)."""
    a, b = np.unique(first, return_inverse=True)[1], np.unique(second, return_inverse=True)[1]
    n, r, c = len(a), int(a.max()) + 1, int(b.max()) + 1
    if min(r, c) < 2:
        return 0.0
    table = np.bincount(a * c + b, minlength=r * c).reshape(r, c)
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / n
    phi = (np.square(table - expected) / expected).sum() / n - (r - 1) * (c - 1) / (n - 1)
    room = min(r - (r - 1) ** 2 / (n - 1), c - (c - 1) ** 2 / (n - 1)) - 1
    return float(np.sqrt(np.clip(phi / room, 0, 1))) if room > 0 else 0.0


def _ratio(codes: Floats, numbers: Floats) -> float:
    """Return the correlation ratio of the ranks, with Kelley's correction (epsilon squared)."""
    ranks, groups = rankdata(numbers), np.unique(codes, return_inverse=True)[1]
    count = np.bincount(groups)
    n, k = len(ranks), len(count)
    total = np.square(ranks - ranks.mean()).sum()
    if total == 0 or k < 2 or n <= k:
        return 0.0
    between = (count * np.square(np.bincount(groups, ranks) / count - ranks.mean())).sum()
    explained = 1 - (1 - between / total) * (n - 1) / (n - k)
    return float(np.sqrt(np.clip(explained, 0, 1)))
