"""Orders of strength with ties, for many samples at once.

Everywhere the last axis holds the units of one explanation and place 1 is the strongest.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xai.vocabulary import Floats, Integers

TOP_MOST = 10
TOP_SHARE = 0.25
TOP_WEIGHT = 0.86
"""Share of the weight of rank-biased overlap that the top k carries (Webber et al. 2010)."""


def blocks(strengths: Floats) -> tuple[Integers, Integers]:
    """Return how many units are stronger than each unit, and how many are as strong.

    Parameters
    ----------
    strengths : array of shape (..., u)

    Returns
    -------
    above : array of shape (..., u)
    tied : array of shape (..., u)
        The unit itself included, so at least 1.
    """
    u = strengths.shape[-1]
    order = np.argsort(-strengths, axis=-1, kind="stable")
    ordered = np.take_along_axis(strengths, order, axis=-1)
    begins = np.ones(ordered.shape, dtype=bool)
    begins[..., 1:] = ordered[..., 1:] != ordered[..., :-1]
    place = np.arange(u)
    start = np.maximum.accumulate(np.where(begins, place, 0), axis=-1)
    ends = np.full(ordered.shape, u)
    ends[..., :-1] = np.where(begins[..., 1:], place[1:], u)
    stop = np.minimum.accumulate(ends[..., ::-1], axis=-1)[..., ::-1]
    above, tied = np.empty_like(start), np.empty_like(start)
    np.put_along_axis(above, order, start, axis=-1)
    np.put_along_axis(tied, order, stop - start, axis=-1)
    return above, tied


def places(strengths: Floats) -> Floats:
    """Return the place of each unit, 1 for the strongest; tied units share their mean place."""
    above, tied = blocks(strengths)
    return np.asarray(above + (tied + 1) / 2)


Numbers = NDArray[np.number[Any]]


def membership(above: Numbers, tied: Numbers, depth: int | Numbers) -> NDArray[Any]:
    """Return to what degree each unit belongs to the `depth` strongest, 0 to 1.

    Units tied across the border share the places that are left. So the answer does not depend on
    the order of the columns, and equal explanations always agree perfectly.
    """
    return np.asarray(np.clip((depth - above) / tied, 0.0, 1.0))


def top(units: int) -> int:
    """Return k, how many units count as the strongest: a quarter of them, at most 10."""
    return min(TOP_MOST, math.ceil(TOP_SHARE * units))


@lru_cache(maxsize=64)
def persistence(depth: int) -> float:
    """Return the p of rank-biased overlap with which the first `depth` places weigh 86 %."""
    low, high = 1e-9, 1 - 1e-9
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if weight_of_top(middle, depth) > TOP_WEIGHT else (low, middle)
    return (low + high) / 2


def weight_of_top(p: float, depth: int) -> float:
    """Return the weight of the first `depth` places (Webber, Moffat and Zobel 2010, eq. 21)."""
    head = sum(p**i / i for i in range(1, depth))
    return 1 - p ** (depth - 1) + (1 - p) / p * depth * (-math.log1p(-p) - head)
