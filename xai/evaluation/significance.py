"""Whether a difference over paired samples is more than chance, how large it is, how sure.

Source: Wilcoxon, Biometrics Bulletin 1945 (signed ranks, zeros left out); Benjamini and Hochberg,
JRSS B 1995; Efron, JASA 1987 (bias-corrected and accelerated bootstrap); Kerby 2014 (rank-biserial
correlation). Departure: up to 50 differences the distribution is exact also where sizes are tied.
Sizes in shapes: q pairs; n samples.
"""

from __future__ import annotations

from functools import lru_cache
from statistics import NormalDist

import numpy as np

from xai.evaluation.intervals import resampled
from xai.evaluation.ranks import places
from xai.vocabulary import Floats

EXACT_MOST = 50
RESAMPLES = 2000
_NORMAL = NormalDist()


def signed_rank(differences: Floats) -> tuple[float, float]:
    """Return the two-sided p of Wilcoxon's signed-rank test, and the rank-biserial correlation.

    Parameters
    ----------
    differences : array of shape (n,)
        Finite. Without any that is not 0, p is 1 and the correlation 0.
    """
    moved = differences[differences != 0]
    if not len(moved):
        return 1.0, 0.0
    ranks = len(moved) + 1 - places(np.abs(moved))
    up, total = float(ranks[moved > 0].sum()), float(ranks.sum())
    effect = (2 * up - total) / total
    if len(moved) <= EXACT_MOST:
        doubled = tuple(sorted(np.rint(2 * ranks).astype(int).tolist()))
        return _exact(doubled, round(2 * min(up, total - up))), effect
    spread = float(np.sqrt((ranks**2).sum() / 4))
    z = (min(up, total - up) - total / 2) / spread
    return min(1.0, 2 * _NORMAL.cdf(z)), effect


def benjamini_hochberg(p: Floats) -> Floats:
    """Return p adjusted so that the share of false discoveries stays below it, shape (q,)."""
    order = np.argsort(p)
    scaled = p[order] * len(p) / np.arange(1, len(p) + 1)
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(1.0, np.minimum.accumulate(scaled[::-1])[::-1])
    return adjusted


def holm(p: Floats) -> Floats:
    """Return p adjusted so that any false discovery at all stays below it, shape (q,).

    Source: Holm, Scandinavian Journal of Statistics 1979.
    """
    order = np.argsort(p)
    scaled = p[order] * np.arange(len(p), 0, -1)
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(scaled))
    return adjusted


def accelerated(differences: Floats, seed: int) -> tuple[Floats, Floats]:
    """Return the ends of the 95 % BCa interval of the mean of each row.

    Parameters
    ----------
    differences : array of shape (q, n)
        Finite; all rows are resampled alike.
    """
    q, n = differences.shape
    if n < 2:
        return np.full(q, np.nan), np.full(q, np.nan)
    draws = resampled(differences, seed, RESAMPLES)
    low, high = np.empty(q), np.empty(q)
    for row, values in enumerate(differences):
        low[row], high[row] = _ends(values, draws[:, row])
    return low, high


def _ends(values: Floats, draws: Floats) -> tuple[float, float]:
    mean, centred = values.mean(), values - values.mean()
    size = float(np.sqrt((centred**2).sum()))
    if size <= 1e-12 * float(np.abs(values).max(initial=0.0)) * len(values):
        return float(mean), float(mean)
    below = ((draws < mean).mean() + (draws <= mean).mean()) / 2
    bias = _NORMAL.inv_cdf(min(max(float(below), 1e-6), 1 - 1e-6))
    skew = float((centred**3).sum()) / (6 * size**3)
    ends = []
    for level in (0.025, 0.975):
        z = bias + _NORMAL.inv_cdf(level)
        ends.append(100 * _NORMAL.cdf(bias + z / (1 - skew * z)))
    low, high = np.percentile(draws, ends)
    return float(low), float(high)


@lru_cache(maxsize=4096)
def _exact(ranks: tuple[int, ...], smaller: int) -> float:
    """Return how often the sum of ranks with a random half of the signs is as far out."""
    ways = np.zeros(sum(ranks) + 1)
    ways[0] = 1.0
    for rank in ranks:
        shifted = np.zeros_like(ways)
        shifted[rank:] = ways[: len(ways) - rank]
        ways = (ways + shifted) / 2
    return float(min(1.0, 2 * ways[: smaller + 1].sum()))
