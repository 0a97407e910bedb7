"""Permutation importance: how much worse the model does when one column is shuffled.

Source: Breiman, Random Forests, Machine Learning 2001, section 10; model-agnostic form of Fisher,
Rudin and Dominici, JMLR 2019, https://arxiv.org/abs/1801.01489, as a difference of mean losses.
Without labels: the mean |change of the score|. The interval is our own: each row's influence as
the one that receives values and as the one that lends them (Hájek's projection).
Cost: rows × repeats per feature, and one evaluation per row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import stdtrit

from xai.errors import NotApplicable
from xai.methods.meter import ROWS_PER_CALL, Meter
from xai.vocabulary import Importance, Progress, ignore_progress

if TYPE_CHECKING:
    from xai.vocabulary import Floats, Integers, Problem


@dataclass(frozen=True, slots=True)
class Params:
    """What the user may set."""

    repeats: int = 10


def rank(
    problem: Problem,
    params: Params,
    progress: Progress = ignore_progress,
    features: range | None = None,
) -> tuple[Importance, ...]:
    """Rank features by what shuffling their column among the inputs costs.

    Parameters
    ----------
    problem : Problem
        All chosen rows; those without a label are left out when any has one.
    params : Params
    progress : Progress
    features : range, optional
        Only these; each is shuffled by its own seed, so slices give what the whole gives.

    Returns
    -------
    tuple of one Importance
        `low` and `high` bound a 95 % interval over rows and shuffles. About 0, and as often
        negative as positive, for a feature the model does not use.

    Raises
    ------
    NotApplicable
        If there are fewer than two rows to shuffle.
    """
    chosen = range(len(problem.names)) if features is None else features
    of, unit = _rows(problem), _unit(problem)
    if len(of) < 2:
        raise NotApplicable("Permutation importance shuffles rows: choose at least two of them.")
    measure = problem.score if problem.loss is None else problem.loss
    meter = Meter(measure, len(of) * (1 + params.repeats * len(chosen)), progress)
    before = meter(problem.inputs[of], of)
    values, margin = np.empty(len(chosen)), np.empty(len(chosen))
    for place, feature in enumerate(chosen):
        donors = _shuffles(len(of), params.repeats, (problem.seed, feature))
        change = _shuffled(problem, of, feature, donors, meter) - before
        if problem.loss is None:
            change = np.abs(change)
        values[place], margin[place] = change.mean(), _margin(change, donors)
    return (
        Importance(
            names=tuple(problem.names[feature] for feature in chosen),
            values=values,
            unit=unit,
            low=values - margin,
            high=values + margin,
            evaluations=meter.done,
            notes={"rows": len(of), "repeats": params.repeats, "interval": "95 %, Student's t"},
        ),
    )


def _rows(problem: Problem) -> Integers:
    if problem.loss is None or problem.labels is None:
        return np.arange(len(problem.inputs))
    return np.flatnonzero(~np.isnan(problem.labels))


def _unit(problem: Problem) -> str:
    if problem.loss is None:
        return "mean |change of the score|"
    if not problem.is_classification:
        return "increase of the squared error"
    return "increase of the log-loss (below 1 % counts as 1 %)"


def _shuffles(rows: int, repeats: int, seed: tuple[int, int]) -> Integers:
    """Return for each repeat the row that lends its value to each row."""
    orders = np.tile(np.arange(rows), (repeats, 1))
    return np.random.default_rng(seed).permuted(orders, axis=1)


def _shuffled(
    problem: Problem, of: Integers, feature: int, donors: Integers, meter: Meter
) -> Floats:
    """Measure the inputs with one column shuffled, shape (repeats, rows)."""
    inputs, column = problem.inputs[of], problem.inputs[of, feature]
    step = max(1, ROWS_PER_CALL // len(of))
    found = []
    for start in range(0, len(donors), step):
        some = donors[start : start + step]
        mixed = np.tile(inputs, (len(some), 1))
        mixed[:, feature] = column[some].ravel()
        found.append(meter(mixed, np.tile(of, len(some))).reshape(some.shape))
    return np.concatenate(found)


def _margin(change: Floats, donors: Integers) -> float:
    """Return half the width of the 95 % interval of the mean change."""
    repeats, rows = change.shape
    lent = np.bincount(donors.ravel(), change.ravel(), minlength=rows) / repeats
    influence = change.mean(axis=0) + lent
    return float(stdtrit(rows - 1, 0.975) * influence.std(ddof=1) / np.sqrt(rows))
