from __future__ import annotations

import numpy as np
import pytest

from xai.figures.lanes import Lane, arrange, consensus, places, scales

NAMES = ("a", "b", "c")
NAN = float("nan")


def lane(slug, values, **more):
    return Lane(slug, slug.title(), more.pop("family", slug), "margin",
                np.array(values, dtype=float), **more)  # fmt: skip


def order(lanes, by):
    return "".join(row.name for row in arrange(NAMES, lanes, order=by))


def test_place_one_is_the_strongest_whatever_its_sign():
    assert places(lane("x", [0.1, -3.0, 2.0]), 3).tolist() == [3, 1, 2]


def test_tied_values_share_the_better_place():
    assert places(lane("x", [1.0, -1.0, 0.5]), 3).tolist() == [1, 1, 3]


def test_a_missing_value_has_no_place():
    found = places(lane("x", [1.0, NAN, 2.0]), 3)
    assert np.array_equal(found, [2, NAN, 1], equal_nan=True)


def test_members_of_a_group_share_its_place():
    grouped = lane("g", [1.0, -2.0], members=((0, 2), (1,)))
    assert places(grouped, 3).tolist() == [2, 1, 2]


def test_a_family_has_one_vote_and_a_control_none():
    lanes = [
        lane("x", [3.0, 2.0, 1.0], family="f"),
        lane("y", [3.0, 2.0, 1.0], family="f"),
        lane("z", [1.0, 2.0, 3.0], family="g"),
        lane("r", [1.0, 2.0, 3.0], is_control=True),
    ]
    ranks = [places(one, 3) for one in lanes]
    assert consensus(lanes, ranks, 3).tolist() == [2, 2, 2]


@pytest.mark.parametrize(
    ("by", "expected"),
    [("consensus", "bac"), ("name", "abc"), ("column", "abc"), ("x", "bac"), ("y", "bca"),
     ("dispute", "acb"), ("unknown", "bac")],
)  # fmt: skip
def test_every_order(by, expected):
    lanes = [lane("x", [2.0, 9.0, 1.0]), lane("y", [1.0, 8.0, 2.0]), lane("z", [2.0, 9.0, 1.0])]
    assert order(lanes, by) == expected


def test_the_dispute_is_the_distance_between_places():
    lanes = [lane("x", [3.0, 2.0, 1.0]), lane("y", [1.0, 2.0, 3.0])]
    rows = {row.name: row for row in arrange(NAMES, lanes)}
    assert (rows["a"].first, rows["a"].last, rows["a"].dispute) == (1, 3, 100.0)
    assert rows["b"].dispute == 0.0


def test_controls_and_groups_take_no_part_in_the_dispute():
    lanes = [
        lane("x", [3.0, 2.0, 1.0]),
        lane("r", [1.0, 2.0, 3.0], is_control=True),
        lane("g", [1.0, 5.0], members=((0, 1), (2,))),
    ]
    rows = {row.name: row for row in arrange(NAMES, lanes)}
    assert rows["a"].dispute == 0.0
    assert rows["c"].dispute == 100.0


def test_a_control_does_not_stretch_the_common_scale():
    lanes = [lane("x", [1.0, 0.0, 0.0]), lane("r", [9.0, 0.0, 0.0], is_control=True)]
    assert [one.high for one in scales(lanes, False)] == [1.0, 1.0]
    assert [one.high for one in scales(lanes[1:], False)] == [9.0]
    assert arrange(NAMES, lanes)[0].entries[1].bar.clipped


def test_one_scale_for_all_that_share_the_unit():
    lanes = [
        lane("x", [1.0, 0.0, 0.0]), lane("y", [-4.0, 0.0, 0.0]),
        lane("p", [90.0, 0.0, 0.0], is_shared=False, is_signed=False),
    ]  # fmt: skip
    assert [scale.high for scale in scales(lanes, False)] == [4.0, 4.0, 90.0]
    assert [scale.high for scale in scales(lanes, True)] == [1.0, 4.0, 90.0]


def test_whiskers_are_on_the_scale():
    found = lane("x", [1.0, 0, 0], low=np.array([0.5, NAN, 0]), high=np.array([3.0, NAN, 0]))
    assert scales([found], False)[0].high == 3.0
    entries = {row.name: row.entries[0] for row in arrange(NAMES, [found])}
    assert entries["a"].whisker == "+0.500 to +3.00"
    assert entries["b"].whisker == ""
    assert entries["b"].bar.low is None


def test_the_bar_of_a_group_is_in_the_row_that_comes_first():
    lanes = [
        lane("x", [1.0, 3.0, 2.0]),
        lane("g", [5.0, 1.0], members=((0, 2), (1,))),
    ]  # fmt: skip
    rows = {row.name: row.entries[1] for row in arrange(NAMES, lanes, order="x")}
    assert rows["c"].bar is not None
    assert rows["c"].group == ("a",)
    assert rows["a"].bar is None
    assert (rows["a"].home, rows["a"].home_name) == (2, "c")


def test_a_unit_that_is_no_feature_is_left_out():
    found = lane("x", [1.0, 2.0, 3.0], members=((0,), (), (2,)))
    assert [row.entries[0].value for row in arrange(NAMES, [found], order="column")] == [
        "+1.00", "–", "+3.00",
    ]  # fmt: skip


def test_no_lane_at_all_still_lists_the_features():
    assert [row.name for row in arrange(NAMES, [])] == ["a", "b", "c"]


def test_values_are_beside_their_names():
    rows = arrange(NAMES, [lane("x", [1.0, 2.0, 3.0])], shown=["1", "2", "3"])
    assert [(row.name, row.shown) for row in rows] == [("c", "3"), ("b", "2"), ("a", "1")]
