"""Soft faithfulness: parts of every token taken away, the more the less (or more) it is said to do.

Source: Zhao and Aletras, Incorporating Attribution Importance for Improving Faithfulness Metrics,
ACL 2023, https://arxiv.org/abs/2305.10496, for the soft masks; Zhao and Shan, ReAGent, 2024,
https://arxiv.org/abs/2402.00794, for the Hellinger distance between next-token distributions.
As defined there: the released code has the square of that distance times √2, one draw of the masks,
and lets an attribution that failed score as a perfect one.
Cost: 2 × draws forwards per attribution and scaling, and one without any token.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from xai.units import Bools
from xai.vocabulary import Floats

Singles = NDArray[np.float32]
Scaling = Literal["min-max", "shares"]
SCALINGS: tuple[Scaling, ...] = ("min-max", "shares")
DRAWS = 8
FLAT = 1e-6
"""Distance below which taking all units away changes nothing: no share of it is defined."""


class Soft(Protocol):
    """A model that reads a part of the numbers of each unit.

    Attributes
    ----------
    width : int
        Numbers that stand for a unit: its embedding.
    most : float
        Where Soft-NC is cut off: 1 for a class, as published; infinity for a distribution.
    """

    width: int
    most: float

    def distances(self, sample: int, output: int, kept: Bools) -> Floats:
        """Return how far the answer (m,) is from that to the whole input, 0 to 1.

        For a distribution over tokens the Hellinger distance, for a class how much of its
        probability is lost.

        Parameters
        ----------
        kept : array of shape (m, c, width)
            False where a number of one of the c units before the output becomes 0.
        """


@dataclass(frozen=True, slots=True)
class Place:
    """One explanation to judge.

    Attributes
    ----------
    free : array of shape (c,)
        Units before the output that can be taken away; the others always stay.
    key : tuple of int
        Seeds the masks: the same for all methods.
    """

    sample: int
    output: int
    free: Bools
    key: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SoftScore:
    """Both in 0 to about 1, larger is better; NaN where undefined.

    Attributes
    ----------
    sufficiency : Soft-NS, how much of the answer the important units keep, over no units at all
    comprehensiveness : Soft-NC, how much of the answer goes with the important units
    """

    sufficiency: float
    comprehensiveness: float


UNDEFINED = SoftScore(np.nan, np.nan)


def judge(
    access: Soft, place: Place, methods: Mapping[str, Floats], draws: int = DRAWS
) -> dict[tuple[str, Scaling], SoftScore]:
    """Judge the attributions (c,) of several methods by the same masks.

    An attribution that is not finite, or says the same of every unit where it must be scaled by
    its range, is undefined, and so is a place where taking all units away changes nothing.
    """
    shape = (draws, len(place.free), access.width)
    uniform = np.random.default_rng(place.key).random(shape, dtype=np.float32)
    empty = np.repeat(~place.free[None, :, None], access.width, axis=2)
    furthest = float(access.distances(place.sample, place.output, empty)[0])
    found: dict[tuple[str, Scaling], SoftScore] = {}
    for name, values in methods.items():
        for scaling in SCALINGS:
            stays = scaled(values, place.free, scaling)
            if furthest < FLAT or not np.isfinite(stays).all():
                found[name, scaling] = UNDEFINED
                continue
            found[name, scaling] = _score(access, place, uniform, stays, furthest)
    return found


def scaled(values: Floats, free: Bools, scaling: Scaling) -> Floats:
    """Return the share of each unit that stays, 0 to 1, shape (c,); NaN where undefined.

    Importance is the size of a value, whatever its sign: the distance has none either.
    """
    sizes = np.abs(values[free])
    stays = np.ones(len(values))
    if not np.isfinite(sizes).all() or not len(sizes):
        return np.full(len(values), np.nan)
    low, total = (sizes.min(), np.ptp(sizes)) if scaling == "min-max" else (0.0, sizes.sum())
    stays[free] = (sizes - low) / total if total > 0 else np.nan
    return stays


def _score(
    access: Soft, place: Place, uniform: Singles, stays: Floats, furthest: float
) -> SoftScore:
    goes = np.where(place.free, 1 - stays, 1.0)
    masks = np.concatenate([uniform < stays[:, None], uniform < goes[:, None]])
    distances = access.distances(place.sample, place.output, masks)
    near, far = np.split(distances, 2)
    # 1 − distance is the similarity S; without any unit it is 1 − furthest.
    return SoftScore(
        sufficiency=float(np.maximum(0, furthest - near).mean() / furthest),
        comprehensiveness=float(min(access.most, far.mean() / furthest)),
    )


def against_control(
    values: Floats, control: Floats, groups: Sequence[int], seed: int, resamples: int = 1000
) -> tuple[float, float, float, int]:
    """Return ln(mean / control's mean), its 95 % interval, and how many places were left out.

    Parameters
    ----------
    values, control : arrays of shape (n,)
        Scores of a method and of random values at the same places; NaN is undefined.
    groups : sequence of int, length n
        The prompt of each place: whole prompts are drawn again for the interval.
    """
    defined = np.isfinite(values) & np.isfinite(control)
    names, of = np.unique(np.asarray(groups)[defined], return_inverse=True)
    if not len(names):
        return np.nan, np.nan, np.nan, len(values)
    sums = np.stack([np.bincount(of, side[defined], len(names)) for side in (values, control)])
    random = np.random.default_rng(seed)
    drawn = random.multinomial(len(names), np.full(len(names), 1 / len(names)), resamples)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = np.log(drawn @ sums[0]) - np.log(drawn @ sums[1])
        middle = float(np.log(sums[0].sum()) - np.log(sums[1].sum()))
    usable = ratios[np.isfinite(ratios)]
    low, high = np.quantile(usable, [0.025, 0.975]) if len(usable) > 1 else (np.nan, np.nan)
    return middle, float(low), float(high), int((~defined).sum())
