"""Occlusion: how far the score falls when one feature is replaced by values of the background.

Source: leave one covariate out; Zeiler and Fergus, ECCV 2014, https://arxiv.org/abs/1311.2901, for
images; Robnik-Šikonja and Kononenko, Explaining Classifications for Individual Instances, IEEE
TKDE 2008, equation 3 (the feature's values averaged over data), for tables.
Cost: features × background rows per input, and one for the input itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xai.methods.meter import Meter, blend
from xai.vocabulary import Attribution, Progress, ignore_progress

if TYPE_CHECKING:
    from xai.vocabulary import Problem


@dataclass(frozen=True, slots=True)
class Params:
    """Nothing to set."""


def attribute(
    problem: Problem,
    params: Params,  # noqa: ARG001 - every method is called alike
    progress: Progress = ignore_progress,
) -> Attribution:
    """Attribute the score of each input to its features, one feature removed at a time.

    Returns
    -------
    Attribution
        The mean over the background of score(x) − score(x with the feature from there). Not
        complete: features that stand in for each other all get little. `error` is the standard
        error over background rows, None when there is one row.
    """
    n, d = problem.inputs.shape
    rows = len(problem.background)
    meter = Meter(problem.score, n * (1 + d * rows), progress)
    whole = meter(problem.inputs, np.arange(n))
    without, deviation = blend(problem, ~np.eye(d, dtype=bool), meter)
    return Attribution(
        names=problem.names,
        values=whole[:, None] - without,
        error=deviation / np.sqrt(rows) if rows > 1 else None,
        evaluations=meter.done,
        notes={"background": rows},
    )
