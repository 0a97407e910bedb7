"""Rows of a table moved a little: explained again, and asked again with noise on some features."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from xai.methods import catalogue
from xai.methods.meter import ROWS_PER_CALL
from xai.units import Bools
from xai.vocabulary import Floats, Integers, Json, Problem, Score
from xai.workbench.arena import Moved

DRAWS, RADIUS = 8, 0.02
"""Moves of an input for max-sensitivity, and how far, as a share of a column's spread."""
NOISES, NOISE = 10, 0.1
"""Noisy copies of an input, and the standard deviation of the noise, as a share of the spread."""
FLIP = NOISE * float(np.sqrt(2 / np.pi))
"""How often a category becomes another: as far as the noise moves a number on average."""


def mover(problem: Problem) -> Moved:
    """Return what explains the inputs again after moves of at most `RADIUS` of the spread."""
    spread = spreads(problem)
    spread[np.array(problem.categorical)] = 0.0
    shifts = [np.zeros(problem.inputs.shape)]
    for draw in range(DRAWS):
        rows = [np.random.default_rng([problem.seed, 5, draw, int(row)]) for row in problem.rows]
        shifts.append(np.stack([r.uniform(-RADIUS, RADIUS, len(spread)) for r in rows]) * spread)

    def moved(method: str, params: Json) -> tuple[Floats, Floats]:
        module = catalogue.load(method)
        # Only the values are looked at: interactions would be found again for nothing.
        plain = {name: value for name, value in params.items() if name != "interactions"}
        chosen = module.Params(**plain)
        nearby = [problem.inputs + shift for shift in shifts]
        values = [
            module.attribute(replace(problem, inputs=inputs), chosen).values for inputs in nearby
        ]
        return np.array(values, dtype=np.float64), np.array(nearby)

    return moved


def spreads(problem: Problem) -> Floats:
    """Return the standard deviation of each column, 0 where it is not known; shape (d,)."""
    return np.asarray(np.nan_to_num(np.nanstd(problem.reference, axis=0)))


class Noised:
    """How far the score moves when noise is put on some features; the mean over noisy copies.

    Parameters
    ----------
    noisy : array of shape (n, r, d)
        Copies of each input with noise on every feature.
    """

    def __init__(self, score: Score, inputs: Floats, noisy: Floats) -> None:
        self._score, self._inputs, self._noisy = score, inputs, noisy

    @classmethod
    def of(cls, score: Score, problem: Problem) -> Noised:
        """Draw the noise of each input by its own seed."""
        return cls(score, problem.inputs, _noisy(problem))

    def __call__(self, shaken: Bools, of: Integers) -> Floats:
        """Return the mean |difference| of the score, shape (m,).

        Parameters
        ----------
        shaken : array of shape (m, d)
            Features with noise.
        of : array of shape (m,)
        """
        copies, d = self._noisy.shape[1:]
        whole = self._score(self._inputs[of], of)
        step = max(1, ROWS_PER_CALL // copies)
        found = np.empty(len(of))
        for start in range(0, len(of), step):
            at = slice(start, start + step)
            mixed = np.where(
                shaken[at, None, :d], self._noisy[of[at]], self._inputs[of[at]][:, None]
            )
            scored = self._score(mixed.reshape(-1, d), np.repeat(of[at], copies))
            moves = np.abs(scored.reshape(-1, copies) - whole[at, None])
            found[at] = moves.mean(axis=1)
        return found


def _noisy(problem: Problem) -> Floats:
    """Return copies of each input: noise on numbers, some categories those of another row."""
    spread, is_category = spreads(problem), np.array(problem.categorical)
    found = np.empty((len(problem.rows), NOISES, len(spread)))
    for at, row in enumerate(problem.rows):
        draw = np.random.default_rng([problem.seed, 8, int(row)])
        noise = draw.normal(0.0, NOISE, (NOISES, len(spread))) * spread
        other = problem.background[draw.integers(0, len(problem.background), NOISES)]
        flips = draw.random((NOISES, len(spread))) < FLIP
        words = np.where(flips, other, problem.inputs[at])
        found[at] = np.where(is_category, words, problem.inputs[at] + noise)
    return found
