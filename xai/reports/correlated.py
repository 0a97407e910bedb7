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
FEATURES_MOST, ROWS_LEAST, ROWS_MOST = 40, 10, 1000
"""Rows beyond the last are left out, an even spread: a page must not wait."""


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
    step = max(1, -(-len(numbers) // ROWS_MOST))
    columns = numbers[::step, chosen].T
    whole = [bool(np.isfinite(column).all()) for column in columns]
    ranks = np.array(
        [places(column) if ok else column for column, ok in zip(columns, whole, strict=True)]
    )
    found = []
    for i, j in itertools.combinations(range(len(chosen)), 2):
        both = whole[i] and whole[j]
        rho = _correlation(ranks[i], ranks[j]) if both else _of_known(columns[i], columns[j])
        if abs(rho) >= STRONG:
            found.append((chosen[i], chosen[j], rho))
    return sorted(found, key=lambda pair: -abs(pair[2]))


def _of_known(first: Floats, second: Floats) -> float:
    """Return Spearman's ρ over the rows where both are known."""
    both = np.isfinite(first) & np.isfinite(second)
    return _correlation(places(first[both]), places(second[both]))


def _correlation(first: Floats, second: Floats) -> float:
    """Return the correlation of two columns of places; 0 where it is not known."""
    if len(first) < ROWS_LEAST:
        return 0.0
    centred = first - first.mean(), second - second.mean()
    size = float(np.linalg.norm(centred[0]) * np.linalg.norm(centred[1]))
    return float(centred[0] @ centred[1]) / size if size > 0 else 0.0
