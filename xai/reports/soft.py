"""Soft faithfulness for people: a table over random values, and what may be said of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from xai.evaluation.faithfulness.catalogue import RANDOM
from xai.reports.phrasing import counted, listed
from xai.reports.results import Results
from xai.reports.sentence import Sentence
from xai.vocabulary import Json

PAGE: Final = "faithfulness"
PLACE = "#soft"
EXPLAINED = (
    "Parts of the numbers of every unit are set to zero by chance: the fewer the more important "
    "the unit is said to be (Soft-NS, sufficiency), or the more (Soft-NC, comprehensiveness). "
    "The table shows ln(mean ÷ mean of random values), so that random values stand at 0 and 0.69 "
    "is twice as much; higher is better in all columns. Values become chances in two ways, both "
    "shown because the order can depend on it: min-max stretches them from the smallest to the "
    "largest, shares divides them by their sum, which is low by construction where they are flat."
)


@dataclass(frozen=True, slots=True)
class Cell:
    """One method by one measure, as text."""

    ratio: str
    interval: str
    mean: str
    failed: int
    is_best: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One method; random values last."""

    slug: str
    title: str
    cells: tuple[Cell, ...]


def lines(results: Results) -> list[Line]:
    """Return the table, the best of the first measure first; empty where nothing was measured."""
    found = _soft(results)
    if not found:
        return []
    rows = _rows(found)
    slugs = list(dict.fromkeys(row["method"] for row in found["rows"]))
    measures = [measure["slug"] for measure in found["measures"]]
    best = {m: max(slugs, key=lambda s: _height(rows[s, m])) for m in measures}
    methods = [slug for slug in slugs if slug != RANDOM]
    methods.sort(key=lambda slug: -_height(rows[slug, measures[0]]))
    return [
        Line(
            slug,
            "Random values" if slug == RANDOM else results.title(slug),
            tuple(_cell(rows[slug, m], is_best=best[m] == slug) for m in measures),
        )
        for slug in (*methods, RANDOM)
    ]


def measures(results: Results) -> list[Mapping[str, str]]:
    """Return title and meaning of each column."""
    return list(_soft(results).get("measures", ()))


def about(results: Results) -> str:
    """Return on how much the table rests."""
    found = _soft(results)
    places = counted(found["places"], "explained output")
    rows = counted(max((row["samples"] for row in found["rows"]), default=0), "row")
    return (
        f"Over {places} of {rows}, {found['draws']} draws of masks that all methods share; the "
        "interval draws rows again. What has no score is counted, never scored."
    )


def sentences(results: Results) -> list[Sentence]:
    """Say who leads by each soft measure, and who is not told from random values."""
    found = _soft(results)
    measured = results.faithfulness or {}
    if not found or measured["samples"] < measured["samples_least"]:
        return []
    rows = _rows(found)
    slugs = [s for s in dict.fromkeys(row["method"] for row in found["rows"]) if s != RANDOM]
    return [*_leaders(results, found, rows, slugs), *_like_chance(results, found, rows, slugs)]


def _leaders(
    results: Results, found: Json, rows: Mapping[tuple[str, str], Json], slugs: Sequence[str]
) -> list[Sentence]:
    heads = []
    for measure in found["measures"]:
        known = [s for s in slugs if rows[s, measure["slug"]]["ratio"] is not None]
        if known:
            slug = max(known, key=lambda s: _height(rows[s, measure["slug"]]))
            row = rows[slug, measure["slug"]]
            heads.append((measure["title"], slug, row))
    if not heads:
        return []
    named = [
        f"{results.title(slug)} by {title} ({_signed(row['ratio'])}{_interval(row)})"
        for title, slug, row in heads
    ]
    text = f"Softly measured, random values at 0, the highest mean is that of {listed(named)}."
    if len({slug for _, slug, _ in heads}) > 1:
        text += " It is not the same method everywhere, so no single one of them ranks the methods."
    return [Sentence(text, PAGE, PLACE, topic=PAGE)]


def _like_chance(
    results: Results, found: Json, rows: Mapping[tuple[str, str], Json], slugs: Sequence[str]
) -> list[Sentence]:
    """Name the methods that some measure does not tell from random values, or finds worse."""
    named = []
    for slug in slugs:
        below = [
            measure["title"]
            for measure in found["measures"]
            if (low := rows[slug, measure["slug"]]["ratio_low"]) is not None and low <= 0
        ]
        if below:
            named.append(f"{results.title(slug)} ({', '.join(below)})")
    if not named:
        return []
    text = f"Not shown to be above random values by every soft measure: {listed(named)}."
    return [Sentence(text, PAGE, PLACE, "warn", PAGE)]


def _soft(results: Results) -> Mapping[str, Json]:
    return (results.faithfulness or {}).get("soft") or {}


def _rows(found: Mapping[str, Json]) -> dict[tuple[str, str], Json]:
    return {(row["method"], row["measure"]): row for row in found["rows"]}


def _height(row: Json) -> float:
    return float("-inf") if row["ratio"] is None else float(row["ratio"])


def _cell(row: Json, *, is_best: bool) -> Cell:
    return Cell(
        ratio="–" if row["ratio"] is None else _signed(row["ratio"]),
        interval=_interval(row).removeprefix(", "),
        mean="" if row["mean"] is None else f"{row['mean']:.3f}",
        failed=int(row["failed"]),
        is_best=is_best and row["ratio"] is not None,
    )


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "−") if round(value, 2) else "0"


def _interval(row: Json) -> str:
    if row["ratio_low"] is None or row["ratio_high"] is None or row["method"] == RANDOM:
        return ""
    return f", {_signed(row['ratio_low'])} to {_signed(row['ratio_high'])}"
