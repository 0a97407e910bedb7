"""Shapley values: every feature's mean contribution over all orders in which features arrive.

Source: Shapley, A Value for n-Person Games, 1953; Lundberg and Lee, A Unified Approach to
Interpreting Model Predictions, NeurIPS 2017, https://arxiv.org/abs/1705.07874; marginal game of
Janzing et al., AISTATS 2020, https://arxiv.org/abs/1910.13413; coalition sizes by leverage after
Musco and Witter, ICLR 2025, https://arxiv.org/abs/2410.01917. The usual estimator (`regression.py`)
is our own: a Gaussian process in place of their least squares, which can be chosen instead.
Cost: at most coalitions × background rows per input, and a look at the model first; one evaluation
per input with exact tree values.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from xai.methods.shapley.budget import GAUSSIAN_PROCESS, Budget
from xai.methods.shapley.players import play
from xai.methods.shapley.trees.exact import (
    checked,
    interventional,
    pairs_of_trees,
    path_dependent,
)
from xai.vocabulary import Attribution, Progress, ignore_progress

if TYPE_CHECKING:
    from xai.vocabulary import Problem


@dataclass(frozen=True, slots=True)
class Params:
    """What the user may set."""

    coalitions: int = 512
    exact_up_to: int = 10
    error_target: float = 0.0
    tree_game: str = "path-dependent"
    interactions: bool = False
    estimator: str = GAUSSIAN_PROCESS


def attribute(
    problem: Problem, params: Params, progress: Progress = ignore_progress
) -> Attribution:
    """Attribute the score of each input to its features.

    Returns
    -------
    Attribution
        Complete: `base + values.sum(1)` is the score, within rounding. Exact with trees and when
        all coalitions are evaluated; otherwise with the standard error of sampling coalitions
        (the background is taken as given).

    Raises
    ------
    XaiError
        If the exact values of a tree model do not sum to its score, or interactions are asked for
        and its trees do not fit into tables.
    """
    alone = tuple((feature,) for feature in range(len(problem.names)))
    if params.tree_game == "interventional":
        exact = interventional(problem, alone)
    else:
        exact = path_dependent(problem)
    if exact is not None:
        found = checked(problem, exact, progress, problem.names)
        if params.interactions:
            found = replace(found, pairs=pairs_of_trees(problem, alone, params.tree_game))
        return found
    limits = (params.coalitions, params.exact_up_to, params.error_target)
    budget = Budget(*limits, interactions=params.interactions, estimator=params.estimator)
    found = play(problem, alone, budget, progress)
    how = "every coalition" if found.error is None else budget.words
    return replace(
        found, names=problem.names, notes={"algorithm": f"marginal, {how}", **found.notes}
    )
