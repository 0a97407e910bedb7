"""A look at the model before a game is sampled: its range, and how far each player moves it.

The look is at rows of the dataset that the recipe's seed alone decides, so every shard sees the
same. How far the score moves with a player is Jansen's total effect: the mean square of the change
when the player's features come from another row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xai.methods.shapley.budget import SURVEY_PAIRS, SURVEY_ROWS

if TYPE_CHECKING:
    from xai.vocabulary import Floats, Integers, Problem, Score

FAINTEST = 0.02
"""Relevance of a player who moves nothing here, so that its row of the kernel is not empty."""
SALT = 2
"""Tells these draws from others of the same seed."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What the look found.

    Attributes
    ----------
    relevance : tuple of float, length players
        Root of the total effect over the largest; empty where the score never moved.
    span : float
        Largest minus smallest score.
    """

    relevance: tuple[float, ...]
    span: float


def survey(problem: Problem, owner: Integers, score: Score) -> Survey:
    """Look at the score around rows of the dataset.

    Parameters
    ----------
    problem : Problem
        With a `reference_score`.
    owner : int array of shape (d,)
        The player each feature belongs to.
    score : Score
        Counts what `problem.reference_score` is asked.
    """
    rng = np.random.default_rng([problem.seed, SALT])
    of = rng.integers(0, len(problem.reference), SURVEY_ROWS)
    others = problem.reference[rng.integers(0, len(problem.reference), SURVEY_PAIRS)]
    found = score(problem.reference[of], of)
    near = of[:SURVEY_PAIRS]
    effects = []
    for player in range(int(owner.max()) + 1):
        rows = np.where(owner == player, others, problem.reference[near])
        effects.append(np.square(score(rows, near) - found[:SURVEY_PAIRS]).mean())
    return Survey(_relevance(np.sqrt(effects)), float(found.max() - found.min()))


def _relevance(moves: Floats) -> tuple[float, ...]:
    if not moves.max() > 0:
        return ()
    # Three digits are plenty, and keep kernels equal where rounding is not.
    return tuple(float(f"{max(move, FAINTEST):.3g}") for move in moves / moves.max())
