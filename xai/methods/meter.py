"""Score calls counted and cut into chunks: what every method evaluates the model through."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xai.vocabulary import Floats, Integers, Problem, Progress, Score

ROWS_PER_CALL = 32_768
"""Rows in one call of the score: large enough to hide the cost of a call (a forest wants more),
small enough for the processor's cache (a network wants less) and for progress several times a
second."""


class Meter:
    """A score that counts its evaluations, reports them, and refuses to count differently."""

    def __init__(self, score: Score, total: int, progress: Progress) -> None:
        self.done = 0
        self._score = score
        self._total = total
        self._progress = progress

    def __call__(self, rows: Floats, of: Integers) -> Floats:
        """Score the rows, at most `ROWS_PER_CALL` at a time; shape (m,)."""
        found = np.empty(len(rows))
        for start in range(0, len(rows), ROWS_PER_CALL):
            part = slice(start, start + ROWS_PER_CALL)
            found[part] = self._score(rows[part], of[part])
            self.done += len(rows[part])
            self._progress(self.done, self._total)
        return found

    def of(self, score: Score) -> Score:
        """Return another score that counts its evaluations here too."""

        def counted(rows: Floats, of: Integers) -> Floats:
            mine, self._score = self._score, score
            try:
                return self(rows, of)
            finally:
                self._score = mine

        return counted

    def finish(self) -> None:
        """Report that all is done, where less was needed than foretold."""
        if self.done < self._total:
            self._total = self.done
            self._progress(self.done, self._total)


def blend(problem: Problem, masks: NDArray[np.bool_], score: Score) -> tuple[Floats, Floats]:
    """Score every input with the features outside a mask taken from the background.

    Parameters
    ----------
    problem : Problem
    masks : bool array of shape (m, d)
        True where the input's own value stays.
    score : Score
        Usually a `Meter`.

    Returns
    -------
    mean, deviation : arrays of shape (n, m)
        Over the background rows; the deviation is that of the sample (0 for a single row).
    """
    inputs, background = problem.inputs, problem.background
    cells, rows = len(inputs) * len(masks), len(background)
    mean, deviation = np.empty(cells), np.zeros(cells)
    step = max(1, ROWS_PER_CALL // rows)
    buffer = np.empty((min(step, cells), rows, inputs.shape[1]))
    for start in range(0, cells, step):
        cell = np.arange(start, min(start + step, cells))
        of, mask = np.divmod(cell, len(masks))
        mixed = buffer[: len(cell)]
        mixed[:] = background
        np.copyto(mixed, inputs[of, None, :], where=masks[mask, None, :])
        found = score(mixed.reshape(-1, inputs.shape[1]), np.repeat(of, rows))
        found = np.asarray(found).reshape(len(cell), rows)
        # Around the first: equal scores have exactly their mean, so what is ignored gets zero.
        moved = found - found[:, :1]
        mean[cell] = found[:, 0] + moved.mean(axis=1)
        if rows > 1:
            deviation[cell] = moved.std(axis=1, ddof=1)
    shape = (len(inputs), len(masks))
    return mean.reshape(shape), deviation.reshape(shape)
