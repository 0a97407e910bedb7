"""The report on attention heads: those that the score would miss most, and where they look."""

from __future__ import annotations

import numpy as np

from xai.figures.overlay import png
from xai.figures.parts import number, signed
from xai.reports import heads
from xai.reports.heads import HeadMaps
from xai.reports.html_lanes import scroll
from xai.reports.markup import Html, join, name, tag
from xai.reports.method import MethodResult
from xai.reports.phrasing import counted, percent
from xai.reports.results import Results
from xai.vocabulary import Floats

TOP = 12
"""Heads that are shown."""
SIDE = 48
"""Side of a map at most: of a longer text each cell shows the largest of several."""
WORDS = 8
"""Words beside a label's name."""


def found(results: Results) -> Html:
    """Return the heads whose absence moves the score most, and one text's maps of them."""
    method = heads.method_of(results)
    if method is None:
        return Html()
    samples = heads.samples_of(method)
    each = [heads.read(method, sample) for sample in samples]
    effect = None if any(one.effect is None for one in each) else _mean([_of(one) for one in each])
    spread = _mean([one.entropy for one in each])
    size = -np.abs(effect) if effect is not None else spread
    order = np.argsort(np.nan_to_num(size, nan=np.inf), axis=None, kind="stable")[:TOP]
    places = [tuple(map(int, np.unravel_index(at, size.shape))) for at in order]
    return join(
        tag("p", _intro(results, method, len(samples), size), class_="quiet"),
        scroll("Attention heads", _table(places, effect, spread)),
        tag("h3", "Where they look in row ", str(samples[0])),
        tag("p", tag("bdi", str(results.samples[samples[0]]["text"])[:300]), class_="quiet"),
        tag("div", [_figure(each[0], place) for place in places], class_="head-maps"),
        _labels(results, method, samples[0]),
    )


def _of(one: HeadMaps) -> Floats:
    assert one.effect is not None  # noqa: S101 - asked for before
    return one.effect


def _mean(each: list[Floats]) -> Floats:
    return np.asarray(np.mean(each, axis=0))


def _intro(results: Results, method: MethodResult, texts: int, size: Floats) -> str:
    order = (
        "the score would miss most"
        if method.notes.get("has_effect")
        else "look at fewest places; this architecture joins its heads where none could be left out"
    )
    most = (
        "100 % being all that a token sees up to itself"
        if method.notes.get("is_causal")
        else "100 % being all tokens alike"
    )
    return (
        f"The {min(TOP, size.size)} of {counted(size.size, 'head')} that {order}, over "
        f"{counted(texts, 'text')}. Effect: {results.unit} minus {results.unit} with the head left "
        f"out, mean over the texts. Entropy: how spread out a head looks, {most}. Attention says "
        "where a head looks, not what that does to the answer."
    )


def _table(places: list[tuple[int, ...]], effect: Floats | None, spread: Floats) -> Html:
    titles = ("Head", "Effect", "Entropy")
    lines = [
        tag(
            "tr",
            tag("th", _called(place), scope="row"),
            tag("td", "–" if effect is None else signed(float(effect[place])), class_="number"),
            tag("td", _percent(float(spread[place])), class_="number"),
        )
        for place in places
    ]
    head = tag("tr", [tag("th", title, scope="col") for title in titles])
    return tag("table", tag("thead", head), tag("tbody", lines), class_="plain narrow")


def _figure(one: HeadMaps, place: tuple[int, ...]) -> Html:
    drawn = heads.smaller(one.maps[place], SIDE)
    painted = png(drawn.ravel(), (len(drawn), len(drawn)), 1.0, is_signed=False)
    notes = f"entropy {_percent(float(one.entropy[place]))}"
    if one.effect is not None:
        notes = f"effect {signed(float(one.effect[place]))}, {notes}"
    image = f"data:image/png;base64,{painted}"
    return tag(
        "figure",
        tag("div", tag("img", src=image, alt=f"Attention of {_called(place)}")),
        tag("figcaption", _called(place), tag("small", notes, class_="quiet")),
    )


def _labels(results: Results, method: MethodResult, sample: int) -> Html | None:
    """Return the words of one text that are most like each label's name, or attended by it."""
    tokens = [str(token) for token in results.samples[sample]["tokens"]]
    tables = (
        (heads.labels_of(method, sample), "Words most like the names of the labels, by cosine"),
        (heads.attended_of(method, sample), "Words that each label attends to, by the model"),
    )
    parts = [
        join(tag("h3", title), [_line(label, tokens, v) for label, v in found.items()])
        for found, title in tables
        if found
    ]
    return join(parts) if parts else None


def _line(label: str, tokens: list[str], values: Floats) -> Html:
    order = np.argsort(-np.nan_to_num(values, nan=-np.inf), kind="stable")[:WORDS]
    words = [
        join("“", name(tokens[i]), f"” {number(float(values[i]))}  ")
        for i in order
        if np.isfinite(values[i])
    ]
    return tag("p", name(label), ": ", words)


def _called(place: tuple[int, ...]) -> str:
    return f"layer {place[0] + 1}, head {place[1] + 1}"


def _percent(share: float) -> str:
    return "–" if np.isnan(share) else percent(share)
