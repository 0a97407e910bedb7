from __future__ import annotations

import base64
import json

import numpy as np
import pytest
from scipy.cluster.hierarchy import linkage

from xai.figures import beeswarm, bump, dendrogram, dependence, distribution, matrix, waterfall

EVIL = "<img src=x onerror=alert(1)>"
NAN = float("nan")


def unpack(found):
    return np.frombuffer(base64.b64decode(found["bdata"]), dtype="<f4")


def swarm(n, d=3):
    random = np.random.default_rng(0)
    values = random.normal(size=(n, d)) * np.arange(1, d + 1)
    return beeswarm.draw([EVIL, "b", "c"][:d], values, random.normal(size=(n, d)), "margin")


def every_figure():
    values, column = np.array([0.5, -1.0, 0.2]), dependence.Column(EVIL, np.array([1.0, 2, 3]))
    links = linkage(np.array([[0.0], [0.1], [5.0]]), "complete")
    return {
        "beeswarm": swarm(20),
        "bump": bump.draw(["m", EVIL], [EVIL, "b"], np.array([[1.0, 2], [2, 1]])),
        "dependence": dependence.draw(column, values, column, "margin"),
        "distribution": distribution.draw(values, "τ", (-1, 1), (0.1, 0.0, 0.2)),
        "waterfall": waterfall.draw([EVIL, "b", "c"], ["1", "2", ""], values, 0.3, "margin"),
        "dendrogram": dendrogram.draw([EVIL, "b", "c"], links, 1.0, "1 − |ρ|"),
    }


@pytest.mark.parametrize("name", every_figure())
def test_every_figure_is_json_without_colours_or_markup(name):
    found = every_figure()[name]
    drawn = json.dumps({"data": found["data"], "layout": found["layout"]}, allow_nan=False)
    assert "<img" not in drawn
    assert "#" not in drawn
    assert "scattergl" not in drawn
    assert found["finding"].endswith(".")
    assert found["table"]["rows"]


def test_signs_that_turn_text_around_are_in_no_sentence_and_no_table():
    found = waterfall.draw(["a\u202eb"], ["1"], np.array([1.0]), 0.0, "margin")
    assert "\u202e" not in json.dumps(found, ensure_ascii=False)


def test_a_large_beeswarm_is_binned():
    small, large = swarm(200), swarm(10_000)
    assert len(unpack(small["data"][0]["x"])) == 600
    assert len(unpack(large["data"][0]["x"])) <= 3 * beeswarm.BINS
    assert len(json.dumps(large)) < 40_000


def test_binned_points_keep_every_sample():
    values = np.linspace(-1, 1, 5000)
    x, _, _, size = beeswarm._binned(values, values)
    assert len(x) == beeswarm.BINS
    assert abs(x.mean()) < 1e-9
    assert size.max() == beeswarm.LARGEST


def test_features_without_an_order_are_drawn_apart():
    values, colours = np.ones((4, 2)) * [[1], [2], [3], [4]], np.full((4, 2), NAN)
    colours[:, 0] = [1, 2, 3, 4]
    traces = beeswarm.draw(["a", "b"], values, colours, "margin")["data"]
    assert ["coloraxis" in trace["marker"] for trace in traces] == [True, False]


def test_a_beeswarm_of_nothing_says_so():
    assert beeswarm.draw([], np.zeros((0, 0)), np.zeros((0, 0)), "margin")["data"] == []


def test_a_bump_chart_names_the_feature_that_moves_most():
    places = np.array([[1.0, 2, 3], [3, 1, 2]])
    found = bump.draw(["one", "two"], ["a", "b", "c"], places)
    assert found["finding"] == "a moves most: place 1 by one, place 3 by two."


def test_a_bump_chart_leaves_out_what_a_method_does_not_rank():
    found = bump.draw(["one", "two"], ["a", "b"], np.array([[1.0, 2], [NAN, 1]]))
    assert None in found["data"][1]["y"] or None in found["data"][0]["y"]
    assert len(found["layout"]["yaxis2"]["ticktext"]) == 1


def test_dependence_of_a_category_names_its_categories():
    column = dependence.Column("job", np.array([0.0, 1.0, 1.0, NAN]), ("Private", EVIL))
    found = dependence.draw(column, np.array([1.0, -1.0, -3.0, 9.0]), None, "margin")
    assert found["table"]["rows"] == [["Private", "1.00", "1"], [EVIL, "−2.00", "2"]]
    assert "Left out for want of a value: 1." in found["finding"]
    assert found["layout"]["xaxis"]["ticktext"][0] == "Private"


def test_dependence_of_many_samples_is_a_grid():
    x = np.random.default_rng(0).normal(size=20_000)
    column = dependence.Column("x", x)
    found = dependence.draw(column, x**2, column, "margin")
    assert int(unpack(found["data"][0]["customdata"]).sum()) == 20_000
    assert len(json.dumps(found)) < 60_000


def test_dependence_without_any_value_says_so():
    column = dependence.Column("x", np.array([NAN]))
    assert dependence.draw(column, np.array([1.0]), None, "margin")["data"] == []


def test_a_waterfall_ends_at_base_plus_sum():
    values = np.arange(1.0, 31.0)
    names = [f"name of {i} that is long" for i in range(30)]
    found = waterfall.draw(names, ["value"] * 30, values, -5.0, "margin")
    amounts = found["data"][0]["x"]
    assert amounts[-1] == pytest.approx(-5 + values.sum())
    assert sum(amounts[1:-1]) == pytest.approx(values.sum())
    assert "16 others" in found["data"][0]["hovertext"]
    assert found["layout"]["yaxis"]["ticktext"][1] == "name of 29 that i… = value"


def test_undefined_values_are_counted():
    found = distribution.draw(np.array([0.1, NAN, 0.3]), "τ", (-1.0, 1.0))
    assert "Undefined for 1." in found["finding"]
    assert sum(found["data"][0]["y"]) == 2
    assert distribution.draw(np.array([NAN]), "τ", (-1.0, 1.0))["data"] == []


def test_a_dendrogram_counts_its_groups():
    links = linkage(np.array([[0.0], [0.1], [5.0]]), "complete")
    found = dendrogram.draw(["a", "b", "c"], links, 1.0, "distance")
    assert "3 features become 2 groups; the closest are a + b." in found["finding"]


def test_a_matrix_reads_pairs_in_both_directions():
    pair = {"a": "x", "b": "y", "mean": 0.5, "low": 0.4, "high": None, "samples": 9, "undefined": 1}
    table = matrix.draw(["x", "y"], ["x", "y"], [pair], 1.0)
    assert table[0][1].mean == table[1][0].mean == "0.50"
    assert table[0][1].step == 3
    assert table[0][1].interval == ""
    assert table[0][1].undefined == 1
    assert table[0][0].mean == "–"


def test_an_undefined_mean_has_no_tint():
    pair = {"a": "x", "b": "y", "mean": None, "low": None, "high": None, "samples": 0,
            "undefined": 7}  # fmt: skip
    assert matrix.draw(["x"], ["y"], [pair], 1.0)[0][0].step == 0
