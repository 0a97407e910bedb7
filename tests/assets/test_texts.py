from __future__ import annotations

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.shared import FOLDER, needs_shared
from xai.assets import jsonlines, tables, texts
from xai.assets.labels import label_codes
from xai.errors import MissingColumn, RefusedFile

REVIEWS = ["a good and very lovely film", "None", "NA", 'a "bad", boring movie\nwith no plot', ""]
LABELS = ["pos", "neg", "neg", "neg", "pos"]


@pytest.fixture(params=["csv", "jsonl", "parquet"])
def reviews(request, tmp_path):
    """Return the same five reviews in each kind of file."""
    path = tmp_path / f"reviews.{request.param}"
    rows = [{"text": t, "label": n} for t, n in zip(REVIEWS, LABELS, strict=True)]
    if request.param == "csv":
        quoted = ['"{}",{}'.format(r["text"].replace('"', '""'), r["label"]) for r in rows]
        path.write_text("\n".join(["text,label", *quoted]) + "\n", encoding="utf-8")
    elif request.param == "jsonl":
        path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    else:
        pq.write_table(pa.Table.from_pylist(rows), path)
    return path


@pytest.fixture
def lines(tmp_path):
    """Write lines of any bytes."""

    def write(*given):
        path = tmp_path / "data.jsonl"
        path.write_bytes(b"\n".join(g if isinstance(g, bytes) else g.encode() for g in given))
        return path

    return write


def test_texts_come_as_they_are_written(reviews):
    read = texts.read_texts(reviews, "text")
    assert list(read.texts) == REVIEWS
    assert read.pairs is None
    assert any("1 row without text" in note for note in read.notes)


def test_labels_stand_beside_the_texts(reviews):
    read = texts.read_texts(reviews, "text")
    assert list(read.strings("label")) == LABELS
    codes = label_codes(read.table, "label", ("neg", "pos"), "classification")
    assert codes.tolist() == [1, 0, 0, 0, 1]


def test_pairs_are_read_from_two_columns(tmp_path):
    path = tmp_path / "pairs.csv"
    path.write_text("premise,hypothesis,n\nit rains,it is wet,1\nit snows,it is hot,0\n")
    read = texts.read_texts(path, "premise", "hypothesis")
    assert read.texts == ("it rains", "it snows")
    assert read.pairs == ("it is wet", "it is hot")
    assert read.table.names == ("n",)
    with pytest.raises(RefusedFile, match="two columns"):
        texts.read_texts(path, "premise", "premise")


def test_a_column_that_is_not_there_is_named_with_those_that_are(reviews):
    with pytest.raises(MissingColumn, match=r"`body`; it has: `text` and `label`"):
        texts.read_texts(reviews, "body")


def test_a_column_without_any_text_is_refused(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("text,b\n,1\n,2\n")
    with pytest.raises(RefusedFile, match="no text"):
        texts.read_texts(path, "text")


def test_facts_tell_sentences_from_choices(tmp_path):
    path = tmp_path / "t.csv"
    rows = [
        f"this is review number {i} of the film,{'yes' if i % 2 else 'no'},{i}" for i in range(80)
    ]
    path.write_text("\n".join(["review,label,n", *rows]))
    facts = tables.describe_table(path)
    review, label, number = facts["columns"]
    assert review["text"]["is_likely"]
    assert review["text"]["longest"] == len("this is review number 10 of the film")
    assert review["categories"] == []
    assert not label["text"]["is_likely"]
    assert label["categories"] == ["no", "yes"]
    assert number["text"] is None
    assert texts.text_columns(facts) == ["review", "label"]
    assert texts.guess_text_column(facts) == "review"


def test_guesses_go_by_name_first(lines):
    story = "once upon a time there was a very {} dog"
    row = json.dumps({"id": "x1", "Prompt": story.format("big"), "reference": story.format("old")})
    facts = tables.describe_table(lines(row, row))
    assert texts.guess_prompt_column(facts) == "Prompt"
    assert texts.guess_continuation_column(facts, "Prompt") == "reference"
    assert texts.guess_pair_column(facts, "Prompt") == ""
    assert texts.guess_text_column({"columns": []}) == ""


def test_json_lines_become_a_table(lines):
    reading = jsonlines.read(
        lines(
            '{"n": 1, "b": true, "t": "x"}', "", '{"n": 2.5, "t": null}', '{"n": null, "b": false}'
        )
    )
    assert [column.kind for column in reading.table.columns] == ["number", "boolean", "category"]
    shown = [reading.table.display(row) for row in range(3)]
    assert shown == [
        ["1", "True", "x"],
        ["2.5", "missing", "missing"],
        ["missing", "False", "missing"],
    ]


def test_odd_lines_are_left_out_and_named(lines):
    reading = jsonlines.read(
        lines(
            '{"t": "a", "t": "b", "x": 1e999}',
            '{"t": "c", "x": NaN}',
            '{"t": "d", "x": ' + "9" * 400 + "}",
            "[1, 2]",
            "not json",
            '{"t": ' + "[" * 5_000 + "]" * 5_000 + "}",
            b'{"t": "\xff"}',
            '{"t": {"deep": 1}}',
            '{"t": "\\ud800"}',
            '{"t": "e", "more": [1]}',
        )
    )
    column = reading.table.columns[0]
    assert sorted(column.categories) == ["?", "b", "c", "d", "e"]
    told = " ".join(reading.notes)
    for part in (
        "1 line that is no object: 4",
        "3 lines that are no JSON, or nested too deep: 5, 6 and 7",
        "1 line that is without a plain value: 8",
        "lists or objects are left out: `t` and `more`",
        "In 1 line a key stands twice",
        "2 infinite values read as missing",
    ):
        assert part in told


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (['{"a": [1]}', '{"a": {}}'], "No line"),
        ([json.dumps({f"k{i}": 1 for i in range(1_001)})] * 2, "different keys"),
        (['{"a": "' + "x" * (9 << 20) + '"}'] * 2, "Line 1 is longer"),
        (['{"a": "' + "x" * (2 << 20) + '"}'] * 2, "at most 1 MB"),
        (['{"": 1, " ": 2, "a\\u0000": 3, "a\\u0001": 4}'] * 2, "appears 2 times"),
    ],
)
def test_lines_that_hold_no_table_are_refused(lines, given, told):
    with pytest.raises(RefusedFile, match=told):
        jsonlines.read(lines(*given))


def test_a_mixture_is_told(lines):
    reading = jsonlines.read(lines('{"a": 1}', '{"a": "x"}', '{"a": true}'))
    assert reading.table.columns[0].categories == ("1", "true", "x")
    assert any("mixes" in note for note in reading.notes)


SETS = sorted((FOLDER / "text").glob("*"))


@needs_shared
@pytest.mark.parametrize("path", SETS, ids=lambda path: path.name)
def test_real_text_data_are_described_and_read(path):
    facts = tables.describe_table(path)
    assert len(json.dumps(facts)) < 10_000
    column = texts.guess_text_column(facts)
    assert column in {"text", "prompt"}
    read = texts.read_texts(path, column)
    assert len(read) == facts["rows"]
    assert all(read.texts)
