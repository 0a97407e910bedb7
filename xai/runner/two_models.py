"""Two finished runs on the same data, side by side: performance, explanations, other answers.

Source: McNemar, Psychometrika 1947, exact form. Numbers only, no model, no jail.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from math import comb, isfinite

import numpy as np

from xai.evaluation.agreement import CONTROL, SELF
from xai.evaluation.intervals import mean_interval
from xai.evaluation.measures import compare
from xai.methods.catalogue import GENERATION, IMAGES
from xai.reports.method import MethodResult
from xai.reports.performance import wilson
from xai.reports.phrasing import number
from xai.reports.reading import Predictions
from xai.reports.results import Results
from xai.reports.two_models import Alike, Differing, Score, TwoModels
from xai.runner import common_units
from xai.vocabulary import Floats, Integers

SHOWN_MOST = 50


def beside(first: Results, second: Results, names: tuple[str, str]) -> TwoModels:
    """Compare two runs on the rows that both explain."""
    own, other = first.predictions, second.predictions
    rows, at, to = np.intersect1d(own.samples, other.samples, return_indices=True)
    is_regression = first.problem == "regression"
    right = [_right(found, places) for found, places in ((own, at), (other, to))]
    labelled = np.array([None not in pair for pair in zip(*right, strict=True)], dtype=bool)
    pairs = [p for p, known in zip(zip(*right, strict=True), labelled, strict=True) if known]
    a, b = sum(x and not y for x, y in pairs), sum(y and not x for x, y in pairs)
    scores = _errors(first, second, names, at, to) if is_regression else _shares(pairs, names)
    alike, left_out = _alike(first, second, rows)
    differing = _differing(first, second, rows, at, to)
    return TwoModels(
        kind=first.kind,
        is_regression=is_regression,
        names=names,
        rows=len(rows),
        only_here=(len(own.samples) - len(rows), len(other.samples) - len(rows)),
        scores=scores,
        only_first=a,
        only_second=b,
        p=mcnemar(a, b) if pairs and not is_regression else None,
        differ=len(differing),
        gap=float(np.abs(own.values[at] - other.values[to]).mean())
        if is_regression and len(rows)
        else None,
        alike=alike,
        left_out=left_out,
        differing=tuple(differing[:SHOWN_MOST]),
    )


def mcnemar(only_first: int, only_second: int) -> float:
    """Return the exact two-sided p that both models are right equally often."""
    n, least = only_first + only_second, min(only_first, only_second)
    ways = sum(comb(n, i) for i in range(least + 1))
    return min(1.0, float(2 * ways / 2**n))


def _right(found: Predictions, places: Integers) -> list[bool | None]:
    return [found.correct[int(place)] for place in places]


def _shares(pairs: Sequence[tuple[bool | None, ...]], names: tuple[str, str]) -> tuple[Score, ...]:
    if not pairs:
        return ()
    found = []
    for which, name in enumerate(names):
        share = sum(bool(pair[which]) for pair in pairs) / len(pairs)
        found.append(Score(name, share, *wilson(share, len(pairs)), len(pairs)))
    return tuple(found)


def _errors(
    first: Results, second: Results, names: tuple[str, str], at: Integers, to: Integers
) -> tuple[Score, ...]:
    labels = np.array([_number(first.predictions.labels[int(i)]) for i in at])
    known = np.isfinite(labels)
    if not known.any():
        return ()
    values = (first.predictions.values[at], second.predictions.values[to])
    errors = np.abs(np.array(values)[:, known] - labels[known])
    mean, low, high = mean_interval(errors, 0)
    return tuple(
        Score(name, float(mean[i]), float(low[i]), float(high[i]), int(known.sum()))
        for i, name in enumerate(names)
    )


def _number(label: str | None) -> float:
    try:
        return float("nan") if label is None else float(label)
    except ValueError:
        return float("nan")


def _differing(
    first: Results, second: Results, rows: Integers, at: Integers, to: Integers
) -> list[Differing]:
    """Return the rows with other answers; for regressions, the farthest apart first."""
    own, other = first.predictions, second.predictions
    places = list(zip(rows.tolist(), at.tolist(), to.tolist(), strict=True))
    if first.problem == "regression":
        places.sort(key=lambda p: -abs(float(own.values[p[1]]) - float(other.values[p[2]])))
        return [
            Differing(row, number(own.values[i]), number(other.values[j]), own.labels[i], "")
            for row, i, j in places
            if own.values[i] != other.values[j]
        ]
    found = []
    for row, i, j in places:
        if own.predicted[i] != other.predicted[j]:
            known = _WHO[own.correct[i], other.correct[j]]
            found.append(Differing(row, own.predicted[i], other.predicted[j], own.labels[i], known))
    return found


_WHO: defaultdict[tuple[bool | None, bool | None], str] = defaultdict(
    str, {(True, False): "first", (False, True): "second", (False, False): "neither"}
)


def _alike(
    first: Results, second: Results, rows: Integers
) -> tuple[tuple[Alike, ...], tuple[str, ...]]:
    """Return the methods that both runs have, and those of one run only or of other units."""
    own = {m.slug: m for m in first.local_methods() if m.family != CONTROL}
    other = {m.slug: m for m in second.local_methods() if m.family != CONTROL}
    found, left_out = [], [m.title for s, m in (own | other).items() if (s in own) != (s in other)]
    for slug, method in own.items():
        if slug not in other:
            continue
        pairs = _values(first, second, method, other[slug], rows)
        if not pairs:
            left_out.append(method.title)
            continue
        found.append(_compared(first, method, pairs, is_signed=method.is_signed))
    return tuple(found), tuple(left_out)


def _compared(
    first: Results, method: MethodResult, pairs: Sequence[tuple[Floats, Floats]], *, is_signed: bool
) -> Alike:
    values = {slug: np.full((2, len(pairs)), np.nan) for slug in ("kendall", "overlap")}
    widths = np.array([len(a) if len(a) == len(b) else 0 for a, b in pairs])
    draw = np.random.default_rng(0)
    for width in np.unique(widths[widths > 1]):
        at = np.flatnonzero(widths == width)
        chance = draw.standard_normal((len(at), width))
        stack = np.stack([[*pairs[int(i)], c] for i, c in zip(at, chance, strict=True)])
        results = compare(stack, np.array([[0, 1], [2, 1]]), (is_signed, is_signed, True))
        for slug, table in values.items():
            table[:, at] = results[slug]
    mean, low, high = mean_interval(np.concatenate([values["kendall"], values["overlap"]]), 0)
    known = int(np.isfinite(values["kendall"][0]).sum())
    return Alike(
        slug=method.slug, title=method.title, tau=_or_none(mean[0]), low=_or_none(low[0]),
        high=_or_none(high[0]), overlap=_or_none(mean[2]), random=_or_none(mean[1]),
        itself=_itself(first, method.slug), samples=known, undefined=len(pairs) - known,
    )  # fmt: skip


def _itself(results: Results, slug: str) -> float | None:
    for pair in (results.agreement or {}).get("pairs", ()):
        is_default = pair["measure"] == (results.agreement or {})["default"]
        if is_default and (pair["a"], pair["b"]) == (slug, SELF + slug):
            return None if pair["deterministic"] else pair["mean"]
    return None


def _or_none(value: float) -> float | None:
    return float(value) if isfinite(value) else None


def _values(
    first: Results, second: Results, method: MethodResult, other: MethodResult, rows: Integers
) -> list[tuple[Floats, Floats]]:
    """Return the values of both models on each common row, over the same units."""
    if method.is_ragged:
        return _of_units(first, second, method, other, rows)
    if set(method.names) != set(other.names):
        return []
    order = [other.names.index(name) for name in method.names]
    own, theirs = (
        {int(sample): at for at, sample in enumerate(each.samples)} for each in (method, other)
    )
    return [
        (
            method.values[own[row]].astype(np.float64),
            other.values[theirs[row]][order].astype(np.float64),
        )
        for row in rows.tolist()
        if row in own and row in theirs
    ]


def _of_units(
    first: Results, second: Results, method: MethodResult, other: MethodResult, rows: Integers
) -> list[tuple[Floats, Floats]]:
    """Return the values over words of a text or cells of a picture, the mean over its outputs."""
    if first.kind == IMAGES:
        # Together, so that both are brought to one grid.
        both = [method, replace(other, slug="other")]
        varied, _ = common_units.gather(first, both, only=rows)
        sides = [varied[each.slug] for each in both]
    else:
        sides = [
            common_units.gather(run, [each], only=rows)[0][each.slug]
            for run, each in ((first, method), (second, other))
        ]
    places = [{int(s): at for at, s in enumerate(side.samples)} for side in sides]
    found = []
    for row in rows.tolist():
        if all(row in place for place in places):
            outputs = [side.values[place[row]] for side, place in zip(sides, places, strict=True)]
            words = _prompt_words(first, row) if first.kind == GENERATION else None
            found.append((_mean(outputs[0], words), _mean(outputs[1], words)))
    return found


def _prompt_words(results: Results, row: int) -> int:
    facts = results.samples[row]
    units = int(facts.get("prompt_units") or 0)
    return int(common_units.players(facts, len(facts["tokens"]))[:units].max(initial=-1)) + 1


def _mean(outputs: Sequence[Floats], words: int | None) -> Floats:
    """Return the mean over the outputs; over their strengths, where they differ by model."""
    if words is None:
        return np.asarray(np.mean(outputs, axis=0))
    return np.asarray(np.mean([np.abs(values[:words]) for values in outputs], axis=0))
