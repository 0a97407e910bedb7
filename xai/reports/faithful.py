"""Sentences about faithfulness: only what the table of decisions holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from xai.evaluation.faithfulness.catalogue import CATALOGUE, DEFAULT, RANDOM
from xai.reports.nouns import nouns
from xai.reports.phrasing import between, counted, listed, number
from xai.reports.results import Results
from xai.reports.sentence import Sentence
from xai.vocabulary import Json

PAGE: Final = "faithfulness"
TABLE, LEAGUE = "#significance", "#league"


def faithfulness(results: Results) -> list[Sentence]:
    """Say which methods are more faithful than chance and than each other, and how sure that is."""
    found = results.faithfulness
    if not found or not found["methods"] or not _rows(found):
        return []
    if found["samples"] < found["samples_least"]:
        return [_few(found, nouns(results.kind).row)]
    return [
        *_best(results, found), *_beyond_chance(results, found), *_ranked(results, found),
    ]  # fmt: skip


def baseline_dependence(results: Results) -> list[Sentence]:
    """Say which methods must not be ranked, because the answer depends on what stands in."""
    found = results.faithfulness
    if not found or found["samples"] < found["samples_least"]:
        return []
    return _depends(results, found)


def _rows(found: Mapping[str, Json]) -> dict[str, Mapping[str, Json]]:
    """Return the league by the default measure and baseline, by method, the best first."""
    rows = [
        row for row in found["league"]
        if row["measure"] == DEFAULT
        and row["baseline"] == found["baseline"] and row["method"] in found["methods"]
    ]  # fmt: skip
    return {row["method"]: row for row in sorted(rows, key=lambda row: -float(row["mean"]))}


def _decisions(found: Mapping[str, Json]) -> list[Mapping[str, Json]]:
    return [row for row in found["robust"] if row["measure"] == DEFAULT]


def _few(found: Mapping[str, Json], row: str) -> Sentence:
    text = (
        f"Faithfulness was measured on {counted(found['samples'], row)}; a comparison asks for "
        f"at least {found['samples_least']}, so no method is called better than another."
    )
    return Sentence(text, PAGE, LEAGUE, "warn", PAGE)


def _best(results: Results, found: Mapping[str, Json]) -> list[Sentence]:
    rows = _rows(found)
    slug, row = next(iter(rows.items()))
    bounds = between(row["low"], row["high"])
    rows_of = counted(row["samples"], nouns(results.kind).row)
    beaten = [r for r in _decisions(found) if slug in (r["a"], r["b"]) and r["winner"] == slug]
    others = [_other(r, slug) for r in beaten if _other(r, slug) in found["methods"]]
    text = (
        f"By {CATALOGUE[DEFAULT].title.lower()}, {results.title(slug)} reaches the highest mean, "
        f"{number(float(row['mean']))} ({bounds}, {rows_of}); "
        "a random order reaches 0 on average"
    )
    rest = len(rows) - 1
    if rest and len(others) == rest:
        text += (
            f". Its lead over all {rest} others is significant under every one of the "
            f"{len(found['baselines'])} baselines."
            if rest > 1
            else f". Its lead over {results.title(others[0])} is significant under every one of "
            f"the {len(found['baselines'])} baselines."
        )
    elif rest:
        open_ = [results.title(s) for s in rows if s != slug and s not in others]
        text += f". That it is better than {listed(open_)} does not hold under every baseline."
    else:
        text += "."
    return [Sentence(text, PAGE, LEAGUE, topic=PAGE)]


def _other(row: Mapping[str, Json], slug: str) -> str:
    return str(row["b"] if row["a"] == slug else row["a"])


def _beyond_chance(results: Results, found: Mapping[str, Json]) -> list[Sentence]:
    against = {r["a"]: r for r in _decisions(found) if r["b"] == RANDOM}
    robust = [results.title(s) for s, r in against.items() if r["winner"] == s]
    partly = [
        f"{results.title(s)} ({len(r['better_under'][s])} of {len(found['baselines'])})"
        for s, r in against.items()
        if r["winner"] != s and r["better_under"][s]
    ]
    said = []
    if robust:
        text = (
            f"Significantly more faithful than a random order under all {len(found['baselines'])} "
            f"baselines: {listed(robust)} (paired Wilcoxon test, corrected, "
            f"{counted(found['samples'], nouns(results.kind).row)})."
        )
        said.append(Sentence(text, PAGE, TABLE, topic=PAGE))
    if partly:
        text = f"More faithful than a random order under some baselines only: {listed(partly)}."
        said.append(Sentence(text, PAGE, TABLE, "warn", PAGE))
    return said


def _ranked(results: Results, found: Mapping[str, Json]) -> list[Sentence]:
    """Say how many pairs of methods can be ranked whatever stands in."""
    pairs = [r for r in _decisions(found) if r["b"] != RANDOM]
    if len(pairs) < 2:
        return []
    robust = [r for r in pairs if r["verdict"] == "robust"]
    text = f"Of {len(pairs)} pairs of methods, {len(robust)} can be ranked under every baseline"
    if robust:
        named = [
            f"{results.title(r['winner'])} above {results.title(_other(r, r['winner']))}"
            for r in robust
        ]
        text += f": {listed(named, most=4)}"
    return [Sentence(f"{text}.", PAGE, TABLE, topic=PAGE)]


def _depends(results: Results, found: Mapping[str, Json]) -> list[Sentence]:
    opposite = [r for r in _decisions(found) if r["verdict"] == "opposite"]
    if not opposite:
        return []
    named = [f"{results.title(r['a'])} and {results.title(r['b'])}" for r in opposite]
    text = (
        f"Do not rank {listed(named, most=4)}: each is significantly better under some baseline, "
        f"of {len(found['baselines'])}."
    )
    return [Sentence(text, PAGE, TABLE, "warn")]
