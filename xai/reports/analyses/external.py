"""The model on other data: in sentences, figures and the report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from xai.evaluation.ranks import places
from xai.figures import ranges
from xai.figures.parts import number, plain, signed
from xai.figures.ranges import Series
from xai.reports.analyses.scored import table
from xai.reports.markup import Html, join, tag
from xai.reports.phrasing import between, counted, named, percent, two
from xai.reports.results import Results
from xai.reports.sentence import Sentence, Tone

Found = Mapping[str, Any]
PAGE = "workflow"
SHOWN = 20
SHARES = {"accuracy", "balanced", "auc"}
FEW = 30


def said(found: Found, _results: Results) -> list[Sentence]:
    """Say how right the model is on the other data, and whether it relies on the same there."""
    return [*_performance(found), *_alike(found), *_mover(found), *_loss(found), *_column(found),
            *_few(found)]  # fmt: skip


def shown_as(slug: str, value: float) -> str:
    """Return a measure: a share in percent, or a number."""
    return percent(value) if slug in SHARES else number(value)


def _performance(found: Found) -> list[Sentence]:
    lines = found["performance"]
    if not lines:
        text = (
            f"How right the model is on the second dataset is not known: of its "
            f"{counted(found['sides'][1]['rows'], 'row')} and the first's, "
            f"{found['sides'][1]['labelled']} and {found['sides'][0]['labelled']} have a label."
        )
        return [Sentence(text, PAGE, "#performance", topic="workflow")]
    line = lines[0]
    slug, first, second, change = line["slug"], line["first"], line["second"], line["change"]
    rows = [side["labelled"] for side in found["sides"]]
    form = "percent" if slug in SHARES else "number"
    text = (
        f"On the second dataset the model reaches {_word(line)} {shown_as(slug, second['value'])} "
        f"over {counted(rows[1], 'labelled row')} ({_between(second, form)}), on the first "
        f"{shown_as(slug, first['value'])} over {rows[0]:,} ({_between(first, form)}). "
    )
    is_known = change["low"] is not None
    differs = is_known and not change["low"] <= 0 <= change["high"]
    moved = f"{_apart(slug, change['value'])}, 95 % interval {_apart(slug, change['low'])} to "
    moved += _apart(slug, change["high"]) if is_known else ""
    text += (
        f"The difference ({moved}) is more than the rows' chance."
        if differs
        else f"The difference ({moved}) may be chance."
    )
    tone: Tone = "warn" if differs and change["value"] < 0 else ""
    return [Sentence(text, PAGE, "#performance", tone, "workflow")]


def _word(line: Mapping[str, Any]) -> str:
    return {"accuracy": "an accuracy of", "r2": "an R² of"}.get(line["slug"], str(line["title"]))


def _between(one: Mapping[str, Any], form: str) -> str:
    return between(one["low"], one["high"], form)


def _apart(slug: str, value: float | None) -> str:
    if value is None:
        return "–"
    return f"{signed(100 * value, 2)} points" if slug in SHARES else signed(value)


def _alike(found: Found) -> list[Sentence]:
    one = importance(found, "shapley")
    tau, itself = one["alike"]["kendall"], one["itself"]["kendall"]
    if tau["value"] is None:
        return []
    apart = itself["low"] is not None and tau["value"] < itself["low"]
    text = (
        f"By mean |Shapley value| the two datasets put the features in like order at Kendall "
        f"τ-b {two(tau['value'])} ({between(tau['low'], tau['high'], 'two')}); two draws of such "
        f"sizes from the first alone reach {two(itself['value'])} ({two(itself['low'])} to "
        f"{two(itself['high'])})"
    )
    text += (
        ": on the second the model relies on other features than chance would make it seem."
        if apart
        else ": no further apart than draws of one dataset."
    )
    return [Sentence(text, PAGE, "#importances", "warn" if apart else "", "workflow")]


def _mover(found: Found) -> list[Sentence]:
    """Name the feature whose place moves most, among those that matter on either side."""
    one = importance(found, "shapley")
    values = [np.array(one[side]["value"], dtype=float) for side in ("first", "second")]
    ranks = [places(np.abs(side)) for side in values]
    share = np.maximum(*(side / max(side.sum(), 1e-300) for side in values))
    moved = np.where(share >= 0.02, np.abs(ranks[1] - ranks[0]), 0.0)
    if not moved.any():
        return []
    at = int(moved.argmax())
    text = (
        f"Of the features that hold 2 % or more, {named(found['features'][at])} moves most: from "
        f"place {ranks[0][at]:g} ({number(values[0][at])}) to place {ranks[1][at]:g} "
        f"({number(values[1][at])})."
    )
    return [Sentence(text, PAGE, "#importances", topic="workflow")]


def _loss(found: Found) -> list[Sentence]:
    one = next((each for each in found["importances"] if each["slug"] == "loss"), None)
    if one is None:
        return []
    first, second = (np.array(one[side]["value"], dtype=float) for side in ("first", "second"))
    highs = np.array([_number(high) for high in one["first"]["high"]])
    at = int((second - first).argmax())
    if not second[at] > highs[at]:
        return []
    ends = [f"{signed(one[side]['low'][at])} to {signed(one[side]['high'][at])}"
            for side in ("first", "second")]  # fmt: skip
    text = (
        f"The feature whose share of the loss grows most is {named(found['features'][at])}: it "
        f"moves the loss by {signed(second[at])} on the second dataset (95 % interval {ends[1]}), "
        f"by {signed(first[at])} on the first ({ends[0]}); below 0 it helps."
    )
    return [Sentence(text, PAGE, "#importances", topic="workflow")]


def _column(found: Found) -> list[Sentence]:
    known = [row for row in found["shift"] if row["distance"] is not None]
    if not known:
        return []
    top = max(known, key=lambda row: float(row["distance"]))
    text = (
        f"The column that itself differs most between the two is {named(top['name'])}, by "
        f"{two(top['distance'])} of at most 1 (Kolmogorov-Smirnov distance, or total variation of "
        "categories)."
    )
    return [Sentence(text, PAGE, "#shift", topic="workflow")]


def _few(found: Found) -> list[Sentence]:
    rows = found["sides"][1]["labelled"]
    if not 0 < rows < FEW:
        return []
    text = f"Only {counted(rows, 'row')} of the second dataset have a label: its scores are rough."
    return [Sentence(text, PAGE, "#performance", "warn")]


def importance(found: Found, slug: str) -> Mapping[str, Any]:
    """Return one of the importances: "shapley", "loss" or "permutation"; the first if unknown."""
    known = {one["slug"]: one for one in found["importances"]}
    one: Mapping[str, Any] = known.get(slug) or found["importances"][0]
    return one


def draw_performance(found: Found, _results: Results, _query: Mapping[str, str]) -> dict[str, Any]:
    """Draw every measure of like scale on both datasets."""
    lines = [line for line in found["performance"] if line["slug"] in SHARES | {"r2"}]
    scale = 1 if found["problem"] == "regression" else 100
    series = [
        Series(
            title,
            role,
            _ends(lines, side, "value") * scale,
            _ends(lines, side, "low") * scale,
            _ends(lines, side, "high") * scale,
            symbol=at,
        )
        for at, (side, title, role) in enumerate(
            (("first", "First dataset", "accent"), ("second", "Second dataset", "warn"))
        )
    ]
    names = [line["title"] for line in lines]
    finding = _performance(found)[0].text
    return ranges.draw(names, series, "%" if scale == 100 else "R²", finding)


def _ends(lines: list[Mapping[str, Any]], side: str, end: str) -> np.ndarray:
    return np.array([_number(line[side][end]) for line in lines])


def _number(value: float | None) -> float:
    return np.nan if value is None else float(value)


def draw_importance(found: Found, _results: Results, query: Mapping[str, str]) -> dict[str, Any]:
    """Draw an importance on both datasets, the strongest on either first."""
    one = importance(found, query.get("kind", ""))
    ends = {
        side: [np.array([_number(v) for v in one[side][end]]) for end in ("value", "low", "high")]
        for side in ("first", "second")
    }
    size = np.maximum(*(np.abs(np.nan_to_num(ends[side][0])) for side in ends))
    order = np.argsort(-size, kind="stable")[:SHOWN]
    names = [found["features"][at] for at in order]
    first, second = ([end[order] for end in ends[side]] for side in ("first", "second"))
    series = [
        Series("First dataset", "accent", first[0], first[1], first[2]),
        Series("Second dataset", "warn", second[0], second[1], second[2], symbol=1),
    ]
    tau = one["alike"]["kendall"]["value"]
    finding = f"{one['title']} on both datasets: Kendall τ-b {two(tau) if tau else 'undefined'}."
    return ranges.draw(names, series, one["title"], finding, marks=[0])


def draw_shift(found: Found, _results: Results, _query: Mapping[str, str]) -> dict[str, Any]:
    """Draw how far each column itself moved."""
    rows = sorted(found["shift"], key=lambda row: -_number(row["distance"] or 0))[:SHOWN]
    distance = Series("Distance", "accent", np.array([_number(row["distance"]) for row in rows]))
    names = [row["name"] for row in rows]
    return ranges.draw(names, [distance], "distance, 0 to 1", _column(found)[0].text, marks=[0])


FIGURES = {"performance": draw_performance, "importance": draw_importance, "shift": draw_shift}


def shown(found: Found, _results: Results, _query: Mapping[str, str]) -> dict[str, Any]:
    """Return the tables of the page."""
    lines = [
        {
            "title": line["title"],
            **{side: _cell(line, side) for side in ("first", "second")},
            "change": _apart(line["slug"], line["change"]["value"]),
            "ends": f"{_apart(line['slug'], line['change']['low'])} to "
            f"{_apart(line['slug'], line['change']['high'])}",
        }
        for line in found["performance"]
    ]
    alike = [
        {
            "slug": one["slug"],
            "title": one["title"],
            "cells": [_agreement(one["alike"][measure]) for measure in one["alike"]],
            "itself": [_agreement(one["itself"][m]) for m in one["alike"]] if one["itself"] else [],
        }
        for one in found["importances"]
    ]
    return {"lines": lines, "alike": alike, "most": SHOWN}


def _cell(line: Mapping[str, Any], side: str) -> dict[str, str]:
    one, slug = line[side], line["slug"]
    ends = [shown_as(slug, one[end]) for end in ("low", "high") if one[end] is not None]
    value = "–" if one["value"] is None else shown_as(slug, one["value"])
    return {"value": value, "ends": " to ".join(ends)}


def _agreement(one: Mapping[str, float | None]) -> dict[str, str]:
    value, low, high = one["value"], one.get("low"), one.get("high")
    known = low is not None and high is not None
    return {
        "value": "–" if value is None else two(value),
        "ends": f"{two(float(low or 0))} to {two(float(high or 0))}" if known else "",
    }


def written(found: Found, results: Results) -> Html:
    """Return the section of the report."""
    page = shown(found, results, {})
    lines: list[list[str | Html]] = [
        [
            line["title"],
            *(f"{line[side]['value']} ({line[side]['ends']})" for side in ("first", "second")),
            f"{line['change']} ({line['ends']})",
        ]
        for line in page["lines"]
    ]
    one = importance(found, "shapley")
    order = np.argsort(-np.array(one["first"]["value"], dtype=float), kind="stable")[:SHOWN]
    rows: list[list[str | Html]] = [
        [plain(found["features"][at]), *(number(one[s]["value"][at]) for s in ("first", "second"))]
        for at in order
    ]
    second = (results.manifest.get("external") or {}).get("name", "the second dataset")
    heads = ("Measure", "First dataset", "Second dataset", "Difference")
    return join(
        tag("h3", "On other data: ", tag("bdi", second)),
        table("Performance", heads, lines) if lines else None,
        tag("h3", "Mean |Shapley value| on both"),
        table("Importances", ("Feature", "First dataset", "Second dataset"), rows),
    )
