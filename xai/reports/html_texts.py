"""The report on a text classifier: words over all texts, and single texts in colours."""

from __future__ import annotations

from collections import Counter

import numpy as np

from xai.figures.parts import number, signed
from xai.figures.tokens import folded
from xai.reports import coloured
from xai.reports.html_lanes import method_name, scroll
from xai.reports.lexicon import Filter, Lexicon, Words, lexicon
from xai.reports.markup import Html, join, name, tag
from xai.reports.passages import Choices, Passage, Strand, passage
from xai.reports.phrasing import counted
from xai.reports.results import Results
from xai.reports.room import Room

TOP = 10
CLASSES = 6
LONG = 120


def words(results: Results) -> Html:
    """Return the strongest words of every method, class by class."""
    if not any(method.is_ragged for method in results.local_methods()):
        return Html()
    targets = Counter(results.predictions.targets).most_common()
    parts = [_of_target(results, target, rows) for target, rows in targets[:CLASSES]]
    left = len(targets) - CLASSES
    note = tag("p", f"{counted(left, 'class', 'classes')} more not shown.") if left > 0 else None
    return join(*parts, note)


def sample(results: Results, row: int, room: Room) -> Html:
    """Return one text in the colours of every method."""
    written = results.samples[row].get("outputs", ())
    found = passage(results, row, Choices(), (0, max(1, len(written))))
    count = len(found.pieces)
    runs = folded(found.matters(room.words), count) if count > LONG else [(0, count)]
    lines = [_line(found, strand, runs) for strand in found.strands]
    votes = sum(strand.votes for strand in found.strands)
    if votes > 1:
        lines.append(
            tag(
                "div",
                tag("h4", "Dispute"),
                tag("p", coloured.dispute(found, runs)),
                class_="strand",
            )
        )
    return tag("div", lines, class_="strands")


def _line(found: Passage, strand: Strand, runs: coloured.Runs) -> Html:
    scale = f"±{number(strand.end)}" if strand.is_signed else f"0 to {number(strand.end)}"
    notes = [scale, strand.unit, strand.note, "control" if strand.is_control else ""]
    head = tag(
        "h4",
        method_name(strand.slug, strand.title),
        Html(" "),
        tag("small", ", ".join(note for note in notes if note), class_="quiet"),
    )
    return tag("div", head, tag("p", coloured.words(found, strand, runs)), class_="strand")


def _of_target(results: Results, target: str, rows: int) -> Html:
    found = lexicon(results, Filter(target=target))
    shown = [one for one in found.methods if not one.is_control]
    heads = [tag("th", method_name(one.slug, one.title), scope="col") for one in shown]
    columns = [_strongest(found, one) for one in shown]
    deepest = max((len(column) for column in columns), default=0)
    lines = [
        tag("tr", [column[i] if i < len(column) else tag("td") for column in columns])
        for i in range(deepest)
    ]
    table = tag("table", tag("thead", tag("tr", heads)), tag("tbody", lines), class_="plain")
    return join(
        tag("h3", "Words for ", name(target)),
        tag("p", f"Mean attribution over all places of a word in {counted(rows, 'text')}; how "
            "often it stands there in brackets.", class_="quiet"),
        scroll(f"Words for {target}", table),
    )  # fmt: skip


def _strongest(found: Lexicon, one: Words) -> list[Html]:
    order = np.argsort(-np.nan_to_num(one.size, nan=-1.0), kind="stable")[:TOP]
    values = one.mean if one.is_signed else one.size
    show = signed if one.is_signed else number
    return [
        tag("td", name(found.words[i]), f" {show(float(values[i]))} ({found.counts[i]})")
        for i in order
        if np.isfinite(one.size[i])
    ]
