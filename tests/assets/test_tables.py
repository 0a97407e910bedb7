from __future__ import annotations

import datetime as dt
import decimal
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from xai.assets import delimited, tables
from xai.assets.columns import Findings, from_text
from xai.assets.table import Column, Table, plain_number
from xai.errors import MissingColumn, RefusedFile


@pytest.fixture
def write(tmp_path):
    def written(content, encoding="utf-8"):
        path = tmp_path / "table"
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    return written


@pytest.fixture
def write_parquet(tmp_path):
    def written(**columns):
        pq.write_table(pa.table(columns), tmp_path / "table")
        return tmp_path / "table"

    return written


def read(path):
    return delimited.read(path)


def kinds(table):
    return [column.kind for column in table.columns]


def test_types_are_number_boolean_and_category(write):
    table = tables.read_table(write("n,x,b,c,z\n1,1.5,true,u,0\n2,-2e3,FALSE,v,1\n"))
    assert kinds(table) == ["number", "number", "boolean", "category", "number"]
    assert [column.is_integer for column in table.columns] == [True, False, False, False, True]
    assert table.columns[3].categories == ("u", "v")
    np.testing.assert_array_equal(table.matrix, [[1, 1.5, 1, 0, 0], [2, -2000, 0, 1, 1]])


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_found_though_others_stand_in_quotes(write, separator):
    rows = [["a", "b"], ['"x,;|\ty"', "1"], ['"p,;|\tq\nr"', "2"]]
    reading = read(write("\n".join(separator.join(row) for row in rows)))
    assert reading.separator == separator
    assert reading.table.columns[0].categories == ("p,;|\tq\nr", "x,;|\ty")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings_give_the_same_words(write, encoding):
    reading = read(write("größe,b\ncafé,1\nnaïve,2\n", encoding))
    assert reading.table.names == ("größe", "b")
    assert reading.table.columns[0].categories == ("café", "naïve")
    assert reading.encoding == encoding.removesuffix("-sig")
    assert any("Windows-1252" in note for note in reading.notes) == (encoding == "cp1252")


def test_a_decimal_comma_is_read_where_the_separator_allows(write):
    reading = read(write("a;b\n3,14;1\n-2,5;2\n"))
    assert reading.decimal == ","
    assert reading.table.matrix[:, 0].tolist() == [3.14, -2.5]
    assert any("decimal comma" in note for note in reading.notes)


def test_thousands_are_not_guessed(write):
    assert kinds(read(write('a,b\n"1,234",1\n"2,345",2\n')).table) == ["category", "number"]
    assert kinds(read(write("a;b\n1.234,5;1\n2,5;2\n")).table)[0] == "category"


def test_a_point_among_decimal_commas_is_not_guessed():
    column, _ = from_text("a", pa.array(["1.234", "5.678"]), ",", Findings())
    assert column.kind == "category"


def test_missing_words_are_read_and_told(write):
    reading = read(write("a,b,c\n1,NA,?\n,x,nan\n-,,y\n"))
    assert np.isnan(reading.table.matrix).sum(axis=0).tolist() == [2, 2, 2]
    assert kinds(reading.table) == ["number", "category", "category"]
    note = next(note for note in reading.notes if note.startswith("Read as a missing value"))
    assert all(word in note for word in ("`NA`", "`?`", "`nan`", "`-`", "a blank cell"))


def test_a_word_of_its_own_right_stays_a_category(write):
    assert read(write("a,b\nunknown,none\n-,x\n")).table.columns[0].categories == ("-", "unknown")


def test_infinity_becomes_missing_and_is_counted(write):
    reading = read(write("a,b\ninf,1\n-Infinity,2\n1e400,3\n5,4\n"))
    assert np.isnan(reading.table.matrix[:, 0]).tolist() == [True, True, True, False]
    assert "Column `a`: 3 infinite values read as missing." in reading.notes


def test_a_word_among_numbers_makes_categories_and_is_named(write):
    reading = read(write("hours,b\n40,1\nforty,2\n"))
    assert reading.table.columns[0].categories == ("40", "forty")
    assert any("`hours`" in note and "`forty`" in note for note in reading.notes)


def test_long_whole_numbers_are_told_to_be_rounded(write):
    assert any("`id`" in note for note in read(write("id,b\n12345678901234567,1\n")).notes)


