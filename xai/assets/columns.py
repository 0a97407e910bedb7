"""Cells of one column, as a file holds them, into numbers and the meaning of those numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from xai.assets.table import BOOLEANS, Column
from xai.assets.wording import count, listed, quoted

if TYPE_CHECKING:
    from xai.vocabulary import Floats

MISSING_WORDS = (
    "", "?", "NA", "N/A", "n/a", "#N/A", "#NA", "<NA>", "NaN", "nan", "-NaN", "-nan", "NaT",
    "NULL", "Null", "null", "None",
)  # fmt: skip
"""Cells without a value in every column: the words pandas reads so, and the question mark."""

LOOSE_WORDS = frozenset({"-", "--", ".", "na", "n.a.", "none", "nil", "#n/a", "missing", "unknown"})
"""Also missing, in any case of letters, where everything else in the column is a number."""

NUMBER = r"(?i)^[+-]?((\d+\.?\d*|\.\d+)(e[+-]?\d+)?|inf|infinity)$"

BEYOND_FLOATS = 2.0**53
"""From here on neighbouring whole numbers share one 64-bit float."""


@dataclass(slots=True)
class Findings:
    """What reading had to assume, gathered over the columns, told in a few sentences."""

    missing_words: dict[str, None] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def sentences(self, limit: int = 40) -> list[str]:
        """Return the notes, at most `limit` of them."""
        notes = list(self.notes)
        if self.missing_words:
            words = listed(
                [quoted(word) if word else "a blank cell" for word in self.missing_words]
            )
            notes.insert(0, f"Read as a missing value: {words}.")
        if len(notes) > limit:
            notes[limit:] = [f"There are {len(notes) - limit} more notes like these."]
        return notes


def from_text(
    name: str, texts: pa.StringArray, decimal: str, findings: Findings
) -> tuple[Column, Floats]:
    """Read a column of text, as CSV holds it: numbers, true and false, or categories."""
    plain = _all_numbers(texts) if decimal == "." else None
    if plain is not None:
        return from_numbers(name, plain, findings)
    # What follows looks at each distinct word once.
    cells = texts.dictionary_encode()
    codes, words = _codes(cells), pc.utf8_trim_whitespace(cells.dictionary)
    counts = np.bincount(codes[codes >= 0], minlength=len(words))
    missing = _mask(pc.is_in(words, pa.array(MISSING_WORDS)))
    numbers = _numbers(words, missing, decimal)
    is_number = ~np.isnan(numbers)
    loose = ~missing & ~is_number & _loose(words) & is_number.any()
    text = ~is_number & ~missing & ~loose
    if not text.any():
        blank = missing | loose
        _remember(words, blank, findings)
        return from_numbers(name, _spread(np.where(blank, np.nan, numbers), codes), findings)
    _remember(words, missing, findings)
    spelled = _booleans(words, missing)
    if spelled is not None:
        return Column(name, "boolean", BOOLEANS), _spread(spelled, codes)
    if counts[is_number].sum() >= counts[text].sum():
        _note_mixture(name, words, (text, counts), findings)
    return _category(name, cells.dictionary, codes, missing)


def from_categories(name: str, cells: pa.DictionaryArray) -> tuple[Column, Floats]:
    """Read a column that is declared to be text; only null is missing."""
    return _category(name, cells.dictionary, _codes(cells), np.zeros(len(cells.dictionary), bool))


def from_numbers(name: str, values: Floats, findings: Findings) -> tuple[Column, Floats]:
    """Take a column of numbers; what is not finite becomes missing, and is counted in a note."""
    infinite = np.isinf(values)
    if infinite.any():
        values = np.where(infinite, np.nan, values)
        findings.notes.append(
            f"Column {quoted(name)}: {count(infinite.sum(), 'infinite value')} read as missing."
        )
    present = values[~np.isnan(values)]
    is_integer = bool(present.size) and bool(np.all(present == np.floor(present)))
    if is_integer and np.abs(present).max() >= BEYOND_FLOATS:
        findings.notes.append(
            f"Column {quoted(name)} holds whole numbers of more than 15 digits; they are rounded. "
            "If it is an identifier, leave it out."
        )
    return Column(name, "number", is_integer=is_integer), values


def _all_numbers(texts: pa.StringArray) -> Floats | None:
    """Return the numbers if every cell is a finite one: the common case, and the fast one."""
    try:
        values = pc.cast(texts, pa.float64()).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:
        return None
    return values if np.isfinite(values).all() else None


def _codes(cells: pa.DictionaryArray) -> np.ndarray:
    indices = cells.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return np.asarray(indices, dtype=np.int64)


def _mask(array: Any) -> np.ndarray:
    return np.asarray(array.fill_null(False).to_numpy(zero_copy_only=False), dtype=bool)


def _spread(of_words: Floats, codes: np.ndarray) -> Floats:
    """Return the value of every cell from the values of the distinct words; code -1 is missing."""
    values: Floats = np.append(of_words, np.nan)[codes]
    return values


def _numbers(words: Any, missing: np.ndarray, decimal: str) -> Floats:
    if decimal == ",":
        # A point in a file of decimal commas groups thousands: what it means is not guessed.
        words = pc.if_else(pc.match_substring(words, "."), "-", words)
        words = pc.replace_substring(words, ",", ".")
    words = pc.if_else(pa.array(missing), pa.scalar(None, pa.string()), words)
    try:
        parsed = pc.cast(words, pa.float64())
    except pa.ArrowInvalid:
        shaped = pc.match_substring_regex(words, NUMBER)
        parsed = pc.cast(pc.if_else(shaped, words, pa.scalar(None, pa.string())), pa.float64())
    return np.asarray(parsed.to_numpy(zero_copy_only=False), dtype=np.float64)


def _loose(words: Any) -> np.ndarray:
    lowered = pc.utf8_lower(words)
    return _mask(pc.is_in(lowered, pa.array([*LOOSE_WORDS, "nan", "null"])))


def _remember(words: Any, mask: np.ndarray, findings: Findings) -> None:
    for word in words.filter(pa.array(mask)).to_pylist():
        findings.missing_words.setdefault(word)


def _booleans(words: Any, missing: np.ndarray) -> Floats | None:
    """Return 0 and 1 for false and true, NaN for missing; None if there is any other word."""
    if len(words) > 8 + len(MISSING_WORDS):
        return None
    meaning = {"false": 0.0, "true": 1.0}
    lowered = [word.lower() for word in words.to_pylist()]
    if any(word not in meaning for word, out in zip(lowered, missing, strict=True) if not out):
        return None
    return np.array([meaning.get(word, np.nan) for word in lowered])


def _note_mixture(
    name: str, words: Any, text: tuple[np.ndarray, np.ndarray], findings: Findings
) -> None:
    """Say so when a column would be one of numbers but for a few words."""
    is_text, counts = text
    cells = int(counts[is_text].sum())
    example = words[int(np.argmax(is_text))].as_py()
    findings.notes.append(
        f"Column {quoted(name)} mixes numbers and text (for example {quoted(example)}, "
        f"{count(cells, 'cell')} of text), so it is read as categories."
    )


def _category(
    name: str, dictionary: Any, codes: np.ndarray, missing: np.ndarray
) -> tuple[Column, Floats]:
    used = np.zeros(len(dictionary), dtype=bool)
    used[codes[codes >= 0]] = True
    kept = np.flatnonzero(used & ~missing)
    texts = dictionary.take(pa.array(kept)).to_pylist()
    order = sorted(range(len(texts)), key=texts.__getitem__)
    place = np.full(len(dictionary), np.nan)
    place[kept[order]] = np.arange(len(order))
    return Column(name, "category", tuple(texts[i] for i in order)), _spread(place, codes)
