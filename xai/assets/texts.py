"""Texts to explain: a column of a CSV, JSON lines or Parquet file, as it is written there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from xai.assets import sniff
from xai.assets.names import normal
from xai.assets.table import Table, show
from xai.assets.tables import read_table
from xai.assets.wording import count, listed, quoted
from xai.errors import MissingColumn, RefusedFile

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from xai.vocabulary import Json

TEXT_NAMES = (
    "text", "sentence", "review", "content", "comment", "tweet", "message", "body", "document",
    "article", "premise", "sentence1", "question", "question1", "query", "title", "headline",
    "description", "prompt", "input",
)  # fmt: skip
PAIR_NAMES = (
    "hypothesis", "sentence2", "question2", "text_pair", "text_b", "passage", "context", "answer",
)  # fmt: skip
PROMPT_NAMES = ("prompt", "context", "input", "instruction", "question", "text", "story")
CONTINUATION_NAMES = (
    "continuation", "completion", "reference", "target", "response", "answer", "output",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts of a dataset, in the order of its rows.

    Attributes
    ----------
    texts : tuple of str, length rows
        "" where there is none.
    pairs : tuple of str, length rows, or None
        The second text of each row, for a model of pairs.
    table : Table
        The other columns, to find the labels in.
    """

    texts: tuple[str, ...] = field(repr=False)
    pairs: tuple[str, ...] | None = field(repr=False)
    table: Table
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.texts)

    def strings(self, name: str) -> tuple[str, ...]:
        """Return another column as text, "" where a cell is missing."""
        position = self.table.column(name)
        column, values = self.table.columns[position], self.table.matrix[:, position]
        return tuple("" if np.isnan(v) else show(column, v) for v in values.tolist())


def read_texts(path: Path, column: str, pair: str = "") -> Texts:
    """Read the texts of one column, and of a second one for pairs.

    Unlike in a table, words such as NA and None are texts like any other here.

    Raises
    ------
    MissingColumn
        If the data has no such column; it names those that there are.
    RefusedFile
        If the file cannot be read, or the column holds no text at all.
    """
    whole = read_table(path)
    names = (column, pair) if pair else (column,)
    for name in names:
        if name not in whole.names:
            raise MissingColumn(
                f"The data has no column {quoted(name)}; it has: "
                f"{listed([quoted(n) for n in whole.names], 12)}."
            )
    if pair == column:
        raise RefusedFile("The two texts of a pair must stand in two columns; choose another one.")
    found = {name: tuple(t or "" for t in cells) for name, cells in _cells(path, names).items()}
    others = [p for p, name in enumerate(whole.names) if name not in names]
    empty = sum(not text.strip() for text in found[column])
    if empty == len(whole):
        raise RefusedFile(f"The column {quoted(column)} holds no text. Choose another column.")
    notes = (f"{count(empty, 'row')} without text in {quoted(column)}.",) if empty else ()
    return Texts(found[column], found[pair] if pair else None, whole.select(others), notes)


def _cells(path: Path, names: tuple[str, ...]) -> Mapping[str, list[str | None]]:
    # Imported here: pyarrow's readers are needed only where there is data.
    form = sniff.sniff(path)
    if form == "parquet":
        from xai.assets import parquet  # noqa: PLC0415

        return parquet.strings(path, names)
    if form == "jsonl":
        from xai.assets import jsonlines  # noqa: PLC0415

        return jsonlines.strings(path, names)
    from xai.assets import delimited  # noqa: PLC0415

    return delimited.strings(path, names)


def text_columns(facts: Json) -> list[str]:
    """Return the columns that can hold texts, by the facts of `describe_table`, likeliest first."""
    able = [c for c in facts.get("columns", ()) if c.get("text")]
    able.sort(key=lambda c: (not c["text"]["is_likely"], -c["text"]["mean_length"]))
    return [c["name"] for c in able]


def guess_text_column(facts: Json) -> str:
    """Return the column that most likely holds the text to classify, "" if none can."""
    return _guessed(facts, TEXT_NAMES)


def guess_prompt_column(facts: Json) -> str:
    """Return the column that most likely holds prompts, "" if none can."""
    return _guessed(facts, PROMPT_NAMES)


def guess_pair_column(facts: Json, text: str) -> str:
    """Return the column of second texts, "" unless its name says so."""
    return _named(facts, PAIR_NAMES, but=text)


def guess_continuation_column(facts: Json, prompt: str) -> str:
    """Return the column of given continuations, "" unless its name says so."""
    return _named(facts, CONTINUATION_NAMES, but=prompt)


def _guessed(facts: Json, names: tuple[str, ...]) -> str:
    able = text_columns(facts)
    return _named(facts, names) or (able[0] if able else "")


def _named(facts: Json, names: tuple[str, ...], but: str = "") -> str:
    able = {normal(name): name for name in reversed(text_columns(facts)) if name != but}
    return next((able[name] for name in names if name in able), "")
