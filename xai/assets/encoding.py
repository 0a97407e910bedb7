"""From the codes of a dataset to the numbers a model was trained on.

A dataset numbers the words of a column in its own way; a model numbers the words it saw in
training. Binding a model to columns fixes, once, how each column is translated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xai.errors import RefusedFile

if TYPE_CHECKING:
    from xai.assets.model import Feature
    from xai.assets.table import Column
    from xai.vocabulary import Floats

SHOWN = 3
TRUTH = {"0": "false", "1": "true", "0.0": "false", "1.0": "true"}


@dataclass(frozen=True, slots=True)
class Translation:
    """How one column is translated: by its codes, by its numbers, or not at all.

    Attributes
    ----------
    table : array of shape (categories,) or None
        The model's number for each code of the column; NaN for a word the model never saw.
    known, codes : arrays of shape (known,) or None
        Ascending numbers that the model knows as categories, and its code for each.
    """

    table: Floats | None = None
    known: Floats | None = None
    codes: Floats | None = None

    def apply(self, values: Floats) -> Floats:
        """Return the model's numbers for one column of values."""
        if self.table is not None:
            return _looked_up(self.table, values)
        if self.known is None or self.codes is None:
            return values
        place = np.searchsorted(self.known, values).clip(0, len(self.known) - 1)
        return np.where(self.known[place] == values, self.codes[place], np.nan)


@dataclass(frozen=True, slots=True)
class Encoding:
    """The translations of all columns of a model that differ from their data."""

    translations: tuple[tuple[int, Translation], ...] = ()
    notes: tuple[str, ...] = ()

    def apply(self, matrix: Floats) -> Floats:
        """Return the rows as the model wants them; `matrix` itself where nothing changes."""
        if not self.translations:
            return matrix
        out = np.array(matrix, dtype=np.float64)
        for position, translation in self.translations:
            out[:, position] = translation.apply(matrix[:, position])
        return out


def encode(features: tuple[Feature, ...], columns: tuple[Column, ...]) -> Encoding:
    """Fix how `columns` become `features`, pair by pair.

    Raises
    ------
    RefusedFile
        If a column holds text where the model wants numbers, or numbers where it wants words.
    """
    found, notes = [], []
    for position, (feature, column) in enumerate(zip(features, columns, strict=True)):
        if feature.kind == "number":
            translation = as_numbers(column)
        elif feature.categories:
            translation, note = as_categories(feature.categories, column)
            notes += [note] * bool(note)
        else:
            translation, note = _by_rank(column)
            notes += [note] * bool(note)
        if translation.table is not None or translation.known is not None:
            found.append((position, translation))
    return Encoding(tuple(found), tuple(notes))


def as_numbers(column: Column) -> Translation:
    """Translate a column into numbers; words that read as numbers are read as numbers."""
    if column.kind != "category":
        return Translation()
    table = np.array([as_number(word) for word in column.categories], dtype=np.float64)
    words = [
        word
        for word, number in zip(column.categories, table, strict=True)
        if np.isnan(number) and word.strip().lower() != "nan"
    ]
    if words:
        raise RefusedFile(
            f"Column {column.name} holds text ({words[0]!r}) but the model expects numbers."
        )
    return Translation(table)


def as_categories(known: tuple[str, ...], column: Column) -> tuple[Translation, str]:
    """Translate a column into codes of `known`, by text; also return a note, or ""."""
    if column.kind == "number":
        return _by_number(known, column), ""
    spell = truth if column.kind == "boolean" else _spelling
    places = {spell(word): code for code, word in reversed(list(enumerate(known)))}
    places |= {word: code for code, word in reversed(list(enumerate(known)))}
    table = np.array(
        [places.get(word, places.get(spell(word), np.nan)) for word in column.categories],
        dtype=np.float64,
    )
    return Translation(table), _unseen(column, table)


def truth(word: str) -> str:
    """Return "true" or "false" for the ways to write them; other words in lower case."""
    low = word.strip().lower()
    return TRUTH.get(low, low)


def as_number(word: str) -> float:
    """Return the number that `word` spells, NaN if none."""
    try:
        return float(word)
    except ValueError:
        return float("nan")


def first_words(words: list[str] | tuple[str, ...]) -> str:
    """Return the first few words for a sentence."""
    more = f" and {len(words) - SHOWN} more" if len(words) > SHOWN else ""
    return ", ".join(words[:SHOWN]) + more


def _by_number(known: tuple[str, ...], column: Column) -> Translation:
    numbers = np.array([as_number(word) for word in known], dtype=np.float64)
    codes = np.flatnonzero(~np.isnan(numbers))
    if not codes.size:
        raise RefusedFile(
            f"Column {column.name} holds numbers but the model expects words "
            f"({first_words(known)})."
        )
    codes = codes[np.argsort(numbers[codes], kind="stable")]
    return Translation(known=numbers[codes], codes=codes.astype(np.float64))


def _unseen(column: Column, table: Floats) -> str:
    new = [word for word, code in zip(column.categories, table, strict=True) if np.isnan(code)]
    if not new or column.kind == "boolean":
        return ""
    return (
        f"Column {column.name}: {first_words(new)} did not occur in training; "
        "the model treats it as missing."
    )


def _by_rank(column: Column) -> tuple[Translation, str]:
    if column.kind != "category":
        return Translation(), ""
    rank = {word: code for code, word in enumerate(sorted(column.categories))}
    table = np.array([rank[word] for word in column.categories], dtype=np.float64)
    return Translation(table), (
        f"Column {column.name}: the model file does not name its categories; they are numbered "
        "by the sorted distinct values of this dataset, which is right only if training saw the "
        "same values."
    )


def _spelling(word: str) -> str:
    """Spell a number in one way, so that "1" meets "1.0"."""
    number = as_number(word)
    return word.strip() if np.isnan(number) else repr(number)


def _looked_up(table: Floats, values: Floats) -> Floats:
    missing = np.isnan(values)
    if not len(table):
        return np.full(values.shape, np.nan)
    codes = np.where(missing, 0, values).astype(np.int64).clip(0, len(table) - 1)
    return np.where(missing, np.nan, table[codes])
