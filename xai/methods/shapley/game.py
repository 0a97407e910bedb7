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

    from xai.vocabulary import Floats

    Masks = NDArray[np.bool_]


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
    a size that has too few coalitions gives its share to the others.
    """
    rng = np.random.default_rng([seed, players, coalitions])
    counts = _per_size(players, pairs(players, coalitions))
    halves = np.zeros((sum(counts), players), dtype=bool)
    row = 0
    for size, count in enumerate(counts, start=1):
        for members in _draw(players, size, count, rng):
            halves[row, members] = True
            row += 1
    return halves


def _per_size(players: int, wanted: int) -> list[int]:
    """Share the pairs among the sizes 1 to players // 2, none above what exists."""
    sizes = range(1, players // 2 + 1)
    room = np.array([min(_available(players, size), wanted) for size in sizes])
    # The middle size pairs with itself: it holds half as many pairs as its neighbours.
    weight = np.array([0.5 if 2 * size == players else 1.0 for size in sizes])
    counts = np.zeros(len(room), dtype=int)
    for _ in range(min(wanted, int(room.sum()))):
        counts[np.argmin(np.where(counts < room, (counts + 0.5) / weight, np.inf))] += 1
    return [int(count) for count in counts]


def _available(players: int, size: int) -> int:
    return comb(players, size) // (2 if 2 * size == players else 1)


def _draw(players: int, size: int, count: int, rng: np.random.Generator) -> list[tuple[int, ...]]:
    if 2 * count >= _available(players, size):
        known = [c for c in combinations(range(players), size) if 2 * size != players or 0 in c]
        return [known[i] for i in rng.permutation(len(known))[:count]]
    drawn: dict[tuple[int, ...], None] = {}
    while len(drawn) < count:
        members = rng.choice(players, size, replace=False)
        if 2 * size == players and 0 not in members:
            members = np.setdiff1d(np.arange(players), members)
        drawn[tuple(sorted(int(m) for m in members))] = None
    return list(drawn)
