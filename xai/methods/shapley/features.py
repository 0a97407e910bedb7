"""Shapley values: every feature's mean contribution over all orders in which features arrive.

Source: Shapley, A Value for n-Person Games, 1953; Lundberg and Lee, A Unified Approach to
Interpreting Model Predictions, NeurIPS 2017, https://arxiv.org/abs/1705.07874; marginal game of
Janzing et al., AISTATS 2020, https://arxiv.org/abs/1910.13413; coalition sizes by leverage after
Musco and Witter, ICLR 2025, https://arxiv.org/abs/2410.01917. The estimator (`regression.py`) is
our own: a Gaussian process in place of their least squares.
Cost: at most coalitions × background rows per input, and a look at the model first; one evaluation
per input with exact tree values.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from xai.errors import XaiError
from xai.methods.meter import Meter
from xai.methods.shapley.budget import Budget
from xai.methods.shapley.players import play
from xai.vocabulary import Attribution, Progress, ignore_progress

if TYPE_CHECKING:
    from xai.vocabulary import Problem

TOLERANCE = 1e-4
"""Largest completeness gap of exact tree values, as a share of the scale of the score."""


@dataclass(frozen=True, slots=True)
class Params:
    """What the user may set."""

    coalitions: int = 512
    exact_up_to: int = 10
    error_target: float = 0.0


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
        If the exact values of a tree model do not sum to its score.
    """
    if problem.contributions is not None:
        return _from_trees(problem, progress)
    alone = tuple((feature,) for feature in range(len(problem.names)))
    budget = Budget(params.coalitions, params.exact_up_to, params.error_target)
    found = play(problem, alone, budget, progress)
    how = "every coalition" if found.error is None else "sampled coalitions, Gaussian process"
    return replace(
        found, names=problem.names, notes={"algorithm": f"marginal, {how}", **found.notes}
    )


def _from_trees(problem: Problem, progress: Progress) -> Attribution:
    assert problem.contributions is not None  # noqa: S101 - asked by the caller
    meter = Meter(problem.score, len(problem.inputs), progress)
    found = problem.contributions(problem.inputs)
    score = meter(problem.inputs, np.arange(len(problem.inputs)))
    residual = score - found.base - found.values.sum(axis=1)
    scale = np.maximum(1.0, np.abs(found.values).sum(axis=1) + np.abs(found.base))
    worst = float(np.max(np.abs(residual) / scale, initial=0.0))
    if not worst <= TOLERANCE:
        raise XaiError(
            f"The tree contributions miss the model's score by {worst:.1e} of its scale, more "
            f"than {TOLERANCE:.0e}, so they are not shown."
        )
    return Attribution(
        names=problem.names,
        values=found.values,
        base=found.base,
        residual=residual,
        evaluations=meter.done,
        notes={"algorithm": found.algorithm, "is_exact": True, "largest_gap": worst},
    )
