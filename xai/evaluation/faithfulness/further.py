"""Further measures of one explanation: what it foretells of drops, how it is spread, how it moves.

Source: Yeh et al., On the (In)fidelity and Sensitivity of Explanations, NeurIPS 2019 (infidelity,
max-sensitivity), https://arxiv.org/abs/1901.09392; Fel et al., Xplique, 2022, and Bhatt et al.,
IJCAI 2020 (correlation over random subsets, by ranks and by values); Agarwal et al., OpenXAI, 2022
(gaps under noise, relative stability); Chalasani et al., ICML 2020 (Gini); Bhatt et al. (entropy);
Adebayo et al., Sanity Checks for Saliency Maps, NeurIPS 2018 (similarity to a randomised model).
Departures: infidelity is the normalised one, which compares across models; the masks are drawn once
for a sample and shared by all methods, and are all masks there are where those are few.
Sizes in shapes: p players; m masks; d moves.
"""

from __future__ import annotations

import itertools
from math import ceil, comb

import numpy as np

from xai.evaluation.ranks import places
from xai.units import Bools
from xai.vocabulary import Floats

MASKS = 32
"""Random sets of players that are taken away, of any size, and as many of one size."""
SUBSET = 0.2
"""Share of the players in a set of one size: at least two of them."""
NOTHING = 1e-9
SHARE = 0.25
"""Share of the players that noise is put on, or kept off."""


def removals(players: int, draw: np.random.Generator) -> Bools:
    """Return sets of players to take away, none of them empty, shape (m, p)."""
    if players <= 10 and 2**players - 1 <= MASKS:
        return np.array(list(itertools.product((False, True), repeat=players)))[1:]
    found = draw.random((MASKS, players)) < 0.5
    empty = ~found.any(axis=1)
    found[empty, draw.integers(0, players, int(empty.sum()))] = True
    return found


def subset_size(players: int) -> int:
    """Return how many players a set of one size has."""
    return min(players, max(2, ceil(round(SUBSET * players, 9))))


def subsets(players: int, size: int, draw: np.random.Generator) -> Bools:
    """Return sets of `size` players to take away, shape (m, p)."""
    if comb(players, size) <= MASKS:
        chosen = np.array(list(itertools.combinations(range(players), size)))
    else:
        chosen = draw.permuted(np.tile(np.arange(players), (MASKS, 1)), axis=1)[:, :size]
    found = np.zeros((len(chosen), players), dtype=bool)
    np.put_along_axis(found, chosen, values=True, axis=1)
    return found


def infidelity(values: Floats, removed: Bools, drops: Floats) -> float:
    """Return the normalised infidelity: mean squared error of the foretold drops, well scaled.

    Parameters
    ----------
    values : array of shape (p,)
    removed : array of shape (m, p)
    drops : array of shape (m,)
        By how much the score falls without these players.

    Returns
    -------
    float
        In squares of the score; NaN where the values foretell nothing at all.
    """
    foretold = removed @ values
    size = float(foretold @ foretold)
    if not size > 0:
        return float("nan")
    scale = float(foretold @ drops) / size
    return float(np.mean((scale * foretold - drops) ** 2))


def subset_correlations(values: Floats, removed: Bools, drops: Floats) -> tuple[float, float]:
    """Return how the foretold drops of subsets correlate with the real ones: ranks, then values."""
    foretold = removed @ values
    return correlation(places(-foretold), places(-drops)), correlation(foretold, drops)


def correlation(first: Floats, second: Floats) -> float:
    """Return the correlation of Pearson; NaN where one of the two hardly moves."""
    centred = [each - each.mean() for each in (first, second)]
    sizes = [float(np.linalg.norm(each)) for each in centred]
    largest = [float(np.abs(each).max(initial=0.0)) for each in (first, second)]
    if any(size <= 1e-9 * most * len(first) for size, most in zip(sizes, largest, strict=True)):
        return float("nan")
    return float(np.clip(centred[0] @ centred[1] / (sizes[0] * sizes[1]), -1.0, 1.0))


def rank_likeness(first: Floats, second: Floats) -> float:
    """Return Spearman's correlation of the strengths of two explanations (p,)."""
    return correlation(places(np.abs(first)), places(np.abs(second)))


def kendall(first: Floats, second: Floats) -> float:
    """Return Kendall's τ-b of two arrays (p,); NaN where one of them is constant."""
    signs = [np.sign(each[:, None] - each[None, :]) for each in (first, second)]
    sizes = [float((sign**2).sum()) for sign in signs]
    if not min(sizes) > 0:
        return float("nan")
    return float((signs[0] * signs[1]).sum() / np.sqrt(sizes[0] * sizes[1]))


def gini(values: Floats) -> float:
    """Return how unequal the strengths are: 0 if all are equal, near 1 if one holds everything."""
    strengths = np.sort(np.abs(values))
    count, total = len(strengths), float(strengths.sum())
    if not total > 0:
        return float("nan")
    weights = 2 * np.arange(1, count + 1) - count - 1
    return float(weights @ strengths / (count * total))


def entropy(values: Floats) -> float:
    """Return the entropy of the shares of strength, in nats: ln p if all are equal."""
    strengths = np.abs(values)
    total = float(strengths.sum())
    if not total > 0:
        return float("nan")
    shares = strengths[strengths > 0] / total
    return float(-(shares * np.log(shares)).sum())


def max_sensitivity(values: Floats) -> Floats:
    """Return how far explanations move at most, as a share of their length, shape (n,).

    Parameters
    ----------
    values : array of shape (d + 1, n, u)
        First those of the inputs as they are, then those of moved inputs.
    """
    size = np.linalg.norm(values[0], axis=1)
    far = np.linalg.norm(values[1:] - values[0], axis=2).max(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(size > 0, far / size, np.nan)


def relative_stability(values: Floats, inputs: Floats) -> Floats:
    """Return the largest relative move of an explanation by that of its input, shape (n,).

    Parameters
    ----------
    values : array of shape (d + 1, n, u)
    inputs : array of shape (d + 1, n, features)
        What `values` explain; the first are those that did not move.

    Returns
    -------
    array of shape (n,)
        NaN where a number that is 0 moves: its relative move has no size.
    """
    moves = [_relative(each) for each in (values, inputs)]
    with np.errstate(invalid="ignore", divide="ignore"):
        ratios = moves[0] / moves[1]
    return np.asarray(np.where(np.isfinite(ratios).all(axis=0), ratios.max(axis=0), np.nan))


def _relative(values: Floats) -> Floats:
    """Return the length of the element-wise relative moves, shape (d, n); NaN where undefined."""
    moved = values[1:] - values[0]
    # What is left of a sum of zeros is 0: its relative moves would be noise.
    least = NOTHING * np.abs(values[0]).max(axis=1, keepdims=True, initial=0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        start = np.where(np.abs(values[0]) <= least, 0.0, values[0])
        share = np.where(np.abs(moved) <= least, 0.0, moved / start)
    length = np.linalg.norm(share, axis=2)
    return np.where(np.isfinite(length), length, np.nan)
