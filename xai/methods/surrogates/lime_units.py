"""LIME for words and parts of pictures: a weighted linear model of the score near the sample.

Source: Ribeiro, Singh and Guestrin, "Why Should I Trust You?", KDD 2016,
https://arxiv.org/abs/1602.04938, equation 1; how many players a variation loses (uniform), the
kernel exp(−d² / (2 · width²)) on the cosine distance d, its width 0.25 and ridge as in the authors'
package for texts. Departures: all players stay in the linear model; the variations are the same
for every sample with as many players.
Cost: `samples` evaluations per sample.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from xai.methods.unit_meter import UnitMeter, by_length, causal, in_groups
from xai.units import UnitAttribution, over_units
from xai.vocabulary import Floats, Progress, ignore_progress

if TYPE_CHECKING:
    from xai.units import Bools, UnitProblem


@dataclass(frozen=True, slots=True)
class Params:
    """What the user may set."""

    samples: int = 500
    width: float = 0.25
    ridge: float = 1.0


@dataclass(frozen=True, slots=True)
class _Fit:
    """Weighted ridge regression on a fixed design: linear in the scores."""

    masks: Bools  # (samples, players)
    weights: Floats  # (samples,)
    operator: Floats  # (1 + players, samples)
    leverage: Floats  # (samples,)

    @property
    def design(self) -> Floats:
        """A one, then 1 where the player stays, shape (samples, 1 + players)."""
        return np.column_stack([np.ones(len(self.masks)), self.masks])


def attribute(
    problem: UnitProblem, params: Params, progress: Progress = ignore_progress
) -> UnitAttribution:
    """Attribute the score of each output to players by a local linear model.

    Returns
    -------
    UnitAttribution
        Coefficients, shared equally among a player's units; `base` is the linear model with every
        player removed. Not complete. `error` is the regression's heteroscedasticity-robust
        standard error. `per_sample["fit"]` says how much of the score's weighted variance the
        linear model follows, for each output; None where the score does not vary.
    """
    n, counts = len(problem.rows), problem.player_counts
    meter = UnitMeter(problem, n * params.samples, progress)
    values: list[Floats] = [np.zeros(0)] * n
    base, error = list(values), list(values)
    fits: list[list[float | None]] = [[]] * n
    for group in in_groups(by_length(problem), lambda _: params.samples):
        fitted = {i: _fit(int(counts[i]), problem.seed, params) for i in group}
        for i, found in zip(group, meter([(i, fitted[i].masks) for i in group]), strict=True):
            fit, scores, players = fitted[i], found.T, problem.players[i]
            coefficients = scores @ fit.operator.T
            missed = scores - coefficients @ fit.design.T
            spread = np.square(missed / (1 - fit.leverage)) @ np.square(fit.operator).T
            values[i] = causal(over_units(coefficients[:, 1:], players), i, problem)
            error[i] = causal(over_units(np.sqrt(spread[:, 1:]), players), i, problem)
            base[i], fits[i] = coefficients[:, 0], _followed(scores, missed, fit.weights)
    return UnitAttribution(
        values=values,
        base=base,
        error=error,
        per_sample={"fit": fits},
        evaluations=meter.done,
        notes={"samples": params.samples},
    )


@lru_cache(maxsize=32)
def _fit(players: int, seed: int, params: Params) -> _Fit:
    """Draw how many players each variation loses, then which; the first loses none."""
    draw = np.random.default_rng([seed, params.samples, players])
    lost = draw.integers(1, players + 1, size=params.samples) if players else np.zeros(1)
    order = draw.random((params.samples, players)).argsort(axis=1).argsort(axis=1)
    masks = order >= lost[:, None]
    masks[0] = True
    distance = 1 - np.sqrt(masks.mean(axis=1)) if players else np.zeros(params.samples)
    weights = np.exp(-np.square(distance / params.width) / 2)
    design = np.column_stack([np.ones(len(masks)), masks])
    penalty = params.ridge * np.diag([0.0] + [1.0] * players)
    weighted = (design * weights[:, None]).T
    operator = np.linalg.solve(weighted @ design + penalty, weighted)
    return _Fit(masks, weights, operator, np.einsum("mj,jm->m", design, operator))


def _followed(scores: Floats, missed: Floats, weights: Floats) -> list[float | None]:
    """Return the weighted R² of each output."""
    share = weights / weights.sum()
    total = np.square(scores - (scores @ share)[:, None]) @ share
    left = np.square(missed) @ share
    return [round(float(1 - a / b), 6) if b > 0 else None for a, b in zip(left, total, strict=True)]
