"""LIME: a weighted linear model of the score near the input, read as contributions.

Source: Ribeiro, Singh and Guestrin, "Why Should I Trust You?", KDD 2016,
https://arxiv.org/abs/1602.04938, equation 1 and section 3.4, with the kernel exp(−distance² / (2 ·
width²)) and ridge of the authors' package. Departures: a feature that is switched off takes the
value of a drawn background row (the package draws bins); all features stay in the linear model;
the perturbations are the same for every input, so one matrix turns scores into coefficients.
Cost: `samples` evaluations per input.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xai.methods.meter import ROWS_PER_CALL, Meter
from xai.vocabulary import Attribution, Floats, Progress, ignore_progress

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xai.vocabulary import Integers, Problem


@dataclass(frozen=True, slots=True)
class Params:
    """What the user may set."""

    samples: int = 2000
    width: float = 0.75
    ridge: float = 1.0


@dataclass(frozen=True, slots=True)
class _Fit:
    """Weighted ridge regression on a fixed design: linear in the scores."""

    design: Floats  # (samples, 1 + d): a one, then 1 where the feature is the input's own
    weights: Floats  # (samples,)
    operator: Floats  # (1 + d, samples)
    leverage: Floats  # (samples,)


def attribute(
    problem: Problem, params: Params, progress: Progress = ignore_progress
) -> Attribution:
    """Attribute the score of each input to its features by a local linear model.

    Returns
    -------
    Attribution
        Coefficients: how much higher the local model is when the feature has the input's value
        instead of a background row's. `base` is the local model with every feature switched off.
        Not complete. `error` is the regression's heteroscedasticity-robust standard error.
        `notes["fit"]` says how much of the score's weighted variance the local model follows;
        when that is low, so is what the coefficients can say.
    """
    masks, donors = _perturbations(problem, params.samples)
    fit = _fit(masks, params)
    meter = Meter(problem.score, len(problem.inputs) * params.samples, progress)
    scores = _scores(problem, masks, donors, meter)
    coefficients = scores @ fit.operator.T
    missed = scores - coefficients @ fit.design.T
    spread = np.square(missed / (1 - fit.leverage)) @ np.square(fit.operator).T
    return Attribution(
        names=problem.names,
        values=coefficients[:, 1:],
        base=coefficients[:, 0],
        error=np.sqrt(spread[:, 1:]),
        evaluations=meter.done,
        notes={"fit": _summary(scores, missed, fit.weights), "samples": params.samples},
    )


def _perturbations(problem: Problem, samples: int) -> tuple[NDArray[np.bool_], Integers]:
    """Draw which features stay and which background row lends the others; the first keeps all."""
    d = len(problem.names)
    rng = np.random.default_rng([problem.seed, samples, d])
    masks = rng.random((samples, d)) < 0.5
    masks[0] = True
    return masks, rng.integers(len(problem.background), size=samples)


def _fit(masks: NDArray[np.bool_], params: Params) -> _Fit:
    d = masks.shape[1]
    width = params.width * np.sqrt(d)
    weights = np.exp(-(~masks).sum(axis=1) / (2 * width**2))
    design = np.column_stack([np.ones(len(masks)), masks])
    penalty = params.ridge * np.diag([0.0] + [1.0] * d)
    weighted = (design * weights[:, None]).T
    operator = np.linalg.solve(weighted @ design + penalty, weighted)
    leverage = np.einsum("mj,jm->m", design, operator)
    return _Fit(design, weights, operator, leverage)


def _scores(problem: Problem, masks: NDArray[np.bool_], donors: Integers, meter: Meter) -> Floats:
    """Score every perturbation of every input, shape (n, samples)."""
    lent, n = problem.background[donors], len(problem.inputs)
    found = np.empty((n, len(masks)))
    step = max(1, ROWS_PER_CALL // len(masks))
    for start in range(0, n, step):
        of = np.arange(start, min(start + step, n))
        mixed = np.where(masks, problem.inputs[of, None, :], lent)
        rows = mixed.reshape(-1, masks.shape[1])
        found[of] = meter(rows, np.repeat(of, len(masks))).reshape(len(of), -1)
    return found


def _summary(scores: Floats, missed: Floats, weights: Floats) -> dict[str, float]:
    """Return the weighted R² over the inputs: lowest, mean, highest."""
    share = weights / weights.sum()
    total = np.square(scores - (scores @ share)[:, None]) @ share
    left = np.square(missed) @ share
    fits = 1 - np.divide(left, total, out=np.zeros_like(left), where=total > 0)
    if not len(fits):
        return {}
    return {"lowest": float(fits.min()), "mean": float(fits.mean()), "highest": float(fits.max())}
