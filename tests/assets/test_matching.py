from __future__ import annotations

import numpy as np
import pytest

from xai.assets.matching import guess_label, label_codes, label_notes, match
from xai.assets.model import Feature
from xai.assets.table import Column, Table
from xai.errors import InvalidParameter, MissingColumn


def features(*names):
    return tuple(Feature(name) for name in names)


def columns(*names):
    return tuple(Column(name, "number") for name in names)


def test_exact_names_need_no_note():
    found = match(features("b", "a"), columns("a", "b"), has_names=True)
    assert (found.indices, found.notes) == ((1, 0), [])


@pytest.mark.parametrize(
    "name", ["education_num ", "Education_Num", "education-num", "education.num"]
)
def test_near_names_match_with_a_note(name):
    found = match(features("education_num"), columns("x", name), has_names=True)
    assert found.indices == (1,)
    assert f"`{name}` as `education_num`" in found.notes[0]


def test_an_exact_name_wins_over_a_near_one():
    found = match(features("age", "Age"), columns("Age", "age"), has_names=True)
    assert found.indices == (1, 0)


def test_two_near_names_are_refused():
    with pytest.raises(MissingColumn, match=r"`age`.*`AGE` and `Age`"):
        match(features("age"), columns("AGE", "Age"), has_names=True)


def test_names_of_mere_punctuation_are_not_alike():
    with pytest.raises(MissingColumn, match="no column `%`"):
        match(features("%"), columns("#"), has_names=True)


def test_missing_columns_are_named_with_the_closest():
    with pytest.raises(MissingColumn, match=r"no columns `education_num` and `q`.*`Educ-Num`"):
        match(features("education_num", "q", "a"), columns("a", "Educ-Num"), has_names=True)


def test_ignored_columns_and_unseen_categories_are_told():
    wanted = (Feature("job", "category", ("clerk", "cook")),)
    have = (Column("job", "category", ("clerk", "pilot")), *columns("extra", "y"))
    notes = match(wanted, have, has_names=True, label="y").notes
    assert any("1 column" in note and "`extra`" in note and "`y`" not in note for note in notes)
    assert any("did not see" in note and "`pilot`" in note for note in notes)


def test_the_label_is_not_fed_by_chance():
    with pytest.raises(MissingColumn, match="`Income`"):
        match(features("Income"), columns("income"), has_names=True, label="income")


def test_nameless_columns_go_by_position_with_a_loud_note():
    found = match(features("f0", "f1"), columns("a", "y", "b"), has_names=False, label="y")
    assert found.indices == (0, 2)
    assert "`a` and `b`" in found.notes[0]
    assert "wrong" in found.notes[0]


def test_a_given_order_is_kept():
    found = match(features("f0", "f1"), columns("a", "b", "c"), has_names=False, order=("c", "a"))
    assert found.indices == (2, 0)
    with pytest.raises(InvalidParameter, match="Name exactly 2"):
        match(features("f0", "f1"), columns("a", "b"), has_names=False, order=("a",))


def test_nameless_columns_of_another_count_are_refused():
    with pytest.raises(MissingColumn, match=r"takes 2 columns .* has 3"):
        match(features("f0", "f1"), columns("a", "b", "c"), has_names=False)


def one_label(values, outputs, categories=()):
    kind = "category" if categories else "number"
    table = Table((Column("y", kind, categories),), np.array(values, float)[:, None])
    codes = label_codes(table, "y", outputs, "classification").tolist()
    return codes, label_notes(table, "y", outputs, "classification")


@pytest.mark.parametrize(
    ("values", "categories", "outputs", "codes", "is_noted"),
    [
        ([0, 1, 1], (), ("0", "1"), [0, 1, 1], False),
        ([0, 1, 1], (), ("0.0", "1.0"), [0, 1, 1], False),
        ([1, 3], (), ("1", "2", "3"), [0, 2], False),
        ([1, 0], ("<=50K", ">50K"), ("<=50K", ">50K"), [1, 0], False),
        ([1, 0], ("<=50K.", ">50K."), ("<=50K", ">50K"), [1, 0], False),
        ([0, 1], ("False", "True"), ("0", "1"), [0, 1], False),
        ([0, 1], ("<=50K", ">50K"), ("0", "1"), [0, 1], True),
        ([0, 1], (), ("<=50K", ">50K"), [0, 1], True),
        ([1, 2], (), ("0", "1"), [0, 1], True),
    ],
)
def test_labels_find_their_class(values, categories, outputs, codes, is_noted):
    found, notes = one_label(values, outputs, categories)
    assert found == codes
    assert any("paired in order" in note for note in notes) == is_noted


def test_a_label_that_is_no_class_is_unknown_and_counted():
    codes, notes = one_label([0, 4, 1, np.nan], ("0", "1"))
    np.testing.assert_array_equal(codes, [0, np.nan, 1, np.nan])
    assert "1 row" in notes[0]


def test_a_regression_takes_the_value():
    table = Table(columns("y"), np.array([[1.5], [np.nan]]))
    np.testing.assert_array_equal(label_codes(table, "y", ("value",), "regression"), [1.5, np.nan])


def test_the_label_is_guessed_by_values_then_by_name():
    have = (*columns("a", "id"), Column("kind", "category", ("u", "v")))
    assert guess_label(have, features("a"), ("u", "v")) == "kind"
    assert guess_label(have, features("a"), ("p", "q")) == ""
    assert guess_label(columns("a", "target"), features("a"), ("p", "q")) == "target"
    matrix = np.array([[0.5, 7, 0], [0.1, 8, 1]])
    assert guess_label(columns("a", "id", "z"), features("a"), ("0", "1"), matrix=matrix) == "z"


def test_an_unused_pair_of_words_is_not_taken_for_the_label():
    have = (*columns("a"), Column("sex", "category", ("f", "m")))
    assert guess_label(have, features("a"), ("0", "1")) == ""


def test_a_regression_guesses_the_last_unused_number():
    assert guess_label(columns("a", "b", "price"), features("a"), ("value",)) == "price"
    assert guess_label(columns("y", "b", "a"), features("a"), ("value",)) == "y"
    assert guess_label(columns("a"), features("a"), ("value",)) == ""
    assert guess_label(columns("a", "b"), features("f0", "f1"), ("value",), has_names=False) == ""
