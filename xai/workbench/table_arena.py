"""The arena of tables: what stands in for a feature that is taken away, four ways.

None is a zero in raw units, which may lie far outside of the data. The mean over rows of the data
is the default: what a model says when a feature is unknown. The others are single inputs, so they
judge the same methods by other questions.
"""

from __future__ import annotations

import numpy as np

from xai.evaluation.faithfulness.catalogue import Baseline
from xai.methods.meter import ROWS_PER_CALL, Meter
from xai.units import Bools
from xai.vocabulary import Floats, Integers, Json, Problem, Progress, Recipe, Score
from xai.workbench.arena import Arena
from xai.workbench.opened import Opened
from xai.workbench.problems import pose
from xai.workbench.table_moves import Noised, mover

ROWS = 16
"""Background rows that the default averages over."""

BASELINES = (
    Baseline(
        "rows", "Rows of the data",
        f"The values of {ROWS} background rows in turn, the same for every method; the mean of "
        "the outputs.",
    ),
    Baseline("mean", "Mean", "The mean of the column, the most frequent value of categories."),
    Baseline(
        "median", "Median", "The median of the column, the most frequent value of categories."
    ),
    Baseline("row", "One other row", "The values of one background row, drawn for each sample."),
)  # fmt: skip
PASSES = ROWS + len(BASELINES) - 1
"""Model evaluations of one mask under all baselines."""


class Replaced:
    """The score of inputs whose dropped features come from other rows; the mean over these.

    Parameters
    ----------
    fill : array of shape (n, b, d) or (1, b, d)
        The rows that stand in, for each input or for all.
    """

    def __init__(self, score: Score, inputs: Floats, fill: Floats) -> None:
        self._score, self._inputs, self._fill = score, inputs, fill

    def __call__(self, kept: Bools, of: Integers) -> Floats:
        """Return scores of shape (m, 1)."""
        rows, d = self._fill.shape[1], self._inputs.shape[1]
        step = max(1, ROWS_PER_CALL // rows)
        found = np.empty((len(of), 1))
        for start in range(0, len(of), step):
            at = of[start : start + step]
            fill = self._fill[at if len(self._fill) > 1 else np.zeros_like(at)]
            mixed = np.where(kept[start : start + step, None, :d], self._inputs[at][:, None], fill)
            scored = self._score(mixed.reshape(-1, d), np.repeat(at, rows)).reshape(len(at), rows)
            # Around the first: equal scores have exactly their mean, so what is ignored ties.
            found[start : start + step, 0] = scored[:, 0] + (scored - scored[:, :1]).mean(axis=1)
        return found


def arena(
    opened: Opened, recipe: Recipe, seed: int, span: tuple[int, int], watch: Progress
) -> Arena:
    """Return the arena for the chosen rows of a span."""
    problem, _targets = pose(opened, recipe, seed, *span)
    n, d = problem.inputs.shape
    meter = Meter(problem.score, 0, watch)
    fills = {
        "rows": problem.background[None, :ROWS],
        "mean": _middle(problem, np.nanmean)[None, None],
        "median": _middle(problem, np.nanmedian)[None, None],
        "row": _one_each(problem)[:, None],
    }
    return Arena(
        rows=problem.rows,
        players=(np.arange(d),) * n,
        shapes=((d,),) * n,
        scores=tuple((b, Replaced(meter, problem.inputs, fills[b.slug])) for b in BASELINES),
        spent=lambda: meter.done,
        is_probability=opened.facts.output == "probability",
        moved=mover(problem),
        noised=Noised.of(meter, problem),
    )


def _middle(problem: Problem, middle: Json) -> Floats:
    """Return one row of the middle of each column; NaN where all of a column is missing."""
    columns = []
    for column, is_category in zip(problem.background.T, problem.categorical, strict=True):
        known = column[np.isfinite(column)]
        if not len(known):
            columns.append(np.nan)
        elif is_category:
            words, counts = np.unique(known, return_counts=True)
            columns.append(float(words[counts.argmax()]))
        else:
            columns.append(float(middle(known)))
    return np.array(columns)


def _one_each(problem: Problem) -> Floats:
    """Return a background row for each input, by the input's own seed; shape (n, d)."""
    drawn = [
        int(np.random.default_rng([problem.seed, 4, int(row)]).integers(len(problem.background)))
        for row in problem.rows
    ]
    return problem.background[drawn]
