"""Random values: the control that every other method must beat.

Source: our own control; the reference row asked for by Neely et al., A Song of (Dis)agreement,
2022, https://arxiv.org/abs/2205.04559, read together with chance agreement. Numbers by SplitMix64,
Steele, Lea and Flood, OOPSLA 2014, so that a value depends on seed, row and feature alone.
Cost: the input and every background row once, only to find the scale.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from xai.methods.meter import Meter, blend
from xai.vocabulary import Attribution, Floats, Integers, Progress, ignore_progress

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xai.vocabulary import Problem

    Words = NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Params:
    """Nothing to set."""


def attribute(
    problem: Problem,
    params: Params,  # noqa: ARG001 - every method is called alike
    progress: Progress = ignore_progress,
) -> Attribution:
    """Draw normal values that know nothing of the features.

    Returns
    -------
    Attribution
        Scaled so that the expected sum of squares is the mean squared difference between the
        score and the background's scores: on one axis with other methods, the control neither
        dwarfs them nor vanishes. Where that is 0 (a constant model), of scale 1.
    """
    n, d = problem.inputs.shape
    meter = Meter(problem.score, n * (1 + len(problem.background)), progress)
    whole = meter(problem.inputs, np.arange(n))
    mean, deviation = blend(problem, np.zeros((1, d), dtype=bool), meter)
    share = 1 - 1 / len(problem.background)  # the deviation is that of a sample
    distance = np.sqrt(np.square(whole - mean[:, 0]) + share * np.square(deviation[:, 0]))
    scale = np.where(distance > 0, distance / np.sqrt(d), 1.0)
    return Attribution(
        names=problem.names,
        values=normals(problem.seed, problem.rows, d) * scale[:, None],
        evaluations=meter.done,
        notes={"control": True},
    )


def normals(seed: int, rows: Integers, d: int) -> Floats:
    """Return standard normal numbers, shape (n, d), each from its seed, row and feature."""
    mixed = _mix(
        _mix(_mix(np.array([seed], dtype=np.uint64)) + rows.astype(np.uint64))[:, None] + _count(d)
    )
    return np.asarray(ndtri(((mixed >> np.uint64(11)) + 0.5) * 2.0**-53))


def _count(d: int) -> Words:
    return np.arange(1, d + 1, dtype=np.uint64)


def _mix(state: Words) -> Words:
    """Scramble 64-bit integers; sums and products wrap round."""
    with np.errstate(over="ignore"):
        state = state + np.uint64(0x9E3779B97F4A7C15)
        state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return state ^ (state >> np.uint64(31))