def test_a_column_without_a_name_is_called_by_its_place(write):
    reading = read(write(",a\n0,5\n1,6\n"))
    assert reading.table.names == ("column 1", "a")
    assert any("Column 1 has no name" in note for note in reading.notes)


def test_a_first_row_of_numbers_is_suspected(write):
    assert any("looks like data" in note for note in read(write("1,2\n3,4\n")).notes)


def test_line_ends_and_blank_lines_do_not_matter(write):
    for text in ("a,b\r\n1,2\r\n", "a,b\r1,2\r", "\n\na,b\n\n1,2\n\n"):
        assert tables.read_table(write(text)).matrix.tolist() == [[1, 2]]


def test_parquet_keeps_its_types(write_parquet):
    when = dt.datetime(2024, 5, 1, 12, tzinfo=dt.UTC)
    path = write_parquet(
        i=pa.array([1, None, 3], pa.int64()), f=[0.5, float("inf"), 2.0],
        d=[decimal.Decimal("1.25"), None, decimal.Decimal("2.5")], b=[True, None, False],
        s=["x", None, "1"], k=pa.array(["u", "v", "u"]).dictionary_encode(),
        t=[when, None, when], n=pa.nulls(3),
    )  # fmt: skip
    table = tables.read_table(path)
    assert kinds(table) == [
        "number", "number", "number", "boolean", "category", "category", "category", "number",
    ]  # fmt: skip
    assert table.display(0) == ["1", "0.5", "1.25", "True", "x", "u",
                                "2024-05-01 12:00:00.000000", "missing"]  # fmt: skip
    assert table.display(1) == ["missing"] * 5 + ["v", "missing", "missing"]


def test_parquet_names_what_it_leaves_out(write_parquet):
    facts = tables.describe_table(write_parquet(**{"a.b": [1], "nested": [[1, 2]], "raw": [b"x"]}))
    assert [column["name"] for column in facts["columns"]] == ["a.b"]
    assert "`nested`" in facts["notes"][0]
    assert "`raw`" in facts["notes"][0]


def test_parquet_of_nested_columns_alone_is_refused(write_parquet):
    with pytest.raises(RefusedFile, match="no column of numbers or text: `nested`"):
        tables.read_table(write_parquet(nested=[[1, 2]]))


def test_facts_are_what_the_pages_show(write):
    facts = tables.describe_table(write("age,job,ok\n39,clerk,true\n40,,false\n,cook,true\n"))
    assert json.loads(json.dumps(facts, allow_nan=False)) == facts
    age, job, ok = facts["columns"]
    assert (age["low"], age["high"], age["mean"], age["missing"]) == (39.0, 40.0, 39.5, 1)
    assert (job["categories"], job["distinct"], job["low"]) == (["clerk", "cook"], 2, None)
    assert ok["balance"] == [["True", 2], ["False", 1]]
    assert facts["first_rows"][1] == ["40", "missing", "False"]
    assert (facts["kind"], facts["rows"], facts["column_count"]) == ("table", 3, 3)


def test_facts_are_bounded_and_clean(write):
    wide = ",".join(f"c{i}" for i in range(400))
    row = ",".join(["x" * 500 + "\x1b[31m\u202e"] * 400)
    facts = tables.describe_table(write(f"{wide}\n" + f"{row}\n" * 12))
    assert (len(facts["columns"]), facts["column_count"]) == (300, 400)
    assert len(facts["first_rows"]) == 10
    assert max(len(text) for text in facts["first_rows"][0]) == 200
    text = json.dumps(facts, ensure_ascii=False)
    assert "\u202e" not in text
    assert "\x1b" not in text


def test_a_table_is_cut_by_rows_and_columns():
    columns = (Column("a", "number"), Column("b", "category", ("x", "y")))
    table = Table(columns, np.array([[1.0, 0], [2.5, 1], [np.nan, np.nan]]))
    assert len(table.take([2, 1])) == 2
    assert table.take([2, 1]).display(1) == ["2.5", "y"]
    assert table.select([1]).names == ("b",)
    assert table.column("b") == 1
    with pytest.raises(MissingColumn, match="`c`"):
        table.column("c")


@pytest.mark.parametrize(
    ("value", "text"), [(39.0, "39"), (0.1, "0.1"), (-0.0, "0"), (1e300, "1e+300"), (1e-7, "1e-07")]
)
def test_numbers_are_shown_as_short_as_they_read_back(value, text):
    assert plain_number(value) == text
