"""Explanations over the units that all methods have in common: words of a text, cells of a picture.

Special tokens belong to no word, so they are left out: every text has them, at the same places, and
would make any two methods look alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from xai.evaluation.agreement_units import Varied
from xai.evaluation.players import over_players, pool
from xai.reports.method import MethodResult
from xai.reports.ragged import Ragged
from xai.reports.results import Results
from xai.vocabulary import Floats, Integers, Json

GRID = 16
"""Cells along each side of a picture, at most: neighbours of a pixel are no news."""


def gather(
    results: Results, methods: Iterable[MethodResult], only: Integers | None = None
) -> tuple[dict[str, Varied], dict[int, tuple[str, ...]]]:
    """Return the explanations of every method, and the names of the units of each sample.

    Parameters
    ----------
    only : array of shape (n,) or None
        Rows of the dataset to keep; None: all that a method explains.
    """
    read = {method.slug: method.ragged for method in methods}
    grids = _grids(read.values())
    varied = {
        method.slug: Varied(
            samples=(samples := _kept(read[method.slug], only)),
            values=[
                _values(read[method.slug], int(sample), results.samples[int(sample)], grids)
                for sample in samples
            ],
            is_signed=method.is_signed,
            family=method.family,
            is_stochastic=bool(method.job.get("is_stochastic")),
        )
        for method in methods
    }
    first = next(iter(read.values()))
    return varied, {
        int(sample): _names(first, int(sample), results.samples[int(sample)], grids)
        for sample in _kept(first, only)
    }


def _kept(ragged: Ragged, only: Integers | None) -> Integers:
    samples = np.unique(ragged.samples)
    return samples if only is None else np.intersect1d(samples, only)


def _grids(read: Iterable[Ragged]) -> Mapping[int, tuple[int, int]]:
    """Return the grid of each picture: that of its finest map, of at most `GRID` cells a side."""
    found: dict[int, tuple[int, int]] = {}
    for ragged in read:
        for position, sample in enumerate(ragged.samples):
            shape = ragged.shape(position)
            if len(shape) == 2:
                known = found.get(int(sample), (1, 1))
                height, width = (min(max(pair), GRID) for pair in zip(shape, known, strict=True))
                found[int(sample)] = (height, width)
    return found


def _values(
    ragged: Ragged, sample: int, facts: Json, grids: Mapping[int, tuple[int, int]]
) -> Sequence[Floats]:
    found = []
    for position in ragged.of(sample):
        values, shape = ragged.values(position).astype(np.float64), ragged.shape(position)
        if len(shape) == 2:
            found.append(pool(values, (shape[0], shape[1]), grids[sample]))
            continue
        seen = _seen(facts, len(values), int(ragged.outputs[position]))
        found.append(over_players(values[:seen], players(facts, len(values))[:seen]))
    return found


def players(facts: Json, units: int) -> Integers:
    """Return the word of each token of a sample, `FIXED` for special tokens."""
    words = np.asarray(facts.get("words") or (), dtype=np.int64)
    if len(words) != units:
        return np.arange(units)
    _, compact = np.unique(words, return_inverse=True)
    return np.asarray(np.where(words < 0, -1, compact - int((words < 0).any())), dtype=np.int64)


def _seen(facts: Json, units: int, output: int) -> int:
    """Return how many units came before an output: a later token cannot be its cause."""
    prompt = facts.get("prompt_units")
    return units if prompt is None else min(units, int(prompt) + output)


def _names(
    ragged: Ragged, sample: int, facts: Json, grids: Mapping[int, tuple[int, int]]
) -> tuple[str, ...]:
    if sample in grids:
        height, width = grids[sample]
        return tuple(f"cell {y + 1}, {x + 1}" for y in range(height) for x in range(width))
    tokens = ragged.names(ragged.of(sample)[0])
    words = [""] * (int(players(facts, len(tokens)).max(initial=-1)) + 1)
    for token, player in zip(tokens, players(facts, len(tokens)), strict=True):
        if player >= 0:
            words[player] += token
    return tuple(word.strip() for word in words)
