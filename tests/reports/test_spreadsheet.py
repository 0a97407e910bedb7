"""No cell of a CSV file that we write is a formula."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from xai.reports.spreadsheet import cell, written

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", " =1", "'=1", '"=1', "\ufeff=1", "＝1",
     "|cmd", "%0A", "=HYPERLINK(\"http://x\",\"y\")", "=cmd|' /C calc'!A0"],
)  # fmt: skip
def test_text_that_begins_like_a_formula_is_disarmed(text):
    assert cell(text).startswith("'")


@pytest.mark.parametrize("text", ["age", "5 apples", "a=b", "", "(x)", "ünïcode"])
def test_other_text_stays_as_it_is(text):
    assert cell(text) == text


def test_numbers_stay_numbers_and_nothing_is_empty():
    assert [cell(value) for value in (-1, -0.5, 3, None)] == ["-1", "-0.5", "3", ""]


def test_a_file_is_read_back_with_its_commas_quotes_and_lines():
    text = written(["a", "=b"], [["x,y", 'q"q'], ["two\nlines", -1]])
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == ["a", "'=b"]
    assert rows[1] == ["x,y", 'q"q']
    assert rows[2][1] == "-1"


def test_csv_for_people_is_written_here_and_nowhere_else():
    """Example data sets are data for models: disarming them would change what is explained."""
    writers = {
        path.relative_to(ROOT).as_posix()
        for folder in ("xai", "tasks")
        for path in (ROOT / folder).rglob("*.py")
        if "csv.writer(" in (text := path.read_text("utf-8")) or ".to_csv(" in text
        or "csv.DictWriter(" in text
    }  # fmt: skip
    assert {name for name in writers if "/example_" not in name} == {"xai/reports/spreadsheet.py"}
