"""One text and the methods side by side: what the address says, and what the page shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from xai.figures.parts import number, signed
from xai.figures.tokens import folded
from xai.reports.passages import Choices, Passage, Strand, passage
from xai.reports.results import Results
from xai.web import comparison

UNITS = ("word", "token", "sentence")
LONG = 90
"""Pieces above which a text begins folded around those that matter."""


@dataclass(frozen=True, slots=True)
class State:
    """Everything the address bar holds: two equal addresses show the same page.

    Attributes
    ----------
    unit : "word", "token" or "sentence"
    by : "row" or "dispute"
        In which order previous and next go.
    output, until : int
        The first and the last generated token whose causes are shown; 0 for a classifier.
    """

    sample: int
    unit: str = "word"
    scale: str = "shared"
    special: bool = False
    all: bool = False
    by: str = "row"
    wrong: bool = False
    output: int = 0
    until: int = 0

    def address(self, **changes: Any) -> str:
        """Return the query of this state with changes; what is as usual is left out."""
        changed, usual = replace(self, **changes), State(-1)
        chosen = {
            name: int(value) if isinstance(value, bool) else value
            for name in self.__slots__
            if (value := getattr(changed, name)) != getattr(usual, name)
        }
        if changed.until == changed.output:
            chosen.pop("until", None)
        return f"?{urlencode(chosen)}"


def read(query: Mapping[str, str], results: Results) -> tuple[State, str]:
    """Return the state that an address asks for, and a sentence if it cannot be had as it is."""
    base, notice = comparison.read(query, results)
    facts = results.samples[base.sample]
    last = max(0, len(facts.get("outputs", ())) - 1)
    output = min(_whole(query.get("output", "")), last)
    until = min(max(output, _whole(query.get("until", ""))), last)
    return State(
        sample=base.sample,
        unit=unit if (unit := query.get("unit", "")) in UNITS else "word",
        scale=base.scale,
        special=query.get("special") in {"1", "on"},
        all=base.all,
        by=base.by,
        wrong=base.wrong,
        output=output,
        until=until,
    ), notice


def side_by_side(results: Results, state: State) -> dict[str, Any]:
    """Return the text, its strands and the stretches shown of it."""
    choices = Choices(
        by_token=state.unit == "token",
        by_sentence=state.unit == "sentence",
        with_special=state.special,
        own_scale=state.scale == "own",
    )
    found = passage(results, state.sample, choices, (state.output, state.until + 1))
    count = len(found.pieces)
    is_long = count > LONG
    is_folded = is_long and not state.all
    shared = next((strand.end for strand in found.strands if strand.is_shared), None)
    return {
        "passage": found,
        "strands": [(strand, _sum(strand)) for strand in found.strands],
        "runs": folded(found.matters(), count) if is_folded else [(0, count)],
        "is_long": is_long,
        "is_folded": is_folded,
        "count": count,
        "shared_scale": None if shared is None else f"±{number(shared)}",
        "has_dispute": sum(strand.votes for strand in found.strands) > 1,
        "disputed": most_disputed(found),
        "sample_text": results.samples[state.sample],
        "editable": _editable(results.samples[state.sample]),
        "asides": [
            (method.title, words)
            for method in results.local_methods()
            if (words := method.notes.get("replacements"))
        ],
    }


def _editable(facts: Mapping[str, Any]) -> str:
    """Return what a person may edit: the text, or the prompt without what was written."""
    text = str(facts["text"])
    count = int(facts.get("prompt_units") or 0)
    span = facts["spans"][count - 1] if count and facts.get("spans") else None
    return text[: span[1]] if span else text


def _whole(text: str) -> int:
    return int(text) if text.isdigit() and len(text) < 6 else 0


def most_disputed(found: Passage, most: int = 3) -> list[dict[str, Any]]:
    """Return the pieces on which the methods differ most, with the places they give."""
    order = sorted(range(len(found.pieces)), key=lambda i: -found.dispute[i])
    rows = []
    for place in order[:most]:
        ranked = [(s.title, int(s.places[place])) for s in found.strands if s.votes]
        if len(ranked) > 1 and found.dispute[place] > 0:
            best, worst = min(ranked, key=lambda r: r[1]), max(ranked, key=lambda r: r[1])
            rows.append({"text": found.pieces[place].text, "best": best, "worst": worst})
    return rows


def _sum(strand: Strand) -> str:
    """Say in one line how the values relate to the output."""
    if strand.line:
        return strand.line if strand.is_signed else f"unsigned; {strand.line}"
    if not strand.is_signed:
        return "unsigned"
    if strand.base is None:
        return f"sum {signed(strand.total)}"
    line = f"{number(strand.base)} {signed(strand.total)} = {number(strand.base + strand.total)}"
    return line if strand.gap is None else f"{line}, left over {number(strand.gap)}"
