"""Sentences about what an image classifier relies on: its concepts, and few places or many."""

from __future__ import annotations

from collections import Counter
from urllib.parse import urlencode

import numpy as np

from xai.evaluation.agreement import CONTROL
from xai.evaluation.intervals import mean_interval
from xai.evaluation.players import pool
from xai.reports import concepts
from xai.reports.method import MethodResult
from xai.reports.phrasing import between, counted, listed, named, number, percent
from xai.reports.results import Results
from xai.reports.sentence import Sentence
from xai.vocabulary import Floats, Json

CLASSES, TOP = 3, 3
SIDE, PLACES = 7, 5
"""A picture is looked at in 49 squares; its strongest five hold 10 % of the area."""


def reliance(results: Results) -> list[Sentence]:
    """Say which concepts speak for each class, and on how few places the values concentrate."""
    method = _leading(results)
    return [*_concepts(results), *([] if method is None else _places(method))]


def _leading(results: Results) -> MethodResult | None:
    found = [m for m in results.local_methods() if m.is_ragged and m.family != CONTROL]
    first = next((m for m in found if m.slug == "shapley"), None)
    return first or next(iter(found), None)


def _concepts(results: Results) -> list[Sentence]:
    method = concepts.method_of(results)
    if method is None:
        return []
    pictures = Counter(results.predictions.predicted)
    known = concepts.classes_of(method)
    chosen = sorted(known, key=lambda name: -pictures[name])[:CLASSES]
    return [said for name in chosen if (said := _of_class(method, name))]


def _of_class(method: MethodResult, name: str) -> Sentence | None:
    found = [one for one in concepts.top_of(method, name) if one["importance"] > 0][:TOP]
    if not found:
        return None
    shown = listed([_concept(one) for one in found])
    text = (
        f"By {method.title}, what speaks most for {named(name)} is {shown}. In brackets: by how "
        "much the class's score rests on the concept, with 95 % interval; the page shows it."
    )
    return Sentence(text, "concepts", f"?{urlencode({'target': name})}", topic="relies")


def _concept(one: Json) -> str:
    low, high = one.get("low"), one.get("high")
    ends = "" if low is None or high is None else f", {number(low)} to {number(high)}"
    # As the page and the report call it: numbered within its class.
    name = str(one["name"])
    return f"{name[:1].lower()}{name[1:]} ({number(one['importance'])}{ends})"


def _places(method: MethodResult) -> list[Sentence]:
    """Say what share of all attribution the strongest tenth of a picture holds."""
    ragged = method.ragged
    shares = [
        share
        for at in range(len(ragged))
        if (share := _concentration(ragged.values(at).astype(np.float64), ragged.shape(at)))
        is not None
    ]
    if not shares:
        return []
    mean, low, high = (each[0] for each in mean_interval(np.array([shares]), 0))
    text = (
        f"By {method.title}, the strongest {PLACES} of {SIDE * SIDE} places of a picture hold "
        f"{percent(mean)} of all attribution ({between(low, high, 'percent')}, "
        f"{counted(len(shares), 'picture')}); spread evenly they would hold "
        f"{percent(PLACES / SIDE**2)}."
    )
    return [Sentence(text, "compare", topic="relies")]


def _concentration(values: Floats, shape: tuple[int, ...]) -> float | None:
    height, width = int(shape[0]), int(shape[1])
    size = np.abs(pool(values, (height, width), (min(SIDE, height), min(SIDE, width))))
    if len(size) != SIDE * SIDE or not size.sum() > 0:
        return None
    return float(np.sort(size)[::-1][:PLACES].sum() / size.sum())
