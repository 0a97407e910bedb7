"""Shapley values of words, tokens and parts of pictures: a player's mean contribution over orders.

Source: Shapley, A Value for n-Person Games, 1953; units within a player by Owen, Values of Games
with a Priori Unions, 1977, whose values of a union's members sum to the union's Shapley value;
coalition sizes by leverage after Musco and Witter, ICLR 2025, https://arxiv.org/abs/2410.01917. The
estimator (`regression.py`) is our own: a Gaussian process in place of their least squares.
Cost: coalitions per sample, and `inner` × (units + 1) for every player of several units.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xai.methods.shapley.budget import inner_coalitions, is_exact
from xai.methods.shapley.game import every_coalition, exact_values, sampled_halves
from xai.methods.shapley.inside import inside_players, rows_inside
from xai.methods.shapley.regression import Design, estimate
from xai.methods.unit_meter import UnitMeter, by_length, causal, in_groups
from xai.units import UnitAttribution, over_units
from xai.vocabulary import Floats, Progress, ignore_progress

if TYPE_CHECKING:
    from xai.units import Bools, UnitProblem


@dataclass(frozen=True, slots=True)
class Params:
    """What the user may set."""

    coalitions: int = 256
    exact_up_to: int = 8
    inner: int = 8

    def rows(self, players: int) -> int:
        """Return how many coalitions of a game are evaluated."""
        return 2 + inner_coalitions(players, self.coalitions, self.exact_up_to) if players else 1


@dataclass(slots=True)
class _Game:
    """The values of all players of a sample: (k,) and (k, players)."""

    base: Floats
    full: Floats
    values: Floats
    error: Floats


def attribute(
    problem: UnitProblem, params: Params, progress: Progress = ignore_progress
) -> UnitAttribution:
    """Attribute the score of each output to the units of its sample.

    Returns
    -------
    UnitAttribution
        Complete: `base + values.sum(1)` is the score, within rounding; base is the score with every
        player removed. Exact where all coalitions are evaluated, otherwise with a standard error.
        A player's value is its Shapley value; among its units it is divided by Owen's values where
        the problem can remove single units, else equally.
    """
    counts = problem.player_counts
    inner = rows_inside(problem, params.inner)
    total = sum(params.rows(int(c)) for c in counts) + int(inner.sum())
    meter = UnitMeter(problem, total, progress)
    games: dict[int, _Game] = {}
    for group in in_groups(by_length(problem), lambda sample: params.rows(int(counts[sample]))):
        games |= _play(problem, group, params, meter)
    values, error = [], []
    for i in range(len(counts)):
        values.append(over_units(games[i].values, problem.players[i]))
        error.append(over_units(games[i].error, problem.players[i]))
    if inner.any():
        inside_players(problem, params.inner, meter, values, error)
    values = [causal(each, i, problem) for i, each in enumerate(values)]
    return UnitAttribution(
        values=values,
        base=[games[i].base for i in range(len(counts))],
        error=[causal(each, i, problem) for i, each in enumerate(error)],
        residual=[
            games[i].full - games[i].base - values[i].sum(axis=1) for i in range(len(counts))
        ],
        per_sample={"coalitions": [params.rows(int(c)) for c in counts]},
        evaluations=meter.done,
        notes={"coalitions": params.coalitions, "exact_up_to": params.exact_up_to},
    )


def _play(
    problem: UnitProblem, group: list[int], params: Params, meter: UnitMeter
) -> dict[int, _Game]:
    counts = problem.player_counts
    plans = [(i, _coalitions(int(counts[i]), params, problem.seed)) for i in group]
    scores = dict(zip(group, meter(plans), strict=True))
    alike: dict[int, list[int]] = defaultdict(list)
    for i in group:
        alike[int(counts[i])].append(i)
    found: dict[int, _Game] = {}
    for players, samples in alike.items():
        table = np.concatenate([scores[i].T for i in samples])
        values, error = _values(table, players, params, problem.seed)
        start = 0
        for i in samples:
            rows = slice(start, start + scores[i].shape[1])
            start = rows.stop
            base, full = scores[i][0], scores[i][-1]
            mine = _restrict(values[rows], full - base, i, problem)
            found[i] = _Game(base, full, mine, error[rows])
    return found


def _coalitions(players: int, params: Params, seed: int) -> Bools:
    """Return the coalitions of a game, the empty one first, the full one last."""
    if is_exact(players, params.coalitions, params.exact_up_to):
        return every_coalition(players)
    halves = sampled_halves(players, params.coalitions, seed)
    ends = np.zeros((1, players), dtype=bool)
    return np.vstack([ends, halves, ~halves, ~ends])


def _values(games: Floats, players: int, params: Params, seed: int) -> tuple[Floats, Floats]:
    """Return the values of games (g, coalitions), and their errors, both (g, players)."""
    if is_exact(players, params.coalitions, params.exact_up_to):
        values = exact_values(games)
        return values, np.zeros_like(values)
    design = Design(players, params.coalitions, seed)
    return estimate(games[:, 1:-1], games[:, -1], games[:, 0], design)


def _restrict(values: Floats, change: Floats, sample: int, problem: UnitProblem) -> Floats:
    """Give players that come after an output exactly 0, and the others what is then missing."""
    if problem.causes is None or not values.size:
        return values
    players, units = problem.players[sample], np.arange(len(problem.players[sample]))
    first = np.full(values.shape[1], len(units))
    free = players >= 0
    np.minimum.at(first, players[free], units[free])
    able = first < problem.causes[sample][:, None]
    kept = np.where(able, values, 0.0)
    missing = (change - kept.sum(axis=1)) / np.maximum(able.sum(axis=1), 1)
    return np.asarray(kept + able * missing[:, None])
