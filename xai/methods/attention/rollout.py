"""Attention rollout: attention multiplied through the layers, from the reading place to the input.

Source: Abnar and Zuidema, Quantifying Attention Flow in Transformers, ACL 2020,
https://arxiv.org/abs/2005.00928, equation 1: heads averaged, half of every token kept for the
residual connection, rows normalised.
Cost: 1 forward pass per sample.
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
    """Say how much of each unit reaches the place that is read, by attention alone.

    Returns
    -------
    UnitAttribution
        Shares of 0 or more that sum to 1 over all positions. Not class-specific: every class
        gets the same, and no share says whether a unit spoke for the class or against it.
    """
    attention = problem.attention
    assert attention is not None  # noqa: S101 - the card asks for it
    values: list[list[Floats]] = [[] for _ in problem.rows]
    done = 0
    for of in attention.batches():
        flow = rollout(attention.maps(of)).double()
        for output in range(int(problem.output_counts[of].max(initial=0))):
            places = torch.from_numpy(attention.reading(of, output))
            rows = flow[torch.arange(len(of)), places]
            for sample, found in zip(of, attention.spread(rows, of), strict=True):
                if output < problem.output_counts[sample]:
                    values[sample].append(found)
        done += len(of)
        progress(done, len(problem.rows))
    return UnitAttribution(
        values=[causal(np.array(each), i, problem) for i, each in enumerate(values)],
        evaluations=done,
        notes={"class_specific": False},
    )


def rollout(maps: Iterable[Tensor]) -> Tensor:
    """Multiply maps (b, heads, t, t), first layer first; return (b, t, t), rows summing to 1."""
    flow: Tensor | None = None
    for layer in maps:
        mixed = layer.mean(dim=1)
        mixed = mixed + torch.eye(mixed.shape[-1], dtype=mixed.dtype)
        mixed = mixed / mixed.sum(dim=-1, keepdim=True)
        flow = mixed if flow is None else mixed @ flow
    assert flow is not None  # noqa: S101 - a model with attention has a layer
    return flow
