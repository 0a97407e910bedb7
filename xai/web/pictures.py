"""One picture and the methods side by side: what the address says, and what the page shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from xai.figures.overlay import quantise
from xai.figures.parts import number, signed
from xai.reports.gallery import Map, maps
from xai.reports.results import Results
from xai.web import comparison

PAGE = 60
"""Pictures on one page of the gallery."""


@dataclass(frozen=True, slots=True)
class State:
    """Everything the address bar holds: two equal addresses show the same page."""

    sample: int
    scale: str = "own"
    by: str = "row"
    wrong: bool = False

    def address(self, **changes: Any) -> str:
        """Return the query of this state with changes; what is as usual is left out."""
        changed, usual = replace(self, **changes), State(-1)
        chosen = {
            name: int(value) if isinstance(value, bool) else value
            for name in self.__slots__
            if (value := getattr(changed, name)) != getattr(usual, name)
        }
        return f"?{urlencode(chosen)}"


def read(query: Mapping[str, str], results: Results) -> tuple[State, str]:
    """Return the state that an address asks for, and a sentence if it cannot be had as it is."""
    base, notice = comparison.read(query, results)
    scale = "shared" if query.get("scale") == "shared" else "own"
    return State(sample=base.sample, scale=scale, by=base.by, wrong=base.wrong), notice


def side_by_side(results: Results, state: State) -> dict[str, Any]:
    """Return the picture and one overlay per method."""
    found = maps(results, state.sample, own_scale=state.scale == "own")
    facts = results.samples[state.sample]
    return {
        "picture": facts,
        "layers": [
            {"map": one, "overlay": quantise(one.values, one.shape, one.end), "line": _line(one)}
            for one in found
        ],
    }


def gallery(results: Results, page: str, *, wrong: bool) -> dict[str, Any]:
    """Return one page of the explained pictures with what the model says of them."""
    found = results.predictions
    rows = [
        {
            "sample": int(sample),
            "picture": results.samples[int(sample)],
            "target": found.targets[at],
            "predicted": found.predicted[at],
            "label": found.labels[at],
            "correct": found.correct[at],
            "probability": None if found.probabilities is None else float(found.probabilities[at]),
        }
        for at, sample in enumerate(found.samples)
        if not wrong or found.correct[at] is False
    ]
    last = max(1, -(-len(rows) // PAGE))
    at = min(max(int(page), 1), last) if page.isdigit() and len(page) < 9 else 1
    return {
        "cards": rows[(at - 1) * PAGE : at * PAGE], "count": len(rows), "page": at, "pages": last,
        "wrong": wrong, "has_wrong": any(correct is False for correct in found.correct),
    }  # fmt: skip


def _line(one: Map) -> str:
    scale = f"±{number(one.end)}" if one.is_signed else f"0 to {number(one.end)}"
    if not one.is_signed:
        return f"{scale}, unsigned"
    if one.base is None:
        return f"{scale} a point, sum {signed(one.total)}"
    line = f"{number(one.base)} {signed(one.total)} = {number(one.base + one.total)}"
    return f"{scale} a point; {line}" if one.gap is None else (
        f"{scale} a point; {line}, left over {number(one.gap)}"
    )  # fmt: skip
