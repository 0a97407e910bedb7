"""Choose rows of a dataset by a short text, such as "first:100" or "sample:50"."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from xai.errors import InvalidParameter

if TYPE_CHECKING:
    from xai.vocabulary import Integers

FORMS = '"all", "first:100", "0:100" (row 0 up to row 99), "3,7,12" (counted from 0) or "sample:50"'
LONGEST = 100_000


def choose(rows: str, count: int, seed: int = 0) -> Integers:
    """Return the 0-based positions of the chosen rows.

    Parameters
    ----------
    rows : str
        What was asked. More rows than there are means all of them.
    count : int
        Rows of the dataset.
    seed : int
        Draws the sample: the same text, count and seed give the same rows.

    Returns
    -------
    array of shape (n,)
        A list keeps its order, each row once; everything else is in the order of the file.

    Raises
    ------
    InvalidParameter
        If the text is in none of these forms, names a row that is not there, or chooses none.
    """
    text = re.sub(r"\s+", "", rows[:LONGEST]).lower()
    if text == "all":
        return np.arange(count, dtype=np.int64)
    if match := re.fullmatch(r"(first|sample):(\d{1,12})", text):
        return _some(match[1], int(match[2]), count, seed)
    if match := re.fullmatch(r"(\d{1,12}):(\d{1,12})", text):
        return _range(int(match[1]), int(match[2]), count)
    if re.fullmatch(r"\d{1,12}(,\d{1,12})*,?", text) and len(rows) <= LONGEST:
        return _list([int(number) for number in text.strip(",").split(",")], count)
    shown = rows if len(rows) <= 40 else f"{rows[:40]}…"
    raise InvalidParameter(f"Rows cannot be chosen by {shown!r}. Write {FORMS}.")


def _some(which: str, size: int, count: int, seed: int) -> Integers:
    if size < 1:
        raise InvalidParameter(f"Choose at least one row: {which}:{size} chooses none.")
    if which == "first" or size >= count:
        return np.arange(min(size, count), dtype=np.int64)
    drawn = np.random.default_rng(seed).choice(count, size, replace=False)
    return np.sort(drawn).astype(np.int64)


def _range(start: int, stop: int, count: int) -> Integers:
    if start >= min(stop, count):
        raise InvalidParameter(
            f"The range {start}:{stop} holds no row; the data has rows 0 to {count - 1}, and a "
            "range ends before its second number."
        )
    return np.arange(start, min(stop, count), dtype=np.int64)


def _list(positions: list[int], count: int) -> Integers:
    beyond = [position for position in positions if position >= count]
    if beyond:
        raise InvalidParameter(
            f"There is no row {beyond[0]}: rows are counted from 0, and the last one is "
            f"{count - 1}."
        )
    return np.array(list(dict.fromkeys(positions)), dtype=np.int64)
