"""How far the output moves under noise on the most important features, and on the others.

Source: Agarwal et al., OpenXAI, 2022, https://arxiv.org/abs/2206.11104 (prediction gaps).
Departure: one share of the features, the strongest quarter, instead of an area over all shares.
Cost: 2 × noisy copies per sample and contestant.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil

import numpy as np

from xai.evaluation.faithfulness import further, orders
from xai.evaluation.faithfulness.catalogue import CATALOGUE
from xai.evaluation.faithfulness.contest import Contest, Contestant, Field
from xai.evaluation.faithfulness.foretold import values_of
from xai.units import Bools
from xai.vocabulary import Floats, Integers

Noised = Callable[[Bools, Integers], Floats]
"""`noised(shaken, of)`: mean |move| of the score under noise on some players, shape (m,)."""


def shake(field: Field, contestants: Sequence[Contestant], found: Contest, noised: Noised) -> None:
    """Add the gaps under noise to the scores."""
    asked = [
        (i, slug, values)
        for i, players in enumerate(field.players)
        if players > 1
        for slug, several in values_of(field, contestants, found, i).items()
        for values in several
    ]
    if not asked:
        return
    top = np.zeros((len(asked), int(field.players.max())), dtype=bool)
    for at, (i, _, values) in enumerate(asked):
        top[at, strongest(values, orders.ties(field.seed, int(field.rows[i]), len(values)))] = True
    of = np.array([i for i, _, _ in asked], dtype=np.int64)
    columns = np.array([found.slugs.index(slug) for _, slug, _ in asked])
    for measure, shaken in (("important_gap", top), ("unimportant_gap", ~top)):
        shape = found.scores.shape[:2]
        total, counts = np.zeros(shape), np.zeros(shape)
        np.add.at(total, (of, columns), noised(shaken, of))
        np.add.at(counts, (of, columns), 1)
        means = np.where(counts > 0, total / np.maximum(counts, 1), np.nan)
        found.scores[:, :, list(CATALOGUE).index(measure)] = means


def strongest(values: Floats, ties: Floats) -> Integers:
    """Return the strongest quarter of the players, at least one."""
    count = max(1, ceil(round(further.SHARE * len(values), 9)))
    return orders.order(np.abs(values), ties)[:count]
