"""Attention of the last layer: where the place that is read looks, averaged over heads.

Source: Vaswani et al., Attention Is All You Need, NeurIPS 2017, https://arxiv.org/abs/1706.03762,
equation 1; shown because it is common, not because it explains: Jain and Wallace, Attention is not
Explanation, NAACL 2019, https://arxiv.org/abs/1902.10186.
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
    from xai.units import UnitProblem


@dataclass(frozen=True, slots=True)
class Params:
    """Nothing to set."""


def attribute(
    problem: UnitProblem,
    params: Params,  # noqa: ARG001 - every method is called alike
    progress: Progress = ignore_progress,
) -> UnitAttribution:
    """Return the attention of the reading place in the last layer.

    Returns
    -------
    UnitAttribution
        Shares of 0 or more that sum to 1 over all positions. Not class-specific. What a position
        of the last layer holds is already a mixture of the whole text.
    """
    attention = problem.attention
    assert attention is not None  # noqa: S101 - the card asks for it
    values: list[list[Floats]] = [[] for _ in problem.rows]
    done = 0
    for of in attention.batches():
        last = None
        for layer in attention.maps(of):
            last = layer
        assert last is not None  # noqa: S101 - a model with attention has a layer
        mixed = last.double().mean(dim=1)
        for output in range(int(problem.output_counts[of].max(initial=0))):
            places = torch.from_numpy(attention.reading(of, output))
            rows = mixed[torch.arange(len(of)), places]
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
