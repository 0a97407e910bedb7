"""Shapley values beside the importances of the whole model, and how far their orders agree.

Source: the comparison of Shapley values with natural and permutation importance of Bloch and
Friedrich, SN Computer Science 2022, https://doi.org/10.1007/s42979-022-01371-y; correlations of
|values| with percentile bootstrap intervals. For mean |value| the rows are drawn again; for
permutation importance its own interval is taken as normal; an importance that the model file
carries is one number and is not drawn.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from xai.analyses import rankings
from xai.analyses.plain import plain
from xai.methods.catalogue import TABULAR
from xai.reports.analyses.scored import table
from xai.reports.findings import voters
from xai.reports.markup import Html, join, tag
from xai.reports.phrasing import between, counted, listed, two
from xai.reports.results import ImportanceRow, Results
from xai.reports.sentence import Sentence
from xai.vocabulary import Floats, Json

NORMAL_95 = 1.96
SEED = 0
CARDINAL = "split count"
"""An importance that counts how often a column was used: it favours columns of many values."""


def compare(results: Results) -> list[dict[str, Json]]:
    """Return how alike each pair of importances is, those between whole-model ones last.

    Returns
    -------
    list of dict
        `a`, `b`: as in `importance.parquet`; `titles`; `rows`; per measure value, low and high.
        Empty unless the model is one of tables, with Shapley values and another importance.
    """
    if results.kind != TABULAR:
        return []
    methods = {m.slug: m for m in voters(results) if m.members is None and len(m.samples)}
    first = methods.get("shapley") or next(iter(methods.values()), None)
    own = [row for row in results.importance if row.scope == "global"]
    if first is None or not own or len(first.names) < 2:
        return []
    names = first.names
    rows = np.abs(first.values.astype(np.float64))
    drawn = rankings.means_of(rows, rankings.drawn(len(rows), SEED))
    sides = [(first.slug, first.title, rows.mean(axis=0), drawn)]
    for at, row in enumerate(own):
        if set(row.names) == set(names):
            values, draws = _of_model(row, names, at)
            sides.append((row.method, row.title, values, draws))
    found = [
        {
            "a": a[0],
            "b": b[0],
            "titles": [a[1], b[1]],
            "rows": len(rows),
            "is_drawn": len(a[3]) > 1 or len(b[3]) > 1,
            **rankings.bounded((a[2], b[2]), _alike_long(a[3], b[3])),
        }
        for at, a in enumerate(sides)
        for b in sides[at + 1 :]
    ]
    return list(plain(found))


def sentences(results: Results) -> list[Sentence]:
    """Say how far Shapley values and the importances of the whole model agree."""
    pairs = [pair for pair in compare(results) if ":" not in pair["a"] and _is_of_rows(pair)]
    if not pairs:
        return []
    each = [
        f"{pair['titles'][1]} at {two(pair['kendall']['value'])} "
        f"({between(pair['kendall']['low'], pair['kendall']['high'], 'two')})"
        for pair in pairs
        if pair["kendall"]["value"] is not None
    ]
    if not each:
        return []
    text = (
        f"Over {counted(pairs[0]['rows'], 'row')}, the order of the features by "
        f"{pairs[0]['titles'][0]} agrees (Kendall τ-b) with that by {listed(each)}."
    )
    if any(CARDINAL in pair["b"] for pair in pairs):
        text += " A split count says how often a column was used, and favours many values."
    return [Sentence(text, "global", "#stories", topic="relies")]


def written(results: Results) -> Html:
    """Return the table of the report; empty without anything to compare."""
    pairs = compare(results)
    rows: list[list[str | Html]] = [
        [" and ".join(pair["titles"]), *(cell(pair[measure]) for measure in rankings.MEASURES)]
        for pair in pairs
    ]
    if not rows:
        return Html()
    heads = ("Pair", "Kendall τ-b", "Spearman ρ", "Pearson r", "Rank-biased overlap")
    return join(
        tag("h3", "Whether the importances tell one story"), table("Importances", heads, rows)
    )


def cell(one: Mapping[str, float | None]) -> str:
    """Return an agreement with its interval, where it has one."""
    value, low, high = one["value"], one["low"], one["high"]
    if value is None:
        return "–"
    known = low is not None and high is not None and low < high
    return two(value) + (f" ({two(float(low or 0))} to {two(float(high or 0))})" if known else "")


def _is_of_rows(pair: dict[str, Json]) -> bool:
    return str(pair["a"]) not in {"permutation", "builtin"}


def _of_model(row: ImportanceRow, names: tuple[str, ...], stream: int) -> tuple[Floats, Floats]:
    """Return values in the order of the features, and draws of them."""
    place = {name: at for at, name in enumerate(row.names)}
    order = [place[name] for name in names]
    values = row.values[order]
    if row.low is None or row.high is None:
        return values, values[None]
    spread = np.nan_to_num((row.high[order] - row.low[order]) / (2 * NORMAL_95))
    normal = np.random.default_rng([SEED, stream]).normal(size=(rankings.RESAMPLES, len(values)))
    return values, values + spread * normal


def _alike_long(first: Floats, second: Floats) -> tuple[Floats, Floats]:
    length = max(len(first), len(second))
    return (
        np.broadcast_to(first, (length, first.shape[1])),
        np.broadcast_to(second, (length, second.shape[1])),
    )
