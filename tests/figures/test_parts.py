from __future__ import annotations

import base64

import numpy as np
import pytest

from xai.figures.parts import cell, figure, label, number, pack, rows_axis, signed


@pytest.mark.parametrize(
    "name",
    ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>", '<a href="javascript:x">y</a>'],
)
def test_markup_in_a_label_is_escaped(name):
    assert "<" not in label(name)
    assert ">" not in label(name)
    assert "&lt;" in label(name)


def test_quotes_stay_as_they_are():
    assert label('it\'s "so" & so') == 'it\'s "so" &amp; so'


def test_a_label_is_cut_before_it_is_escaped():
    assert label("<" * 50) == "&lt;" * 31 + "…"


def test_signs_that_turn_or_hide_text_are_removed():
    assert label("a\u202eb\x00c\u200bd\n") == "abcd"
    assert label("\x00") == "(no name)"


def test_packed_numbers_can_be_read_back():
    packed = pack(np.array([1.5, -2.0]))
    assert packed["dtype"] == "f4"
    numbers = np.frombuffer(base64.b64decode(packed["bdata"]), dtype="<f4")
    assert numbers.tolist() == [1.5, -2.0]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.123456, "0.123"), (-1.5, "−1.50"), (1234.5, "1234"), (0.0, "0"), (1e-7, "1.00e-07"),
     (float("nan"), "–"), (-0.0, "0"), (99.99, "100.0")],
)  # fmt: skip
def test_numbers_read_well(value, text):
    assert number(value) == text


def test_signed_numbers_show_both_signs():
    assert [signed(1.0), signed(-1.0), signed(0.0)] == ["+1.00", "−1.00", "0"]


def test_cells_of_a_table_are_text():
    assert [cell(None), cell("a"), cell(3), cell(np.int64(4)), cell(0.5)] == [
        "–", "a", "3", "4", "0.500",
    ]  # fmt: skip


def test_equal_labels_stay_two_rows():
    found = rows_axis(["a", "a"])
    assert found["tickvals"] == [0, 1]
    assert found["range"] == [1.5, -0.5]


def test_a_figure_carries_its_sentence_and_its_numbers():
    found = figure([], {"height": 5}, finding="x", head=["n"], rows=[[1.0]])
    assert found["layout"]["height"] == 5
    assert found["table"] == {"head": ["n"], "rows": [["1.00"]]}
