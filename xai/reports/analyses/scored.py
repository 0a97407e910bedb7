"""Scores of analyses in words: accuracies in percent, R² with two decimals, and their distance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from xai.reports.html_lanes import scroll
from xai.reports.markup import Html, tag
from xai.reports.phrasing import between, percent, two

Found = Mapping[str, Any]


def score(value: float, found: Found) -> str:
    """Return an accuracy in percent, or R² with two decimals."""
    return percent(value) if found["score"] == "accuracy" else f"R² {two(value)}"


def points(value: float, found: Found) -> str:
    """Return a difference of two scores: in percentage points, or of R²."""
    if found["score"] != "accuracy":
        return two(value)
    return f"{round(100 * value, 1) + 0.0:.1f}".replace("-", "−")


def unit(found: Found) -> str:
    """Return what a difference is counted in."""
    return "percentage points" if found["score"] == "accuracy" else "of R²"


def interval(bounded: Mapping[str, float], found: Found) -> str:
    """Return "95 % interval …" of a score."""
    form = "percent" if found["score"] == "accuracy" else "two"
    return between(bounded["low"], bounded["high"], form)


def scale(found: Found) -> int:
    """Return by what a score is multiplied in a figure."""
    return 100 if found["score"] == "accuracy" else 1


def low(text: str) -> str:
    """Return text that begins small, to stand inside a sentence."""
    return text[0].lower() + text[1:]


def table(name: str, heads: Sequence[str], rows: Sequence[Sequence[str | Html]]) -> Html:
    """Return a table of the report: the first cell of a row names it."""
    head = tag("thead", tag("tr", [tag("th", word, scope="col") for word in heads]))
    lines = [
        tag("tr", tag("th", first, scope="row"), [tag("td", cell) for cell in rest])
        for first, *rest in rows
    ]
    return scroll(name, tag("table", head, tag("tbody", lines), class_="plain"))
