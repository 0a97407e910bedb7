"""Subtrees whose players are pairs: the same bits and leaves, other names for what is added."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xai.methods.shapley.pairs.order import count

if TYPE_CHECKING:
    from xai.methods.shapley.trees.subtrees import Groups


def named(groups: Groups, players: int) -> Groups:
    """Return the groups with their pairs of players in place of the players.

    A pair within one player (two encoded columns of a feature) belongs to the player itself: it
    is added up under the last number, which nobody reads.
    """
    parts, starts = [], [0]
    # Their places within a subtree of so many players are alike: worked out once.
    places = {
        int(held): np.triu_indices(held, 1) for held in np.unique(np.diff(groups.player_start))
    }
    for begin, end in zip(groups.player_start[:-1], groups.player_start[1:], strict=True):
        first, second = places[int(end - begin)]
        here = groups.player[begin:end]
        low, high = np.minimum(here[first], here[second]), np.maximum(here[first], here[second])
        number = low * (2 * players - low - 1) // 2 + high - low - 1
        parts.append(np.where(low == high, count(players), number))
        starts.append(starts[-1] + len(first))
    return groups._replace(
        player_start=np.array(starts, dtype=np.int64),
        player=np.concatenate(parts).astype(np.int64) if parts else np.zeros(0, np.int64),
    )
