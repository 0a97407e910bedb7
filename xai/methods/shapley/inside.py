"""Owen values: a player's Shapley value divided among its units.

The other players enter in a random order, the player's units one after another in their own random
order where the player stands. Draws come in pairs: the second has the complement of the players
that came before, and the units in reverse.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xai.methods.unit_meter import UnitMeter, by_length, in_groups
from xai.units import Bools, UnitProblem

if TYPE_CHECKING:
    from xai.vocabulary import Floats, Integers


def rows_inside(problem: UnitProblem, draws: int) -> Integers:
    """Return how many evaluations each sample takes, shape (n,)."""
    if problem.inner is None or draws < 2:
        return np.zeros(len(problem.rows), dtype=np.int64)
    return np.array(
        [
            2 * (draws // 2) * sum(len(units) + 1 for units in _several(players))
            for players in problem.players
        ],
        dtype=np.int64,
    )


def inside_players(
    problem: UnitProblem,
    draws: int,
    meter: UnitMeter,
    values: list[Floats],
    error: list[Floats],
) -> None:
    """Divide the values of players of several units, in place.

    Parameters
    ----------
    values, error : list of arrays (k, u)
        Each player's shared equally among its units.
    """
    rows = rows_inside(problem, draws)
    samples = [i for i in by_length(problem) if rows[i]]
    for group in in_groups(samples, lambda sample: int(rows[sample])):
        drawn = {i: _draws(problem, i, draws // 2) for i in group}
        plans = [(i, np.concatenate([m for _, m in drawn[i]])) for i in group]
        for i, found in zip(group, meter(plans, problem.inner), strict=True):
            start = 0
            for order, masks in drawn[i]:
                mean, spread = _gains(found[start : start + len(masks)], order)
                start += len(masks)
                units = np.sort(order[0])
                # Only how units differ is taken: together they keep the player's value.
                values[i][:, units] += mean - mean.mean(axis=1, keepdims=True)
                error[i][:, units] = np.hypot(error[i][:, units], spread)


def _several(players: Integers) -> list[Integers]:
    """Return the units of each player that has more than one."""
    groups = [np.flatnonzero(players == p) for p in range(int(players.max(initial=-1)) + 1)]
    return [units for units in groups if len(units) > 1]


def _draws(problem: UnitProblem, sample: int, pairs: int) -> list[tuple[Integers, Bools]]:
    """Return, for each such player, orders (2 · pairs, t) and masks (2 · pairs · (t + 1), u)."""
    players = problem.players[sample]
    count = int(players.max(initial=-1)) + 1
    draw = np.random.default_rng([problem.seed, int(problem.rows[sample]), 7])
    found = []
    for units in _several(players):
        orders, masks = [], []
        mine = players[units[0]]
        for _ in range(pairs):
            place = draw.permutation(count)
            before = place < place[mine]
            order = draw.permutation(units)
            for ahead, turn in ((before, order), (~before, order[::-1])):
                row = np.append(ahead, True)[players]
                row[units] = False
                steps = np.repeat(row[None], len(units) + 1, axis=0)
                for j, unit in enumerate(turn):
                    steps[j + 1 :, unit] = True
                orders.append(turn)
                masks.append(steps)
        found.append((np.array(orders), np.concatenate(masks)))
    return found


def _gains(scores: Floats, orders: Integers) -> tuple[Floats, Floats]:
    """Return the mean gain of each unit, units ascending, and its error over pairs: (k, t)."""
    draws, size = orders.shape
    steps = scores.reshape(draws, size + 1, -1)
    gains = np.diff(steps, axis=1)
    sorted_gains = np.take_along_axis(gains, orders.argsort(axis=1)[:, :, None], axis=1)
    pairs = sorted_gains.reshape(draws // 2, 2, size, -1).mean(axis=1)
    pairs = pairs - pairs.mean(axis=1, keepdims=True)
    mean = sorted_gains.mean(axis=0).T
    if len(pairs) < 2:
        return mean, np.full_like(mean, np.nan)
    return mean, pairs.std(axis=0, ddof=1).T / np.sqrt(len(pairs))
