from __future__ import annotations

import time
from contextlib import suppress

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.shared import FOLDER, needs_shared
from xai.assets import sniff, tables
from xai.errors import RefusedFile

SECONDS = 10
HOSTILE = FOLDER / "hostile"
READ = {
    "INDEX.tsv", "adult_nearly.csv", "california_nan_inf.csv", "constant.csv", "formula.csv",
    "name_with_script.csv", "odd.jsonl", "single_class.csv", "utf16.csv",
}  # fmt: skip
PASSED_ON = {
    "custom_op.onnx": "onnx", "evil.skops": "skops", "external_abs.onnx": "onnx",
    "external_passwd.onnx": "onnx", "huge_initializer.onnx": "onnx", "lgbm_bad.txt": "lightgbm",
    "nan_output.onnx": "onnx", "runtime_40GB.onnx": "onnx",
}  # fmt: skip
"""Models by their structure; what is wrong with them is for their loaders to say."""


@pytest.fixture
def write(tmp_path):
    def written(content):
        path = tmp_path / "table"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return written


def is_a_sentence(error):
    text = str(error.value)
    return text[-1] in ".?" and text.isprintable() and len(text) < 600


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("a,b\n", "no data below it"),
        ("  \n\n", "empty"),
        ("age,age\n1,2\n", "`age` appears 2 times"),
        ('a,b\n1,2\n"3,4\n5,6\n', "opened on line 3 is never closed"),
        ("a,b\n1,2\n3,4,5\n", "Line 3 has 3 values, the first row has 2 columns"),
        ('a,b\n"x\ny",2\n3\n', "Line 4 has 1 value,"),
        (b"a,b\n" + b"1,2\n" * 20 + b"1,\x00\n", "NUL"),
        ("a,b\n1,2\n".encode("utf-16-le"), "without its mark"),
        (bytes(range(256)), "not a model or dataset"),
        (b"a,b\n" + b"1,2\n" * 20_000 + b"1,\x00\n", "NUL"),
        (f"a,b\n{'x' * (1 << 20)}y,2\n", "1 MB"),
        (",".join(f"c{i}" for i in range(20_001)) + "\n1\n", "20,001 columns"),
        ("x" * 1001 + ",b\n1,2\n", "longer than 1,000 characters"),
        (b"\xff\xfe\x00\x00a\x00\x00\x00", "UTF-32"),
    ],
)
def test_what_is_no_table_is_refused_in_plain_words(write, content, told):
    with pytest.raises(RefusedFile, match=told):
        tables.read_table(write(content))


def test_too_many_rows_or_cells_are_refused(write, monkeypatch):
    monkeypatch.setattr("xai.assets.reading.ROWS", 3)
    with pytest.raises(RefusedFile, match="more than 3 rows"):
        tables.read_table(write("a,b\n" + "1,2\n" * 4))
    monkeypatch.setattr("xai.assets.reading.CELLS", 5)
    with pytest.raises(RefusedFile, match="more than 5 cells"):
        tables.read_table(write("a,b\n" + "1,2\n" * 3))


def test_a_parquet_bomb_is_refused_by_its_footer(tmp_path, monkeypatch):
    monkeypatch.setattr("xai.assets.reading.ROWS", 50_000)
    words = pa.DictionaryArray.from_arrays(np.zeros(60_000, np.int32), ["x" * 1000])
    pq.write_table(pa.table({"a": words}), tmp_path / "table", compression="zstd")
    with pytest.raises(RefusedFile, match="more than 50,000 rows"):
        tables.read_table(tmp_path / "table")


def test_a_long_cell_in_parquet_is_refused(tmp_path):
    pq.write_table(pa.table({"a": ["x" * ((1 << 20) + 1)]}), tmp_path / "table")
    with pytest.raises(RefusedFile, match="column `a` holds 1,048,577 bytes"):
        tables.read_table(tmp_path / "table")


def test_damaged_parquet_is_refused_wherever_it_is_cut(tmp_path):
    path = tmp_path / "table"
    pq.write_table(pa.table({"a": range(50), "b": ["x", "y"] * 25}), path)
    whole, draw = path.read_bytes(), np.random.default_rng(0)
    for _ in range(200):
        damaged = bytearray(whole)
        for place in draw.integers(4, len(whole) - 4, 3):
            damaged[place] = draw.integers(256)
        path.write_bytes(damaged)
        # Anything but a refusal is a failure of the test.
        with suppress(RefusedFile):
            assert tables.describe_table(path)["rows"] > 0


def test_names_and_cells_that_look_like_markup_stay_text(write):
    facts = tables.describe_table(write("<script>x</script>,b\n=cmd|'/C calc'!A0,1\n@SUM(1),2\n"))
    assert facts["columns"][0]["name"] == "<script>x</script>"
    assert facts["first_rows"][0][0] == "=cmd|'/C calc'!A0"


def hostile_files():
    return sorted(path for path in HOSTILE.rglob("*") if path.is_file())


@needs_shared
@pytest.mark.parametrize("path", hostile_files(), ids=lambda path: str(path.relative_to(HOSTILE)))
def test_every_hostile_file_is_read_or_refused_in_time(path):
    began = time.monotonic()
    if path.name in READ:
        assert tables.describe_table(path)["rows"] > 0
    else:
        if path.name in PASSED_ON:
            assert sniff.sniff(path) == PASSED_ON[path.name]
        with pytest.raises(RefusedFile) as error:
            tables.read_table(path)
        assert is_a_sentence(error)
    assert time.monotonic() - began < SECONDS
