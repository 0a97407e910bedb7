"""Masked scores of many samples in few large calls: how methods evaluate unit problems."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from xai.units import Bools, Kept, UnitProblem
    from xai.vocabulary import Floats, Integers, Progress

ROWS_PER_CALL = 1024
"""Rows in one call of the score: enough that it can put rows of like length together, few enough
for progress every few seconds."""

Plan = tuple[int, "Bools"]
"""A sample, and which of its players stay in each row, shape (m, players)."""


class UnitMeter:
    """A score of samples that counts its evaluations and reports them."""

    def __init__(self, problem: UnitProblem, total: int, progress: Progress) -> None:
        self.done = 0
        self._problem, self._total, self._progress = problem, max(total, 1), progress

    def __call__(self, plans: Sequence[Plan], score: Kept | None = None) -> list[Floats]:
        """Score the rows of every plan; one array (m, k) each, of its sample's own outputs.

        Parameters
        ----------
        plans : sequence of (sample, masks)
            Best in the order of length: rows that follow one another share a call.
        score : Kept, or None for the problem's
        """
        counts = self._problem.output_counts
        found: list[list[Floats]] = [[] for _ in plans]
        for parts in _calls(plans):
            kept, of = _stacked([(plans[i][0], plans[i][1][rows]) for i, rows in parts])
            scores = np.asarray((score or self._problem.score)(kept, of), dtype=np.float64)
            self.done += len(of)
            self._progress(min(self.done, self._total), self._total)
            start = 0
            for i, rows in parts:
                size = rows.stop - rows.start
                found[i].append(scores[start : start + size, : counts[plans[i][0]]])
                start += size
        return [np.concatenate(pieces) for pieces in found]


def by_length(problem: UnitProblem) -> list[int]:
    """Return the samples, the shortest first."""
    return [int(i) for i in np.argsort(problem.sizes, kind="stable")]


def in_groups(
    samples: Sequence[int], rows: Callable[[int], int], most: int = 8 * ROWS_PER_CALL
) -> Iterator[list[int]]:
    """Yield samples to plan together, so many that their masks stay few."""
    group: list[int] = []
    total = 0
    for sample in samples:
        cost = rows(sample)
        if group and total + cost > most:
            yield group
            group, total = [], 0
        group.append(sample)
        total += cost
    if group:
        yield group


def causal(values: Floats, sample: int, problem: UnitProblem) -> Floats:
    """Set the values (k, u) of units that cannot cause an output to exactly 0."""
    if problem.causes is None:
        return values
    after = np.arange(values.shape[1]) >= problem.causes[sample][:, None]
    return np.asarray(np.where(after, 0.0, values))


def _calls(plans: Sequence[Plan]) -> Iterator[list[tuple[int, slice]]]:
    """Cut the rows of all plans into calls: (plan, rows) pairs."""
    parts: list[tuple[int, slice]] = []
    room = ROWS_PER_CALL
    for i, (_sample, masks) in enumerate(plans):
        start = 0
        while start < len(masks):
            stop = min(start + room, len(masks))
            parts.append((i, slice(start, stop)))
            room -= stop - start
            start = stop
            if not room:
                yield parts
                parts, room = [], ROWS_PER_CALL
    if parts:
        yield parts


def _stacked(parts: Sequence[Plan]) -> tuple[Bools, Integers]:
    width = max(masks.shape[1] for _, masks in parts)
    kept = np.ones((sum(len(masks) for _, masks in parts), width), dtype=bool)
    start = 0
    for _, masks in parts:
        kept[start : start + len(masks), : masks.shape[1]] = masks
        start += len(masks)
    return kept, np.repeat([s for s, _ in parts], [len(m) for _, m in parts])
