"""The figure of the strategic cluster graph: what is outlined, faint, crossed and named."""

from __future__ import annotations

import base64

import numpy as np
import pytest

from xai.figures.clusters import Graph, Outlined, Points, draw, draw_units


def opened(packed):
    return np.frombuffer(base64.b64decode(packed["bdata"]), dtype="<f4")


def points(**changes):
    given = {
        "samples": np.arange(6) + 10,
        "places": np.array([[0, 0], [1, 0], [0, 1], [5, 5], [6, 5], [5, 6]], dtype=float),
        "cluster": np.repeat([0, 1], 3),
        "dominant": ["wings", "wings", "legs", "mark", "mark", ""],
        "purity": np.array([0.5, 1, 0.2, 0.9, 0.9, 0]),
        "correct": np.array([1, np.nan, 1, 0, 0, 1]),
    }
    return Points(**given | changes)


GRAPH = Graph(
    clusters=[
        Outlined(0, "wings", 3, 1.0, False, np.array([[0, 0], [1, 0], [0, 1.0]]), "wings, legs"),
        Outlined(1, "<b>mark</b>", 3, 1 / 3, True, np.array([[5, 5], [6, 5], [5, 6.0]]), "mark"),
    ],
    edges=[(0, 1, 0.25)],
    coloured=["wings", "mark"],
)


def traces(figure):
    return {trace["name"]: trace for trace in figure["data"] if "name" in trace}


def test_a_unit_with_a_colour_is_a_trace_and_the_others_are_grey():
    found = traces(draw(points(), GRAPH))
    assert list(found) == ["wings", "mark", "other"]
    assert found["other"]["meta"]["paint"] == {"marker.color": "muted"}
    assert found["wings"]["customdata"] == [[0, 10], [0, 11]]


def test_a_wrong_prediction_is_a_cross_and_an_unknown_one_is_not():
    found = traces(draw(points(), GRAPH))
    assert found["mark"]["marker"]["symbol"] == ["x", "x"]
    assert found["wings"]["marker"]["symbol"] == ["circle", "circle"]
    assert "wrong" in found["mark"]["text"][0]


def test_what_is_not_chosen_is_faint():
    chosen = np.array([True, False, False, False, False, False])
    light = opened(traces(draw(points(chosen=chosen), GRAPH))["wings"]["marker"]["opacity"])
    assert light == pytest.approx([0.85, 0.15])


def test_a_purer_decision_is_larger():
    size = opened(traces(draw(points(), GRAPH))["wings"]["marker"]["size"])
    assert size[1] > size[0]


def test_the_flagged_cluster_is_dashed_named_and_said():
    figure = draw(points(), GRAPH)
    outlines = [trace for trace in figure["data"] if trace.get("fill")]
    assert [trace["line"]["dash"] for trace in outlines] == ["solid", "dash"]
    assert figure["layout"]["annotations"][1]["text"] == "&lt;b&gt;mark&lt;/b&gt;, mostly wrong"
    assert "Mostly wrong: <b>mark</b>." in figure["finding"]


def test_an_edge_joins_the_centres():
    (edge,) = [trace for trace in draw(points(), GRAPH)["data"] if trace["mode"] == "lines"
               and not trace.get("fill")]  # fmt: skip
    assert edge["x"] == pytest.approx([1 / 3, 16 / 3])


def test_units_that_act_more_are_larger_and_the_first_ones_named():
    names = [f"unit {i}" for i in range(40)]
    figure = draw_units(names, np.zeros((40, 2)), np.arange(40.0))
    assert sum(bool(text) for text in figure["data"][0]["text"]) == 15
    assert figure["table"]["rows"][0][0] == "unit 39"
    assert "unit 39 acts most" in figure["finding"]
