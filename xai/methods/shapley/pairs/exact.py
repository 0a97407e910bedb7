"""Interaction values of games given in full, by the definition.

Source: Grabisch and Roubens, An Axiomatic Approach to the Concept of Interaction Among Players in
Cooperative Games, International Journal of Game Theory 1999; twice the off-diagonal values of
Lundberg et al., Nature Machine Intelligence 2020, https://arxiv.org/abs/1905.04610.
Cost: no evaluation beyond the game's own.
"""

from __future__ import annotations

from itertools import combinations
from math import factorial
from typing import TYPE_CHECKING

import numpy as np

from xai.methods.shapley.game import every_coalition
from xai.methods.shapley.pairs.order import count

if TYPE_CHECKING:
    from xai.vocabulary import Floats


def exact_pairs(games: Floats) -> Floats:
    """Return the interaction of every pair, shape (n, pairs), from games of shape (n, 2^players).

    The value of (i, j) is the mean of v(S ∪ ij) − v(S ∪ i) − v(S ∪ j) + v(S) over the coalitions
    S that stand before both where i and j arrive as one.
    """
    players = games.shape[1].bit_length() - 1
    masks, found = every_coalition(players), np.empty((len(games), count(players)))
    share = np.array(
        [
            factorial(s) * factorial(players - s - 2) / factorial(players - 1)
            for s in range(players - 1)
        ]
    )
    sizes = masks.sum(axis=1)
    for place, (i, j) in enumerate(combinations(range(players), 2)):
        (none,) = np.nonzero(~masks[:, i] & ~masks[:, j])
        one, other = 1 << i, 1 << j
        # Differences of differences first: players who add up get exactly zero.
        gain = (games[:, none + one + other] - games[:, none + one]) - (
            games[:, none + other] - games[:, none]
        )
        found[:, place] = gain @ share[sizes[none]]
    return found
