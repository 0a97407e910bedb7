"""Random values: the control that every other method must beat.

Source: our own control; see `random.py`, whose numbers these are, one per player.
Cost: 2 evaluations per sample, only to find the scale.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xai.methods.random import normals
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
    """Draw normal values that know nothing of the sample.

    Returns
    -------
    UnitAttribution
        Scaled so that the expected sum of squares over players is the squared difference between
        the score and the score with every player removed (1 where that is 0), shared equally
        among a player's units.
    """
    counts = problem.player_counts
    meter = UnitMeter(problem, 2 * len(counts), progress)
    values: list[Floats] = [np.zeros(0)] * len(counts)
    for group in in_groups(by_length(problem), lambda _: 2):
        plans = [(i, np.array([[True], [False]]).repeat(int(counts[i]), 1)) for i in group]
        for i, found in zip(group, meter(plans), strict=True):
            players, outputs = int(counts[i]), found.shape[1]
            distance = np.abs(found[0] - found[1])
            scale = np.where(distance > 0, distance / np.sqrt(max(players, 1)), 1.0)
            drawn = normals(problem.seed, problem.rows[i : i + 1], players * outputs)
            each = drawn.reshape(outputs, players) * scale[:, None]
            values[i] = causal(over_units(each, problem.players[i]), i, problem)
    return UnitAttribution(values=values, evaluations=meter.done, notes={"control": True})
