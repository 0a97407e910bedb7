"""Play the game of an input: players are features or groups of features.

The value of a coalition is the mean score over all background rows, with the features of absent
players taken from the background row and all others from the input: the marginal game.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from xai.methods.meter import Meter, blend
from xai.methods.shapley import least_squares, regression
from xai.methods.shapley.budget import (
    GAUSSIAN_PROCESS,
    LEAST_SQUARES,
    Budget,
    inner_coalitions,
    is_exact,
    survey_evaluations,
)
from xai.methods.shapley.game import every_coalition, exact_values, sampled_halves
from xai.methods.shapley.pairs.exact import exact_pairs
from xai.methods.shapley.pairs.order import count
from xai.methods.shapley.pairs.regression import estimate_pairs
from xai.methods.shapley.regression import Design
from xai.methods.shapley.survey import Survey, survey
from xai.vocabulary import Attribution, Floats, Integers, Progress

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xai.vocabulary import Problem


_ESTIMATORS = {GAUSSIAN_PROCESS: regression.estimate, LEAST_SQUARES: least_squares.estimate}


def play(
    problem: Problem, members: tuple[tuple[int, ...], ...], budget: Budget, progress: Progress
) -> Attribution:
    """Return the Shapley value of every player for every input.

    Parameters
    ----------
    problem : Problem
    members : tuple of tuples of int
        The features of each player; every feature belongs to exactly one.
    budget : Budget
    progress : Progress

    Returns
    -------
    Attribution
        Named by the caller. `error` is None where every coalition was evaluated.
    """
    players, n = len(members), len(problem.inputs)
    limits = (players, budget.coalitions, budget.exact_up_to)
    inner = inner_coalitions(*limits)
    look = survey_evaluations(*limits) if budget.looks_first else 0
    total = n * (1 + (inner + 1) * len(problem.background))
    exact = is_exact(*limits)
    meter = Meter(problem.score, total + look * (problem.reference_score is not None), progress)
    table = _Table(problem, members, meter)
    if exact:
        empty, full = table.ends()
        games = np.column_stack([empty, table.play(every_coalition(players)[1:-1]), full])
        values, error, pair_error = exact_values(games), None, None
        pairs = exact_pairs(games) if budget.interactions else None
    else:
        seen = table.survey() if budget.looks_first else None
        empty, full = table.ends()
        values, error, pairs, pair_error = _sample(table, budget, seen, (empty, full))
    meter.finish()
    return Attribution(
        names=(),
        values=values,
        base=empty,
        error=error,
        residual=full - empty - values.sum(axis=1),
        evaluations=meter.done,
        pairs=pairs,
        pair_error=pair_error,
        notes={"coalitions": inner + 2, "background": len(problem.background), "is_exact": exact},
    )


class _Table:
    """The games of all inputs, evaluated where they are asked for."""

    def __init__(
        self, problem: Problem, members: tuple[tuple[int, ...], ...], meter: Meter
    ) -> None:
        self.problem, self.players, self._meter = problem, len(members), meter
        self._owner = np.empty(problem.inputs.shape[1], dtype=np.int64)
        for player, features in enumerate(members):
            self._owner[list(features)] = player

    def ends(self) -> tuple[Floats, Floats]:
        """Return the values of the empty and of the full coalition, each of shape (n,)."""
        nobody = np.zeros((1, self.players), dtype=bool)
        full = self._meter(self.problem.inputs, np.arange(len(self.problem.inputs)))
        return self.play(nobody)[:, 0], full

    def play(self, masks: NDArray[np.bool_], rows: Integers | None = None) -> Floats:
        """Return the values of coalitions, shape (rows, masks), for some or all inputs."""
        if rows is None:
            return blend(self.problem, masks[:, self._owner], self._meter)[0]
        part = replace(self.problem, inputs=self.problem.inputs[rows])
        return blend(part, masks[:, self._owner], lambda x, of: self._meter(x, rows[of]))[0]

    def survey(self) -> Survey | None:
        """Look at the model around the reference rows, where the problem lets one."""
        ask = self.problem.reference_score
        if ask is None:
            return None
        return survey(self.problem, self._owner, self._meter.of(ask))


def _sample(
    table: _Table, budget: Budget, seen: Survey | None, ends: tuple[Floats, Floats]
) -> tuple[Floats, Floats, Floats | None, Floats | None]:
    """Return values and errors, and those of pairs; a row is done when its errors are small."""
    (empty, full), players, problem = ends, table.players, table.problem
    values, error = np.empty((2, len(full), players))
    pairs = np.empty((2, len(full), count(players))) if budget.interactions else None
    left, played = np.arange(len(full)), np.empty((2, len(full), 0))
    enough = (seen.span if seen else 0.0) * budget.error_target / 100 / 1.96
    for coalitions in budget.rounds(players):
        halves = sampled_halves(players, coalitions, problem.seed)[played.shape[2] :]
        fresh = table.play(np.vstack([halves, ~halves]), left)
        played = np.concatenate([played, np.stack(np.hsplit(fresh, 2))], axis=2)
        design = Design(players, coalitions, problem.seed, seen.relevance if seen else ())
        games = (np.hstack(list(played)), full[left], empty[left])
        found = _ESTIMATORS[budget.estimator](*games, design)
        values[left], error[left] = found
        if pairs is not None:
            pairs[:, left] = estimate_pairs(*games, design)
        wide = found[1].max(axis=1) > enough
        left, played = left[wide], played[:, wide]
        if not len(left):
            break
    return values, error, *((None, None) if pairs is None else pairs)
