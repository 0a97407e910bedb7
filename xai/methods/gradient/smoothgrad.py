"""SmoothGrad × input: the gradient averaged over noisy copies, times the distance to the baseline.

Source: Smilkov, Thorat, Kim, Viégas and Wattenberg, SmoothGrad: removing noise by adding noise,
2017, https://arxiv.org/abs/1706.03825, equation 1, with the product of their section 3.3.
Cost: one forward and one backward pass per noisy copy.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from xai.errors import NotApplicable
from xai.units import UnitAttribution, UnitProblem
from xai.vocabulary import Floats, Progress, ignore_progress


@dataclass(frozen=True, slots=True)
class Params:
    """What the user may set; `noise` is a share of the range of each input's values."""

    samples: int = 25
    noise: float = 0.15


def attribute(
    problem: UnitProblem, params: Params, progress: Progress = ignore_progress
) -> UnitAttribution:
    """Attribute the score of each sample to its units.

    Returns
    -------
    UnitAttribution
        `error`: standard error over the noisy copies.

    Raises
    ------
    NotApplicable
        If the model offers no gradient.
    """
    gradients = problem.gradients
    if gradients is None:
        raise NotApplicable("SmoothGrad needs gradients; this model offers none.")
    n, done = len(problem.rows), 0
    values: list[Floats] = [torch.zeros(0).numpy()] * n
    errors: list[Floats] = list(values)
    for of in gradients.batches():
        inputs, baselines = gradients.stack(of)
        flat = inputs.flatten(1)
        width = (flat.amax(1) - flat.amin(1)) * params.noise
        width = width.reshape(-1, *[1] * (inputs.ndim - 1))
        draws = [torch.Generator().manual_seed(_seed(problem, int(i))) for i in of]
        sums = [torch.zeros(len(part), dtype=torch.float64).numpy()
                for part in gradients.reduce(inputs, of)]  # fmt: skip
        squares = [part.copy() for part in sums]
        for _ in range(params.samples):
            noise = torch.stack([torch.randn(inputs.shape[1:], generator=draw) for draw in draws])
            _scores, gradient = gradients.gradient(inputs + noise * width, of)
            for j, part in enumerate(gradients.reduce(gradient * (inputs - baselines), of)):
                sums[j] += part
                squares[j] += part**2
            done += len(of)
            progress(done, n * params.samples)
        for j, i in enumerate(of):
            mean = sums[j] / params.samples
            variance = (squares[j] / params.samples - mean**2).clip(min=0)
            values[i] = mean[None]
            errors[i] = ((variance / max(1, params.samples - 1)) ** 0.5)[None]
    notes = {"samples": params.samples, "noise": params.noise}
    return UnitAttribution(values, error=errors, evaluations=n * params.samples, notes=notes)


def _seed(problem: UnitProblem, sample: int) -> int:
    """Tie the noise to the row of the dataset, so that shards do not change it."""
    return int(problem.seed) * 1_000_003 + int(problem.rows[sample])
