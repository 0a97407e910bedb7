"""The report on an image classifier: single pictures with a map per method."""

from __future__ import annotations

import base64

from xai.evaluation.players import pool
from xai.figures.overlay import png
from xai.figures.parts import number
from xai.reports.gallery import Map, maps
from xai.reports.html_lanes import method_name
from xai.reports.markup import Html, tag
from xai.reports.results import Results
from xai.reports.room import Room

_FRAMES = {0xC0, 0xC1, 0xC2}
"""Markers of a frame header: baseline, extended, progressive (ITU-T T.81, table B.1)."""


def sample(results: Results, row: int, room: Room) -> Html:
    """Return one picture as the model gets it, and one map per method over it.

    The picture is in the file once; every map is drawn over a reference to it.
    """
    facts, key = results.samples[row], f"picture-{row}"
    width, height = _size(base64.b64decode(facts["jpeg"]))
    box = f"0 0 {width} {height}"
    first = tag(
        "figure",
        tag(
            "div",
            tag(
                "svg",
                tag("image", href=f"data:image/jpeg;base64,{facts['jpeg']}", id=key,
                    width=width, height=height),
                viewBox=box, role="img",
                aria_label=f"What the model gets of {facts['name']}",
            ),
        ),
        tag("figcaption", "What the model gets: ", tag("bdi", str(facts["name"]))),
    )  # fmt: skip
    layers = [_layer(one, key, box, room) for one in maps(results, row, own_scale=True)]
    return tag("div", first, layers, class_="layers")


def _layer(one: Map, key: str, box: str, room: Room) -> Html:
    shape = room.grid(one.shape)
    points = one.shape[0] * one.shape[1] / (shape[0] * shape[1])
    # The mean of the points that a drawn point stands for: the scale stays the same.
    drawn = pool(one.values, one.shape, shape) / points
    painted = png(drawn, shape, one.end, is_signed=one.is_signed)
    scale = f"±{number(one.end)}" if one.is_signed else f"0 to {number(one.end)}"
    coarse = "" if shape == one.shape else f"drawn with {shape[0]} × {shape[1]} points"
    notes = [f"{scale} a point", one.unit, "control" if one.is_control else "", one.note, coarse]
    return tag(
        "figure",
        tag(
            "div",
            tag("svg", tag("use", href=f"#{key}"), viewBox=box, aria_hidden="true"),
            tag("img", src=f"data:image/png;base64,{painted}", alt=f"Map of {one.title}"),
        ),
        tag(
            "figcaption",
            method_name(one.slug, one.title),
            tag("small", ", ".join(note for note in notes if note), class_="quiet"),
        ),
    )  # fmt: skip


def _size(jpeg: bytes) -> tuple[int, int]:
    """Return width and height of a JPEG of ours: from the frame header among its segments."""
    at = 2
    while at + 9 < len(jpeg):
        marker, length = jpeg[at + 1], int.from_bytes(jpeg[at + 2 : at + 4], "big")
        if marker in _FRAMES:
            height, width = (int.from_bytes(jpeg[i : i + 2], "big") for i in (at + 5, at + 7))
            return width, height
        at += 2 + length
    return 1, 1
