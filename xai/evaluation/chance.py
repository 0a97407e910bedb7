"""What unrelated orders share by chance: means, and what a single sample must show to be more.

Source: the hypergeometric distribution of the overlap of two random sets of k of u units; Kendall
and Babington Smith 1939 for W, whose distribution is exact where it can be listed, else drawn.
Cost: no model evaluations.
"""

from __future__ import annotations

import itertools
from functools import lru_cache
from math import comb, factorial

import numpy as np

from xai.vocabulary import Floats

LEVEL = 0.05
LISTED_MOST, DRAWS = 20_000, 1_000


def shared(units: int, k: int) -> Floats:
    """Return the probability that two random tops of k share 0, 1, … k units, shape (k + 1,)."""
    whole = comb(units, k)
    return np.array([comb(k, o) * comb(units - k, k - o) / whole for o in range(k + 1)])


def expected(measure: str, units: int, k: int) -> float | None:
    """Return the mean of a measure for two unrelated orders; None where it is not known here."""
    if not 0 < k <= units:
        return None
    overlap = np.arange(k + 1)
    known = {
        "feature": k / units,
        "jaccard": float(shared(units, k) @ (overlap / (2 * k - overlap))),
        "rank": 1 / units,
        "signed": k / (2 * units),
        "signed_rank": 1 / (2 * units),
    }
    return known.get(measure)


def least_shared(units: int, k: int) -> tuple[int, float] | None:
    """Return how many of the k strongest must be shared to be beyond chance, and its p.

    None where even all k are no proof.
    """
    tail = shared(units, k)[::-1].cumsum()[::-1]
    for count, p in enumerate(tail):
        if p <= LEVEL:
            return count, float(p)
    return None


def concordance_p(w: Floats, methods: int, units: int) -> Floats:
    """Return how often unrelated orders are at least as concordant, by Kendall's W; NaN stays.

    Parameters
    ----------
    w : array of shape (n,)
    """
    drawn, is_exact = _concordances(methods, units)
    reached = len(drawn) - np.searchsorted(drawn, w - 1e-9)
    found = reached / len(drawn) if is_exact else (1 + reached) / (1 + len(drawn))
    return np.where(np.isfinite(w), found, np.nan)


@lru_cache(maxsize=64)
def _concordances(methods: int, units: int) -> tuple[Floats, bool]:
    """Return W of unrelated orders without ties, in order, and whether they are all there are."""
    if factorial(units) ** (methods - 1) <= LISTED_MOST:
        orders = np.array(list(itertools.permutations(range(1, units + 1))))
        rest = itertools.product(range(len(orders)), repeat=methods - 1)
        sums = np.array([orders[list(chosen)].sum(axis=0) for chosen in rest]) + orders[0]
        is_exact = True
    else:
        draw = np.random.default_rng(0)
        places = np.tile(np.arange(1, units + 1), (DRAWS, methods, 1))
        sums, is_exact = draw.permuted(places, axis=2).sum(axis=1), False
    spread = ((sums - methods * (units + 1) / 2) ** 2).sum(axis=1)
    return np.sort(12 * spread / (methods**2 * (units**3 - units))), is_exact
