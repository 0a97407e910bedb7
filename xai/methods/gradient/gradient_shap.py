"""Gradient SHAP: gradients at random places between the baseline and a noisy input.

Source: Lundberg and Lee, NeurIPS 2017, https://arxiv.org/abs/1705.07874, as expected gradients,
Erion et al., Nature Machine Intelligence 2021, https://arxiv.org/abs/1906.10670, equation 3, with
one baseline and the noise of SmoothGrad on the input, as captum's GradientShap. Departure: the
places are stratified (one in each of `draws` equal parts of the line), which errs less.
Cost: draws + 2 forward and backward passes per output.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from xai.methods.gradient.gather import Gathered
from xai.methods.gradient.paths import ends
from xai.units import UnitAttribution
from xai.vocabulary import Floats, Progress, ignore_progress

if TYPE_CHECKING:
    from torch import Tensor

    from xai.units import Gradients, UnitProblem
    from xai.vocabulary import Integers


@dataclass(frozen=True, slots=True)
class Params:
    """What the user may set."""

    draws: int = 32
    noise: float = 0.1


def attribute(
    problem: UnitProblem, params: Params, progress: Progress = ignore_progress
) -> UnitAttribution:
    """Attribute the score of each output to the units of its sample.

    Returns
    -------
    UnitAttribution
        The mean over draws, with its standard error (of independent draws: stratified ones err
        less). `residual` is the completeness gap, which the noise widens.
    """
    gradients = problem.gradients
    assert gradients is not None  # noqa: S101 - the card asks for it
    kept = Gathered(problem, int(problem.output_counts.sum()) * (params.draws + 2), progress)
    for of in gradients.batches(params.draws):
        for output in kept.outputs(of):
            mine = kept.having(of, output)
            top, bottom = ends(gradients, mine, output)
            each = _draws(problem, gradients, mine, output, params)
            for row, sample in enumerate(mine):
                drawn = np.array([values[row] for values in each])
                kept.put(int(sample), output, drawn.mean(axis=0))
                spread = drawn.std(axis=0, ddof=1) / np.sqrt(len(drawn))
                kept.error[sample][output] = spread
                kept.base[sample][output] = bottom[row]
                gap = top[row] - bottom[row] - drawn.mean(axis=0).sum()
                kept.residual[sample][output] = gap
            kept.count((params.draws + 2) * len(mine))
    kept.finish()
    return UnitAttribution(
        values=kept.values,
        base=kept.base,
        error=kept.error,
        residual=kept.residual,
        evaluations=kept.done,
        notes={"draws": params.draws, "noise": params.noise},
    )


def _draws(
    problem: UnitProblem, gradients: Gradients, of: Integers, output: int, params: Params
) -> list[list[Floats]]:
    """Return values (u,) of every draw and sample."""
    inputs, baselines = gradients.stack(of)
    points, changes = [], []
    for draw in range(params.draws):
        places, noise = _random(problem, of, inputs, draw, params)
        changes.append(inputs + noise - baselines)
        points.append(baselines + places * changes[-1])
    _, slopes = gradients.gradient(torch.cat(points), np.tile(of, params.draws), output)
    parts = slopes.reshape(params.draws, *inputs.shape)
    return [gradients.reduce(c * s, of) for c, s in zip(changes, parts, strict=True)]


def _random(
    problem: UnitProblem, of: Integers, inputs: Tensor, draw: int, params: Params
) -> tuple[Tensor, Tensor]:
    """Return places (b, 1, …) and noise like the inputs; padding changes no number before it."""
    places, noise = [], []
    for row in problem.rows[of]:
        rng = np.random.default_rng([problem.seed, int(row), draw])
        places.append((draw + rng.random()) / params.draws)
        noise.append(rng.standard_normal(tuple(inputs.shape[1:]), dtype=np.float32))
    ones = [1] * (inputs.ndim - 1)
    spread = params.noise * _spread(inputs, of, problem).reshape(-1, *ones)
    along = torch.tensor(places, dtype=inputs.dtype).reshape(-1, *ones)
    return along, torch.from_numpy(np.stack(noise)).to(inputs.dtype) * spread


def _spread(inputs: Tensor, of: Integers, problem: UnitProblem) -> Tensor:
    """Return the standard deviation of each input's own features, padding left out."""
    if len(problem.shapes[0]) > 1:
        return inputs.flatten(1).std(dim=1)
    sizes = problem.sizes[of]
    return torch.stack([one[: int(u)].std() for one, u in zip(inputs, sizes, strict=True)])
