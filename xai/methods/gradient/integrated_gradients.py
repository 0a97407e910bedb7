"""Integrated gradients: credit gathered along the straight line from a baseline to the input.

Source: Sundararajan, Taly and Yan, Axiomatic Attribution for Deep Networks, ICML 2017,
https://arxiv.org/abs/1703.01365, equation 1, by Gauss and Legendre's quadrature.
Cost: steps + 2 forward and backward passes per output; twice as many steps, and again, where the
completeness gap asks for them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xai.methods.gradient.gather import Gathered
from xai.methods.gradient.paths import ends, gathered
from xai.units import UnitAttribution
from xai.vocabulary import Progress, ignore_progress

if TYPE_CHECKING:
    from xai.units import Gradients, UnitProblem
    from xai.vocabulary import Floats, Integers

FAINT = 0.02
"""Changes of the score below this are not divided by: a gap relative to nothing says nothing."""


@dataclass(frozen=True, slots=True)
class Params:
    """What the user may set."""

    steps: int = 20
    gap: float = 0.01
    most: int = 160


def attribute(
    problem: UnitProblem, params: Params, progress: Progress = ignore_progress
) -> UnitAttribution:
    """Attribute the score of each output to the units of its sample.

    Returns
    -------
    UnitAttribution
        Summed over the features of a unit. `residual` is the completeness gap, score − base − sum
        of values; base is the score at the baseline. `per_sample["steps"]` tells the steps taken
        for each output.
    """
    gradients = problem.gradients
    assert gradients is not None  # noqa: S101 - the card asks for it
    kept = Gathered(problem, int(problem.output_counts.sum()) * (params.steps + 2), progress)
    for of in gradients.batches(params.steps):
        for output in kept.outputs(of):
            mine = kept.having(of, output)
            top, bottom = ends(gradients, mine, output)
            kept.count(2 * len(mine))
            for row, sample in enumerate(mine):
                kept.base[sample][output] = bottom[row]
            steps, left = params.steps, np.arange(len(mine))
            while len(left):
                values = _line(gradients, mine[left], output, steps)
                kept.count(steps * len(left))
                change = (top - bottom)[left]
                gaps = change - np.array([v.sum() for v in values])
                shares = np.abs(gaps) / np.maximum(np.abs(change), FAINT)
                done = (shares <= params.gap) | (2 * steps > params.most)
                for j in np.flatnonzero(done):
                    sample = int(mine[left[j]])
                    kept.put(sample, output, values[j])
                    kept.residual[sample][output] = gaps[j]
                    kept.steps[sample][output] = steps
                left, steps = left[~done], 2 * steps
    kept.finish()
    return UnitAttribution(
        values=kept.values,
        base=kept.base,
        residual=kept.residual,
        per_sample={"steps": [steps.astype(int).tolist() for steps in kept.steps]},
        evaluations=kept.done,
        notes={"steps": params.steps},
    )


def _line(gradients: Gradients, of: Integers, output: int, steps: int) -> list[Floats]:
    return gradients.reduce(gathered(gradients, of, output, steps), of)
