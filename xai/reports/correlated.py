"""Which features of the explained rows move together: credit between them is a method's choice."""

from __future__ import annotations

import itertools

import numpy as np

from xai.evaluation.ranks import places
from xai.methods.catalogue import TABULAR
from xai.reports.phrasing import counted, listed, named, two
from xai.reports.results import Results
from xai.reports.sentence import Sentence
from xai.vocabulary import Floats

STRONG = 0.7
"""Spearman's ρ, whatever its sign, from which two features are said to move together."""
FEATURES_MOST, ROWS_LEAST = 40, 10


def correlated(results: Results) -> list[Sentence]:
    """Name the pairs of features that move together on the explained rows."""
    if results.kind != TABULAR or "predictions" not in results.folders:
        return []
    numbers = results.inputs.numbers
    codes = {at for at in range(numbers.shape[1]) if results.inputs.category_names(at)}
    chosen = [at for at in _strongest(results) if at not in codes]
    pairs = _pairs(numbers, chosen)
    if not pairs:
        return []
    shown = [
        f"{named(results.inputs.names[a])} and {named(results.inputs.names[b])} ({two(rho)})"
        for a, b, rho in pairs
    ]
    text = (
        f"{counted(len(pairs), 'pair')} of features {'moves' if len(pairs) == 1 else 'move'} "
        f"together on the explained rows (Spearman's ρ of at least {two(STRONG)} in size): "
        f"{listed(shown, most=4)}. Do not conclude which of the two the model needs: how a method "
        "shares credit between them is its own choice."
    )
    return [Sentence(text, "global", "#importance", "warn")]


def _strongest(results: Results) -> list[int]:
    """Return the features to look at: all, or the most important of many."""
    names = results.inputs.names
    row = next((r for r in results.importance if r.names == names), None)
    if row is None:
        return list(range(min(len(names), FEATURES_MOST)))
    return sorted(np.argsort(-row.values, kind="stable")[:FEATURES_MOST].tolist())


def _pairs(numbers: Floats, chosen: list[int]) -> list[tuple[int, int, float]]:
    """Return (feature, feature, ρ) of those that move together, the closest first."""
    found = []
    for a, b in itertools.combinations(chosen, 2):
        both = np.isfinite(numbers[:, [a, b]]).all(axis=1)
        if both.sum() < ROWS_LEAST:
            continue
        first, second = (places(numbers[both, at]) for at in (a, b))
        if not (np.ptp(first) > 0 and np.ptp(second) > 0):
            continue
        rho = float(np.corrcoef(first, second)[0, 1])
        if abs(rho) >= STRONG:
            found.append((a, b, rho))
    return sorted(found, key=lambda pair: -abs(pair[2]))
