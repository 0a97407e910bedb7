"""Every measure of agreement, for all pairs of methods and all samples at once.

The order of strength is that of |value|; only measures that need a sign look at signs.

Cost: one product of matrices over all u² pairs of units; no call per sample.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from xai.evaluation.catalogue import CATALOGUE
from xai.evaluation.ranks import blocks, membership, persistence, top
from xai.evaluation.topk import top_kendall
from xai.vocabulary import Floats, Integers

CHUNK_NUMBERS = 1_000_000
"""Numbers in the largest temporary array: 4 MB in single precision, to stay in the cache."""
TOP_KENDALL = 5
"""Units at the top whose order Fagin's τ looks at."""
RBO_DEPTH = 90
"""Depth beyond which a place weighs less than 1e-4 (p is at most 0.9)."""


@dataclass(frozen=True, slots=True)
class Stack:
    """Explanations of the same samples over the same units, by several methods.

    Attributes
    ----------
    values : array of shape (n, m, u)
    above, tied : arrays of shape (n, m, u)
        From `ranks.blocks` of |values|.
    """

    values: Floats
    above: Integers
    tied: Integers

    @classmethod
    def of(cls, values: Floats) -> Stack:
        """Order the units of each explanation."""
        return cls(values, *blocks(np.abs(values)))


