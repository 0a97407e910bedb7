"""Curves of faithfulness as a figure."""

from __future__ import annotations

from xai.figures.curves import Curve, draw

STEPS = (0.0, 0.5, 1.0)


def curve(title, *mean, **more):
    low, high = [m - 1 for m in mean], [m + 1 for m in mean]
    return Curve(title, "method-1", mean, low, high, **more)


def test_the_best_is_named_by_the_way_it_is_judged():
    lines = [curve("low", 3, 1, 0), curve("high", 3, 2, 0)]
    assert "low calls most important" in draw(STEPS, lines, "deletion", "x")["finding"]
    assert "high calls most important" in draw(STEPS, lines, "insertion", "x")["finding"]


def test_the_random_order_has_a_band_behind_the_lines():
    random = curve("Random", 3, 2, 0, is_reference=True, is_band=True)
    data = draw(STEPS, [curve("a", 3, 1, 0), random], "deletion", "x")["data"]
    assert [trace.get("fill") for trace in data] == ["toself", None, None]
    assert data[0]["y"] == [4, 3, 1, -1, 1, 2]
    assert [trace["line"]["dash"] for trace in data[1:]] == ["dash", "solid"]


def test_a_curve_that_is_undefined_is_not_drawn():
    gone = Curve("b", "method-2", (None, 1.0, None), (None,) * 3, (None,) * 3)
    found = draw(STEPS, [curve("a", 3, 1, 0), gone], "deletion", "x")
    assert found["table"]["head"] == ["% of the units", "a"]
    assert "No curve" in draw(STEPS, [gone], "deletion", "x")["finding"]


def test_the_table_holds_the_numbers():
    assert draw(STEPS, [curve("a", 3, 1, 0)], "deletion", "x")["table"]["rows"][1] == ["50", "1"]
