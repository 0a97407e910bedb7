"""The coalitions of a game: all of them, or a paired sample shared by every input."""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations
from math import comb, factorial
from typing import TYPE_CHECKING

import numpy as np

from xai.methods.shapley.budget import pairs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xai.vocabulary import Floats, Integers

    Masks = NDArray[np.bool_]

ENUMERATED = 8192
"""A size with at most this many coalitions is listed and shuffled; of others some are drawn."""


@lru_cache(maxsize=4)
def every_coalition(players: int) -> Masks:
    """Return all coalitions, shape (2^players, players); the first is empty, the last full."""
    return (np.arange(2**players)[:, None] >> np.arange(players) & 1).astype(bool)


def exact_values(games: Floats) -> Floats:
    """Return the Shapley values of games given in full, from shape (n, 2^players)."""
    players = games.shape[1].bit_length() - 1
    masks = every_coalition(players)
    share = [factorial(s) * factorial(players - s - 1) / factorial(players) for s in range(players)]
    values = np.empty((len(games), players))
    for player in range(players):
        inside = masks[:, player]
        # Differences first: a player who changes nothing gets exactly zero.
        gain = games[:, inside] - games[:, ~inside]
        values[:, player] = gain @ np.array(share)[masks[~inside].sum(axis=1)]
    return values


@lru_cache(maxsize=4)
def sampled_halves(players: int, coalitions: int, seed: int) -> Masks:
    """Draw coalitions, one of each complementary pair, shape (pairs, players).

    Sizes get equal shares (the leverage scores of Shapley's regression), without replacement;
    a size that has too few coalitions gives its share to the others. A smaller number of
    coalitions is the beginning of a larger one, so that a game can be sampled further.
    """
    sizes = _sizes(players, pairs(players, coalitions))
    drawn = [_draw(players, size, int((sizes == size).sum()), seed) for size in np.unique(sizes)]
    halves = np.zeros((len(sizes), players), dtype=bool)
    for size, members in zip(np.unique(sizes), drawn, strict=True):
        for row, chosen in zip(np.flatnonzero(sizes == size), members, strict=True):
            halves[row, chosen] = True
    return halves


def _sizes(players: int, wanted: int) -> Integers:
    """Return the size of each pair's smaller half, in turn, none more often than it exists."""
    every = np.arange(1, players // 2 + 1)
    room = np.array([float(available(players, int(size))) for size in every])
    # The middle size pairs with itself: it holds half as many pairs as its neighbours.
    weight = np.where(2 * every == players, 0.5, 1.0)
    counts, order = np.zeros(len(every)), []
    for _ in range(int(min(wanted, room.sum()))):
        order.append(int(np.argmin(np.where(counts < room, (counts + 0.5) / weight, np.inf))))
        counts[order[-1]] += 1
    return np.asarray(every[np.array(order, dtype=int)])


def available(players: int, size: int) -> int:
    """Count the pairs of complements whose smaller half has `size` players."""
    return comb(players, size) // (2 if 2 * size == players else 1)


def _draw(players: int, size: int, count: int, seed: int) -> list[list[int]]:
    """Return the first `count` coalitions of a size; how many are wanted changes none of them."""
    rng = np.random.default_rng([seed, players, size])
    if available(players, size) <= ENUMERATED:
        known = [c for c in combinations(range(players), size) if 2 * size != players or 0 in c]
        return [list(known[i]) for i in rng.permutation(len(known))[:count]]
    drawn: dict[tuple[int, ...], None] = {}
    while len(drawn) < count:
        members = rng.choice(players, size, replace=False)
        if 2 * size == players and 0 not in members:
            members = np.setdiff1d(np.arange(players), members)
        drawn[tuple(sorted(int(m) for m in members))] = None
    return [list(members) for members in drawn]
