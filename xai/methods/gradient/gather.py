"""Values of many samples and outputs, gathered batch by batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xai.methods.unit_meter import causal

if TYPE_CHECKING:
    from xai.units import UnitProblem
    from xai.vocabulary import Floats, Integers, Progress


class Gathered:
    """Arrays (k, u) and (k,) of every sample, filled output by output, and a count."""

    def __init__(self, problem: UnitProblem, total: int, progress: Progress) -> None:
        counts, sizes = problem.output_counts, problem.sizes
        self.values: list[Floats] = [np.zeros(s) for s in zip(counts, sizes, strict=True)]
        self.error: list[Floats] = [np.zeros(s) for s in zip(counts, sizes, strict=True)]
        self.base: list[Floats] = [np.zeros(k) for k in counts]
        self.residual: list[Floats] = [np.zeros(k) for k in counts]
        self.steps: list[Floats] = [np.zeros(k) for k in counts]
        self.done = 0
        self._problem, self._total, self._progress = problem, max(total, 1), progress

    def outputs(self, of: Integers) -> range:
        """Return the outputs that any of these samples has."""
        return range(int(self._problem.output_counts[of].max(initial=0)))

    def having(self, of: Integers, output: int) -> Integers:
        """Return those of the samples that have this output."""
        return of[self._problem.output_counts[of] > output]

    def put(self, sample: int, output: int, values: Floats) -> None:
        """Keep the values (u,) of one output."""
        self.values[sample][output] = values

    def count(self, evaluations: int) -> None:
        """Count passes of the model and report them."""
        self.done += evaluations
        self._progress(min(self.done, self._total), self._total)

    def finish(self) -> None:
        """Give what comes after an output exactly 0, and report the end."""
        self.values = [causal(v, i, self._problem) for i, v in enumerate(self.values)]
        self._progress(self._total, self._total)
