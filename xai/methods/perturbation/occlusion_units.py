"""Occlusion: how far the score falls when one word, or one part of a picture, is removed.

Source: Zeiler and Fergus, Visualizing and Understanding Convolutional Networks, ECCV 2014,
https://arxiv.org/abs/1311.2901, section 4.2; for texts, Li, Monroe and Jurafsky, Understanding
Neural Networks through Representation Erasure, 2016, https://arxiv.org/abs/1612.08220, equation 1,
as a difference of scores.
Cost: players + 1 evaluations per sample.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xai.methods.unit_meter import UnitMeter, by_length, causal, in_groups
from xai.units import UnitAttribution, over_units
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
    """Attribute the score of each output to players, one removed at a time.

    Returns
    -------
    UnitAttribution
        score − score without the player, shared equally among the player's units. Not complete:
        players that stand in for each other all get little.
    """
    counts = problem.player_counts
    meter = UnitMeter(problem, int((counts + 1).sum()), progress)
    values: list[Floats] = [np.zeros(0)] * len(counts)
    for group in in_groups(by_length(problem), lambda sample: int(counts[sample]) + 1):
        plans = [(i, ~np.eye(int(counts[i]) + 1, int(counts[i]), k=-1, dtype=bool)) for i in group]
        for i, found in zip(group, meter(plans), strict=True):
            falls = (found[:1] - found[1:]).T
            values[i] = causal(over_units(falls, problem.players[i]), i, problem)
    return UnitAttribution(values=values, evaluations=meter.done)
