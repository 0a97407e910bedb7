"""Play the game of an input: players are features or groups of features.

The value of a coalition is the mean score over all background rows, with the features of absent
players taken from the background row and all others from the input: the marginal game.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xai.methods.meter import Meter, blend
from xai.methods.shapley.budget import inner_coalitions, is_exact
from xai.methods.shapley.game import every_coalition, exact_values, sampled_halves
from xai.methods.shapley.regression import estimate
from xai.vocabulary import Attribution, Progress

if TYPE_CHECKING:
    from xai.vocabulary import Problem


def play(
    problem: Problem,
    members: tuple[tuple[int, ...], ...],
    limits: tuple[int, int],
    progress: Progress,
) -> Attribution:
    """Return the Shapley value of every player for every input.

    Parameters
    ----------
    problem : Problem
    members : tuple of tuples of int
        The features of each player; every feature belongs to exactly one.
    limits : (coalitions, exact_up_to)
    progress : Progress

    Returns
    -------
    Attribution
        Named by the caller. `error` is None where every coalition was evaluated.
    """
    players, (n, d) = len(members), problem.inputs.shape
    inner = inner_coalitions(players, *limits)
    meter = Meter(problem.score, n * (1 + (inner + 1) * len(problem.background)), progress)
    owner = np.empty(d, dtype=int)
    for player, features in enumerate(members):
        owner[list(features)] = player
    exact = is_exact(players, *limits)
    if exact:
        masks = every_coalition(players)[:-1]
    else:
        halves = sampled_halves(players, limits[0], problem.seed)
        masks = np.vstack([np.zeros((1, players), dtype=bool), halves, ~halves])
    full = meter(problem.inputs, np.arange(n))
    games, _ = blend(problem, masks[:, owner], meter)
    empty = games[:, 0]
    if exact:
        values = exact_values(np.column_stack([games, full]))
        error = None
    else:
        design = (players, limits[0], problem.seed)
        values, error = estimate(games[:, 1:], full, empty, design)
    return Attribution(
        names=(),
        values=values,
        base=empty,
        error=error,
        residual=full - empty - values.sum(axis=1),
        evaluations=meter.done,
        notes={"coalitions": inner + 2, "background": len(problem.background), "is_exact": exact},
    )
