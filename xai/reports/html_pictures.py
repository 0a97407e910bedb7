"""The report on an image classifier: single pictures with a map per method."""

from __future__ import annotations

from xai.figures.overlay import png
from xai.figures.parts import number
from xai.reports.gallery import Map, maps
from xai.reports.html_lanes import method_name
from xai.reports.markup import Html, tag
from xai.reports.results import Results


def sample(results: Results, row: int) -> Html:
    """Return one picture as the model gets it, and one map per method over it."""
    facts = results.samples[row]
    address = f"data:image/jpeg;base64,{facts['jpeg']}"
    first = tag(
        "figure",
        tag("div", tag("img", src=address, alt=f"What the model gets of {facts['name']}")),
        tag("figcaption", "What the model gets: ", tag("bdi", str(facts["name"]))),
    )
    layers = [_layer(one, address) for one in maps(results, row, own_scale=True)]
    return tag("div", first, layers, class_="layers")


def _layer(one: Map, address: str) -> Html:
    painted = png(one.values, one.shape, one.end, is_signed=one.is_signed)
    scale = f"±{number(one.end)}" if one.is_signed else f"0 to {number(one.end)}"
    notes = [f"{scale} a point", one.unit, "control" if one.is_control else "", one.note]
    return tag(
        "figure",
        tag(
            "div",
            tag("img", src=address, alt=""),
            tag("img", src=f"data:image/png;base64,{painted}", alt=f"Map of {one.title}"),
        ),
        tag(
            "figcaption",
            method_name(one.slug, one.title),
            tag("small", ", ".join(note for note in notes if note), class_="quiet"),
        ),
    )
