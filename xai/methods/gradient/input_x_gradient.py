"""Input × gradient: the gradient of the score at the input, times the input.

Source: Shrikumar, Greenside, Shcherbina and Kundaje, Not Just a Black Box, 2016,
https://arxiv.org/abs/1605.01713; the first-order Taylor term at zero.
Cost: 1 forward and backward pass per output.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xai.methods.gradient.gather import Gathered
from xai.units import UnitAttribution
from xai.vocabulary import Progress, ignore_progress

if TYPE_CHECKING:
    from xai.units import UnitProblem


@dataclass(frozen=True, slots=True)
class Params:
    """Nothing to set."""


def attribute(
    problem: UnitProblem,
    params: Params,  # noqa: ARG001 - every method is called alike
    progress: Progress = ignore_progress,
) -> UnitAttribution:
    """Attribute the score of each output to the units of its sample.

    Returns
    -------
    UnitAttribution
        Summed over the features of a unit. Not complete: it sees the score at the input alone, and
        where the score is flat there (a probability near 1) it sees little.
    """
    gradients = problem.gradients
    assert gradients is not None  # noqa: S101 - the card asks for it
    kept = Gathered(problem, int(problem.output_counts.sum()), progress)
    for of in gradients.batches():
        for output in kept.outputs(of):
            mine = kept.having(of, output)
            inputs, _ = gradients.stack(mine)
            _, slopes = gradients.gradient(inputs, mine, output)
            for sample, values in zip(mine, gradients.reduce(inputs * slopes, mine), strict=True):
                kept.put(int(sample), output, values)
            kept.count(len(mine))
    kept.finish()
    return UnitAttribution(values=kept.values, evaluations=kept.done)
