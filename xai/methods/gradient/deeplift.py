"""DeepLIFT: how far each unit's change from a blank carries through the network, step by step.

Source: Shrikumar, Greenside and Kundaje, Learning Important Features Through Propagating
Activation Differences, ICML 2017, https://arxiv.org/abs/1704.02685, the rescale rule of section
3.5.1; products as in DeepSHAP, Lundberg and Lee, NeurIPS 2017, https://arxiv.org/abs/1705.07874.
Departure: softmax and normalisation get their mean slope along the line too, where captum takes
the slope at the input and leaves a gap as large as the score.
Cost: about 4 forward and backward passes per output; more where the completeness gap asks for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, cast

import numpy as np

from xai.methods.gradient.gather import Gathered
from xai.units import UnitAttribution
from xai.vocabulary import Progress, ignore_progress

if TYPE_CHECKING:
    from torch import Tensor

    from xai.units import Gradients, UnitProblem
    from xai.vocabulary import Floats, Integers

FAINT = 0.02
"""Changes of the score below this are not divided by: a gap relative to nothing says nothing."""
PASSES = 4
"""Passes of one walk through the network: the inputs, the baselines, and the slopes between."""


class MeanSlopes(Protocol):
    """What a kind of model offers beside gradients: `UnitProblem.extras["mean_slopes"]`."""

    def __call__(self, of: Integers, output: int, nodes: int) -> tuple[Floats, Floats, Tensor]:
        """Return score at the inputs and at the baselines (b,), and multipliers (b, *features).

        Raises
        ------
        XaiError
            Where an operation of the network has no mean slope.
        """


@dataclass(frozen=True, slots=True)
class Params:
    """What the user may set."""

    nodes: int = 8
    gap: float = 0.01
    most: int = 64


def attribute(
    problem: UnitProblem, params: Params, progress: Progress = ignore_progress
) -> UnitAttribution:
    """Attribute the score of each output to the units of its sample.

    Returns
    -------
    UnitAttribution
        Summed over the features of a unit. `residual` is the completeness gap, score − base − sum
        of values; base is the score at the baseline. `per_sample["nodes"]` tells how finely each
        output was integrated.

    Raises
    ------
    XaiError
        If the network has an operation that the rule does not cover; the sentence names it.
    """
    gradients = problem.gradients
    assert gradients is not None  # noqa: S101 - the card asks for it
    slopes = cast("MeanSlopes", problem.extras["mean_slopes"])
    kept = Gathered(problem, int(problem.output_counts.sum()) * PASSES, progress)
    for of in gradients.batches(2):
        for output in kept.outputs(of):
            left, nodes = kept.having(of, output), params.nodes
            while len(left):
                found = _walked(gradients, slopes, (left, output, nodes))
                kept.count(PASSES * len(left))
                done = (found.share <= params.gap) | (2 * nodes > params.most)
                for row in np.flatnonzero(done):
                    sample = int(left[row])
                    kept.put(sample, output, found.values[row])
                    kept.base[sample][output] = found.base[row]
                    kept.residual[sample][output] = found.gap[row]
                    kept.steps[sample][output] = nodes
                left, nodes = left[~done], 2 * nodes
    kept.finish()
    return UnitAttribution(
        values=kept.values,
        base=kept.base,
        residual=kept.residual,
        per_sample={"nodes": [nodes.astype(int).tolist() for nodes in kept.steps]},
        evaluations=kept.done,
        notes={"nodes": params.nodes},
    )


@dataclass(frozen=True, slots=True)
class _Walk:
    values: list[Floats]
    base: Floats
    gap: Floats
    share: Floats


def _walked(gradients: Gradients, slopes: MeanSlopes, asked: tuple[Integers, int, int]) -> _Walk:
    of, output, nodes = asked
    top, bottom, multipliers = slopes(of, output, nodes)
    inputs, baselines = gradients.stack(of)
    values = gradients.reduce((inputs - baselines).double() * multipliers.double(), of)
    gap = top - bottom - np.array([one.sum() for one in values])
    return _Walk(values, bottom, gap, np.abs(gap) / np.maximum(np.abs(top - bottom), FAINT))