def compare(values: Floats, pairs: Integers, is_signed: tuple[bool, ...]) -> dict[str, Floats]:
    """Compare pairs of methods on every sample by every measure.

    Parameters
    ----------
    values : array of shape (n, m, u)
        Sample, method, unit; NaN where a method has no explanation.
    pairs : array of shape (p, 2)
        Positions of methods.
    is_signed : tuple of bool, length m

    Returns
    -------
    dict of measure slug to array of shape (p, n)
        NaN where undefined: an explanation is constant or missing, or the measure needs signs.
    """
    n, m, u = values.shape
    found = {slug: np.full((len(pairs), n), np.nan) for slug in CATALOGUE}
    if u < 2:
        return found
    largest = m * u * u
    step = max(1, CHUNK_NUMBERS // largest)
    for start in range(0, n, step):
        part = slice(start, start + step)
        for slug, block in _chunk(Stack.of(values[part]), pairs).items():
            found[slug][:, part] = block
    _void(found, values, pairs, is_signed)
    return found


def _chunk(stack: Stack, pairs: Integers) -> dict[str, Floats]:
    first, second = pairs[:, 0], pairs[:, 1]
    tau, weighted = _kendall(stack)
    between = {
        "kendall": tau,
        "weighted": weighted,
        "spearman": _pearson(stack.above + stack.tied / 2),
        "pearson": _pearson(stack.values),
        "signed_kendall": _signed_kendall(stack.values),
    }
    found = {slug: matrix[:, first, second].T for slug, matrix in between.items()}
    return found | _overlaps(stack, pairs) | _orders(stack, pairs)


def _void(
    found: dict[str, Floats], values: Floats, pairs: Integers, is_signed: tuple[bool, ...]
) -> None:
    """Clear what has no meaning: it is counted as undefined, never as 0."""
    strengths = np.abs(values)
    # A constant explanation orders nothing: no measure of it means anything.
    empty = ~(np.ptp(strengths, axis=2) > 0)
    level = ~(np.ptp(values, axis=2) > 0)
    signed = np.asarray(is_signed)
    first, second = pairs[:, 0], pairs[:, 1]
    unsigned = ~(signed[first] & signed[second])
    for slug, card in CATALOGUE.items():
        flat = level if slug in _OF_VALUES else empty
        found[slug][(flat[:, first] | flat[:, second]).T] = np.nan
        if card.needs_sign:
            found[slug][unsigned] = np.nan


_OF_VALUES = {"pearson", "signed_kendall"}
"""They order values that differ by their sign alone."""


def _kendall(stack: Stack) -> tuple[Floats, Floats]:
    """Return τ-b and weighted τ between all methods, each of shape (n, m, m)."""
    u = stack.values.shape[2]
    order = (stack.above + stack.tied / 2).astype(np.float32)
    # [n, i, method, j]: +1 where unit i is the stronger one of i and j, 0 where they are tied.
    signs = np.sign(order[:, None, :, :] - order.swapaxes(1, 2)[:, :, :, None])
    # [n, i, a, b]: on how many pairs with unit i two methods agree. Whole numbers: exact.
    agree_on = (signs @ signs.swapaxes(2, 3)).astype(np.float64)
    agree = agree_on.sum(axis=1)
    size = np.sqrt(np.diagonal(agree, axis1=1, axis2=2))
    # A pair weighs what its two units weigh; [a, b] is the sum that weighs by the order of a.
    weight = _weights(stack)
    weighted = (weight.swapaxes(1, 2)[:, :, :, None] * agree_on).sum(axis=1)
    # The sum of weights over the pairs that b decides: each unit is tied with `tied` of all u.
    lengths = weight @ (u - stack.tied).swapaxes(1, 2)
    own = np.diagonal(lengths, axis1=1, axis2=2)[:, :, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        tau = agree / (size[:, :, None] * size[:, None, :])
        by_order = weighted / np.sqrt(own * lengths)
    return np.clip(tau, -1, 1), np.clip((by_order + by_order.swapaxes(1, 2)) / 2, -1, 1)


def _signed_kendall(values: Floats) -> Floats:
    """Return τ-b of the values with their signs between all methods, shape (n, m, m)."""
    n, m, u = values.shape
    signs = np.sign(values[:, :, :, None] - values[:, :, None, :]).astype(np.float32)
    flat = signs.reshape(n, m, u * u)
    agree = (flat @ flat.swapaxes(1, 2)).astype(np.float64)
    size = np.sqrt(np.diagonal(agree, axis1=1, axis2=2))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.clip(agree / (size[:, :, None] * size[:, None, :]), -1, 1))


def _weights(stack: Stack) -> Floats:
    """Return 1 / place of each unit; tied units share the mean of their weights.

    scipy breaks such ties by the other explanation, which makes the weight of a unit depend on
    what it is compared with; without ties the two are the same.
    """
    u = stack.values.shape[2]
    total = np.concatenate([[0.0], np.cumsum(1 / np.arange(1, u + 1))])
    return np.asarray((total[stack.above + stack.tied] - total[stack.above]) / stack.tied)


def _pearson(values: Floats) -> Floats:
    """Return the correlation between all methods, shape (n, m, m)."""
    centred = values - values.mean(axis=2, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        unit = centred / np.linalg.norm(centred, axis=2, keepdims=True)
    return np.asarray(np.clip(unit @ unit.swapaxes(1, 2), -1, 1))


def _overlaps(stack: Stack, pairs: Integers) -> dict[str, Floats]:
    return of_top(stack, pairs, top(stack.values.shape[2]))


def of_top(stack: Stack, pairs: Integers, k: int) -> dict[str, Floats]:
    """Return what pairs of methods have in common among their k strongest units.

    Returns
    -------
    dict of measure slug to array of shape (p, n)
    """
    u = stack.values.shape[2]
    belongs = membership(stack.above, stack.tied, k).swapaxes(0, 1)
    places = (2 * stack.above + stack.tied).swapaxes(0, 1)
    signs = np.sign(stack.values).swapaxes(0, 1)
    found = {slug: np.empty((len(pairs), len(stack.values))) for slug in _OF_TOP}
    for row, (a, b) in enumerate(pairs):
        shared = np.minimum(belongs[a], belongs[b])
        either = np.maximum(belongs[a], belongs[b])
        same_place, same_sign = places[a] == places[b], signs[a] == signs[b]
        both, union = shared.sum(axis=1), either.sum(axis=1)
        found["jaccard"][row] = both / union
        found["feature"][row] = both / k
        found["overlap"][row] = (both / k - k / u) / (1 - k / u) if k < u else np.nan
        found["rank"][row] = (shared * same_place).sum(axis=1) / k
        found["signed"][row] = (shared * same_sign).sum(axis=1) / k
        found["signed_rank"][row] = (shared * same_place * same_sign).sum(axis=1) / k
        found["sign"][row] = (either * same_sign).sum(axis=1) / union
    return found


_OF_TOP = ("jaccard", "feature", "overlap", "rank", "signed", "signed_rank", "sign")


def _orders(stack: Stack, pairs: Integers) -> dict[str, Floats]:
    u = stack.values.shape[2]
    above, tied = stack.above.swapaxes(0, 1), stack.tied.swapaxes(0, 1)
    return {
        "rbo": rank_biased_overlap(above, tied, pairs, persistence(top(u)), min(u, RBO_DEPTH)),
        "top_kendall": top_kendall(above, tied, pairs, min(u, TOP_KENDALL)),
    }


def rank_biased_overlap(
    above: Integers, tied: Integers, pairs: Integers, p: float, depth: int
) -> Floats:
    """Return extrapolated rank-biased overlap of pairs of orders, read down to `depth`.

    Parameters
    ----------
    above, tied : arrays of shape (m, n, u)
    pairs : array of shape (p, 2)
    p : float
        Persistence: the weight of a place is `p` times that of the place before it.

    Returns
    -------
    array of shape (pairs, n)
    """
    depths = np.arange(1, depth + 1)
    weights = (1 - p) * p ** (depths - 1) / depths
    weights[-1] += p**depth / depth  # the tail is taken to agree as the last place read does
    # Single precision: halves the memory that moves, and a membership is exact to 1e-7.
    single = (above.astype(np.float32)[..., None], tied.astype(np.float32)[..., None])
    belongs = membership(*single, depths.astype(np.float32))
    found = np.empty((len(pairs), above.shape[1]))
    for row, (a, b) in enumerate(pairs):
        found[row] = np.minimum(belongs[a], belongs[b]).sum(axis=1, dtype=np.float64) @ weights
    return found
