"""The truth beside the features: which column holds it, and how its values name the outputs."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from xai.assets.names import find_by_name, normal
from xai.assets.table import Column, Table, plain_number
from xai.assets.wording import count, listed, quoted

if TYPE_CHECKING:
    from xai.assets.model import Feature, Problem
    from xai.vocabulary import Floats

NAMES = (
    "label", "target", "class", "y", "outcome", "truth", "income", "disease", "diagnosis",
    "species", "response", "survived", "default", "churn", "result", "labels", "targets",
)  # fmt: skip
VALUE = ("value",)
_MOST_CLASSES = 1_000


def guess_label(
    columns: tuple[Column, ...],
    features: tuple[Feature, ...],
    outputs: tuple[str, ...],
    *,
    has_names: bool = True,
    matrix: Floats | None = None,
) -> str:
    """Return the column that most likely holds the truth, "" if none does.

    Parameters
    ----------
    outputs : tuple of str
        Names of the classes, or ("value",) for a regression.
    has_names : bool
        False for a model that carries no names: then any column may be the label.
    matrix : array of shape (rows, columns), optional
        With it, columns of numbers are judged by their values and not by their name alone.
    """
    if len(columns) <= len(features):
        return ""
    names = [feature.name for feature in features] if has_names else []
    found, _ = find_by_name(names, columns)
    free = [position for position in range(len(columns)) if position not in set(found.values())]
    if outputs == VALUE:
        ranked = [(int(_is_named(columns[p])), p) for p in free if columns[p].kind == "number"]
    else:
        ranked = [(_likeness(columns, p, outputs, matrix), p) for p in free]
        ranked = [(likeness, position) for likeness, position in ranked if likeness > 0]
    return columns[max(ranked)[1]].name if ranked else ""


def label_codes(table: Table, label: str, outputs: tuple[str, ...], problem: Problem) -> Floats:
    """Return the index of the class of every row, or the true value of a regression.

    Ask with the whole table: which numbers it holds decides how they name the classes.

    Parameters
    ----------
    label : str
        A column of the table.

    Returns
    -------
    array of shape (rows,)
        NaN where the label is missing, or is no output of the model.

    Raises
    ------
    MissingColumn
        If the table has no such column.
    """
    position = table.column(label)
    column, values = table.columns[position], table.matrix[:, position]
    if problem == "regression":
        return values.copy() if column.kind == "number" else np.full(len(values), np.nan)
    present = _distinct(column, values)
    if len(present) > _MOST_CLASSES:
        return np.full(len(values), np.nan)
    codes = np.full(len(values), np.nan)
    for value, index in zip(present, _paired(column, present, outputs)[0], strict=True):
        codes[values == value] = index
    return codes


def label_notes(table: Table, label: str, outputs: tuple[str, ...], problem: Problem) -> list[str]:
    """Say what `label_codes` had to assume, and how many labels are no output of the model."""
    if problem == "regression":
        return []
    position = table.column(label)
    column, values = table.columns[position], table.matrix[:, position]
    present = _distinct(column, values)[:_MOST_CLASSES]
    indices, is_guess = _paired(column, present, outputs)
    notes = []
    if is_guess:
        pairs = [
            f"{quoted(_text(column, value))} is {quoted(outputs[int(index)])}"
            for value, index in zip(present, indices, strict=True)
            if not np.isnan(index)
        ]
        notes.append(
            f"The values of {quoted(label)} are not called as the model's classes are; they were "
            f"paired in order: {listed(pairs)}. If that is wrong, so are accuracy and loss."
        )
    codes = label_codes(table, label, outputs, problem)
    lost = int((np.isnan(codes) & ~np.isnan(values)).sum())
    if lost:
        notes.append(
            f"{count(lost, 'row')} hold a value of {quoted(label)} that is no class of the model."
        )
    return notes


def _paired(column: Column, present: Floats, outputs: tuple[str, ...]) -> tuple[list[float], bool]:
    """Return the class of each value (NaN for none), and whether it was paired by order alone.

    A value is a class if it is written alike, or is the same number. Where that fails, as many
    values as classes are paired in order, if one of the two sides is called 0, 1, 2…
    """
    texts = [_text(column, value) for value in present]
    by_text = _synonyms(outputs) | {_plain(name): index for index, name in enumerate(outputs)}
    exact = [float(by_text.get(_plain(text), np.nan)) for text in texts]
    if not np.isnan(exact).any():
        return exact, False
    counted = [str(index) for index in range(len(outputs))]
    if len(texts) == len(outputs) and [_plain(name) for name in outputs] == counted:
        # Names in the data, 0 and 1 in the model: trainers number classes in sorted order.
        return [float(index) for index in range(len(texts))], True
    if np.isnan(exact).all() and {_plain(text) for text in texts} <= set(counted):
        # 0 and 1 in the data, names in the model: the order of its outputs is what they count.
        return [float(_plain(text)) for text in texts], True
    return exact, False


def _synonyms(outputs: tuple[str, ...]) -> dict[str, int]:
    """Return the class of each single name in names such as "ant, emmet, pismire"."""
    found = [(_plain(part), i) for i, name in enumerate(outputs) for part in name.split(", ")]
    times = Counter(part for part, _ in found)
    return {part: index for part, index in found if times[part] == 1}


def _distinct(column: Column, values: Floats) -> Floats:
    """Return the values a column can have: of a category all, so that they pair alike in parts."""
    if column.kind == "number":
        return np.unique(values[~np.isnan(values)])
    return np.arange(len(column.categories), dtype=np.float64)


def _text(column: Column, value: float) -> str:
    if column.kind == "number":
        return plain_number(value)
    return column.categories[int(value)]


def _plain(text: str) -> str:
    """Return one spelling for "1", "1.0" and " 1", for True and true, for "<=50K" and "<=50K."."""
    text = text.strip().casefold().removesuffix(".")
    text = {"false": "0", "true": "1"}.get(text, text)
    try:
        return plain_number(float(text))
    except ValueError:
        return text


def _is_named(column: Column) -> bool:
    return normal(column.name) in NAMES


def _likeness(
    columns: tuple[Column, ...], position: int, outputs: tuple[str, ...], matrix: Floats | None
) -> int:
    """Return how well a column could hold the classes; 0 if it cannot."""
    column, is_named = columns[position], _is_named(columns[position])
    if column.kind == "number" and matrix is None:
        return int(is_named)
    present = _distinct(column, matrix[:, position] if matrix is not None else np.empty(0))
    if not 0 < len(present) <= len(outputs):
        return 0
    indices, is_guess = _paired(column, present, outputs)
    if np.isnan(indices).any():
        return 0
    if is_guess:
        return 2 if is_named else 0
    return 5 if is_named else 4
