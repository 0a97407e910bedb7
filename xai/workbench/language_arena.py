"""The arena of language models: tokens taken away, and what stands in for them, three ways.

The score of a mask is the mean log-probability of the tokens that were written, each from what is
kept before it: the continuation itself never changes (teacher forcing).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import numpy as np

from xai.evaluation.faithfulness.catalogue import Baseline
from xai.methods.perturbation.reagent_source import Source, replacement
from xai.units import Bools, UnitProblem
from xai.vocabulary import Floats, Integers, Progress
from xai.workbench.arena import Arena, Counted, CountedSoft, SoftArena

if TYPE_CHECKING:
    from xai.evaluation.soft import Soft
    from xai.methods.perturbation.reagent_model import NextTokens

HIDDEN = Baseline(
    "hidden",
    "Hidden",
    "No other token can look at a removed one; the mean embedding of the vocabulary stands there.",
)
BLANK = Baseline(
    "hidden",
    "Mean embedding",
    "The vocabulary's mean embedding stands in place of each token; this model cannot hide one.",
)
DRAWN = Baseline(
    "drawn",
    "Drawn from the data",
    "Another token of the dataset, drawn by frequency for each place, the same for all methods.",
)
EXPECTED = Baseline(
    "expected",
    "Expected by the model",
    "Another token, drawn for each place from the model's 50 best guesses from the left, the same "
    "for all methods: plausible text that says something else.",
)
_SOURCES: tuple[tuple[Baseline, Source, int], ...] = (
    (DRAWN, "unigrams", 7),
    (EXPECTED, "model", 8),
)


class Replaced:
    """Log-probabilities of the outputs with other tokens in place of removed ones; see `Kept`."""

    def __init__(
        self, problem: UnitProblem, causes: Sequence[Integers], stand_ins: Sequence[Integers]
    ) -> None:
        self._access = cast("NextTokens", problem.extras["next_tokens"])
        self._players, self._causes, self._stand_ins = problem.players, causes, stand_ins

    def __call__(self, kept: Bools, of: Integers) -> Floats:
        """Return scores (m, k)."""
        most = max((len(causes) for causes in self._causes), default=0)
        found = np.full((len(of), most), np.nan)
        for sample in np.unique(of):
            mine = np.flatnonzero(of == sample)
            tokens, causes = self._access.tokens[sample], self._causes[sample]
            players = self._players[sample]
            stays = (players < 0) | kept[mine][:, np.maximum(players, 0)]
            ids = np.where(stays, tokens[:-1], self._stand_ins[sample])
            shape = (len(mine), len(causes))
            found[mine, : len(causes)], _ = self._access.read(
                ids,
                np.broadcast_to(causes - 1, shape),
                np.broadcast_to(tokens[causes], shape),
            )
        return found


def arena(problem: UnitProblem, progress: Progress, *, can_hide: bool) -> Arena:
    """Return the arena of the continuations of a problem."""
    causes = cast("tuple[Integers, ...]", problem.causes)
    scores = [(HIDDEN if can_hide else BLANK, Counted(problem.score, progress))]
    for baseline, source, key in _SOURCES:
        replaced = Replaced(problem, causes, _stand_ins(problem, source, key))
        scores.append((baseline, Counted(replaced, progress)))
    soft = CountedSoft(cast("Soft", problem.extras["soft"]), progress)
    return Arena(
        rows=problem.rows,
        players=problem.players,
        shapes=problem.shapes,
        scores=tuple(scores),
        spent=lambda: soft.done + sum(score.done for _, score in scores),
        soft=SoftArena(soft, causes),
    )


def _stand_ins(problem: UnitProblem, source: Source, key: int) -> list[Integers]:
    """Return another token for each unit of each sample, by the sample's own seed."""
    model = cast("NextTokens", problem.extras["next_tokens"])
    found = []
    for sample, row in enumerate(problem.rows):
        draw = np.random.default_rng([problem.seed, key, int(row)])
        found.append(replacement(model, sample, source)(draw.random(int(problem.sizes[sample]))))
    return found
