"""Attention relevance: attention weighted by its gradient, gathered through the layers.

Source: Chefer, Gur and Wolf, Generic Attention-model Explainability, ICCV 2021,
https://arxiv.org/abs/2103.15679, equations 5 and 6 (self-attention): the positive part of gradient
× attention, averaged over heads, added to what earlier layers gathered.
Cost: 1 forward and backward pass per output.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from xai.methods.unit_meter import causal
from xai.units import UnitAttribution
from xai.vocabulary import Floats, Progress, ignore_progress

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import Tensor

    from xai.units import UnitProblem


@dataclass(frozen=True, slots=True)
class Params:
    """Nothing to set."""


def attribute(
    problem: UnitProblem,
    params: Params,  # noqa: ARG001 - every method is called alike
    progress: Progress = ignore_progress,
) -> UnitAttribution:
    """Say how much attention to each unit raised the score of each output.

    Returns
    -------
    UnitAttribution
        0 or more, in no unit that compares between samples; class-specific. What spoke against the
        output is cut to 0, so a low value means "did not help".
    """
    attention = problem.attention
    assert attention is not None  # noqa: S101 - the card asks for it
    values: list[list[Floats]] = [[] for _ in problem.rows]
    done, total = 0, int(problem.output_counts.sum())
    for of in attention.batches():
        for output in range(int(problem.output_counts[of].max(initial=0))):
            mine = of[problem.output_counts[of] > output]
            gained = relevance(attention.maps_with_gradient(mine, output))
            places = torch.from_numpy(attention.reading(mine, output))
            rows = gained[torch.arange(len(mine)), places]
            for sample, found in zip(mine, attention.spread(rows, mine), strict=True):
                values[sample].append(found)
            done += len(mine)
            progress(done, total)
    return UnitAttribution(
        values=[causal(np.array(each), i, problem) for i, each in enumerate(values)],
        evaluations=done,
        notes={"class_specific": True},
    )


def relevance(layers: Iterable[tuple[Tensor, Tensor]]) -> Tensor:
    """Gather (attention, gradient) pairs, first layer first: (b, t, t), without the identity."""
    found: Tensor | None = None
    for attention, gradient in layers:
        gain = (attention.double() * gradient.double()).clamp(min=0).mean(dim=1)
        if found is None:
            found = torch.eye(gain.shape[-1], dtype=gain.dtype).expand_as(gain)
        found = found + gain @ found
    assert found is not None  # noqa: S101 - a model with attention has a layer
    return found - torch.eye(found.shape[-1], dtype=found.dtype)
