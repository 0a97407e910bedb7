"""The overview in numbers: how good the model is here, how far methods agree, what it cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from xai.evaluation.agreement import RANDOM
from xai.reports import performance, words
from xai.reports.phrasing import between, counted, number, percent, two
from xai.reports.results import Results
from xai.reports.sentence import Sentence

LIMITS = {"caution", "notes"}
Groups = list[tuple[str, list[Sentence]]]


@dataclass(frozen=True, slots=True)
class Tile:
    """One number with what it means; `page` is where it comes from."""

    title: str
    value: str
    meaning: str
    page: str


def tiles(results: Results) -> list[Tile]:
    """Return the numbers at the top of the overview that can be had so far."""
    found = [_performance(results), _agreement(results), _cost(results)]
    return [tile for tile in found if tile]


def said(results: Results) -> dict[str, Groups]:
    """Return the sentences by topic: what was found, and what not to conclude."""
    sentences = words.sentences(results)
    groups = {
        topic: (title, [sentence for sentence in sentences if sentence.topic == topic])
        for topic, title in words.TITLES.items()
    }
    found = {topic: group for topic, group in groups.items() if group[1]}
    cautions = [group for topic, group in found.items() if topic in LIMITS]
    findings = [group for topic, group in found.items() if topic not in LIMITS]
    return {"findings": findings, "cautions": cautions}


def _performance(results: Results) -> Tile | None:
    if results.problem == "regression":
        return _error(results)
    found = performance.accuracy(results)
    if found is None:
        return None
    meaning = f"of {found.labelled:,} labelled rows; {between(found.low, found.high, 'percent')}"
    return Tile("Right predictions", percent(found.share), meaning, "compare")


def _error(results: Results) -> Tile | None:
    found = performance.fit(results)
    if found is None:
        return None
    meaning = f"over {found.labelled:,} labelled rows; always saying their median would give "
    meaning += number(found.error_of_median)
    return Tile("Mean absolute error", number(found.error), meaning, "compare")


def _agreement(results: Results) -> Tile | None:
    if not results.agreement:
        return None
    found = results.agreement
    if found["tau"]["mean"] is None:
        return None
    tau = found["tau"]
    random = [
        pair["mean"]
        for pair in found["pairs"]
        if pair["measure"] == found["default"] and pair["a"] == RANDOM and pair["mean"] is not None
    ]
    meaning = f"mean Kendall τ-b of {counted(len(found['methods']), 'method')}; "
    meaning += between(tau["low"], tau["high"], "two")
    if random:
        meaning += f"; a random order reaches {two(float(np.mean(random)))}"
    return Tile("Agreement", two(tau["mean"]), meaning, "agreement")


def _cost(results: Results) -> Tile:
    total = sum(method.evaluations for method in results.methods)
    rows, methods = len(results.predictions.samples), len(results.methods)
    meaning = f"by {counted(methods, 'method')}, with {counted(total, 'evaluation')} of the model"
    return Tile("Rows explained", f"{rows:,}", meaning, "global")


def costs(results: Results) -> list[dict[str, Any]]:
    """Return one line per method: what it is, what was set, what it cost."""
    return [
        {
            "slug": method.slug,
            "title": method.title,
            "family": method.family,
            "params": method.params,
            "seed": method.seed,
            "evaluations": method.evaluations,
            "seconds": method.seconds,
            "algorithm": method.notes.get("algorithm", ""),
        }
        for method in results.methods
    ]
