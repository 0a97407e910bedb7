"""The labelled rows of a dataset: what learners are fitted on, and the upload is asked about."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from xai.analyses.learners import Labelled
from xai.errors import NotApplicable
from xai.vocabulary import Floats, Integers, Recipe
from xai.workbench import gaps
from xai.workbench.opened import Opened

ROWS_MOST = 2_000
"""Rows that learners are fitted on: a kernel machine costs the square of them."""
ROWS_LEAST = 40
CLASSES_MOST = 20
PER_CLASS = 4
"""Rows that a class needs to be there in both halves of a split."""


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """Labelled rows of a dataset.

    Attributes
    ----------
    rows : array of shape (n,)
        Their positions in the dataset.
    classes : tuple of str
        What the class codes of `data.labels` stand for; empty for a regression.
    output : array of shape (classes,)
        The model's output behind each class code.
    of : int
        Labelled rows there are in all.
    notes : tuple of str
        What was left out.
    """

    rows: Integers
    data: Labelled
    classes: tuple[str, ...]
    output: Integers
    of: int
    notes: tuple[str, ...]


def known_rows(opened: Opened, recipe: Recipe, most: int = ROWS_MOST) -> Known:
    """Return the labelled rows that the model can be asked about, `most` of them drawn by seed.

    Raises
    ------
    NotApplicable
        If there are too few of them, or of all classes but one.
    """
    if opened.labels is None:
        raise NotApplicable("No column holds the truth, so nothing can be learnt here.")
    usable, _ = gaps.usable(opened.facts, opened.table)
    rows = usable[np.isfinite(opened.labels[usable])]
    is_class = opened.facts.problem == "classification"
    notes: list[str] = []
    if is_class:
        rows = _of_frequent_classes(rows, opened, notes)
    if len(rows) < ROWS_LEAST:
        raise NotApplicable(
            f"Only {len(rows)} rows have a label that can be used here, and {ROWS_LEAST} are "
            "needed to fit and to test."
        )
    of = len(rows)
    if of > most:
        rows = np.sort(np.random.default_rng([recipe.seed, 7]).choice(rows, most, replace=False))
        notes.append(f"{most:,} of {of:,} labelled rows are used, drawn by the seed.")
    labels = opened.labels[rows]
    output = np.zeros(0, dtype=np.int64)
    if is_class:
        output, codes = np.unique(labels.astype(np.int64), return_inverse=True)
        labels = codes.astype(np.float64)
    data = Labelled(
        inputs=opened.table.matrix[rows],
        labels=labels,
        categorical=tuple(column.kind != "number" for column in opened.table.columns),
        is_classification=is_class,
    )
    classes = tuple(opened.facts.outputs[i] for i in output)
    return Known(rows, data, classes, output, of, tuple(notes))


def own_answers(opened: Opened, known: Known, inputs: Floats) -> Floats:
    """Return the uploaded model's answers as class codes of `known` (−1 for others), or values."""
    outputs = opened.outputs(inputs)
    if not known.data.is_classification:
        return outputs[:, 0]
    code = np.full(outputs.shape[1], -1.0)
    code[known.output] = np.arange(len(known.output))
    return np.asarray(code[outputs.argmax(axis=1)])


def _of_frequent_classes(rows: Integers, opened: Opened, notes: list[str]) -> Integers:
    assert opened.labels is not None  # noqa: S101 - for the types
    codes = opened.labels[rows].astype(np.int64)
    classes, counts = np.unique(codes, return_counts=True)
    order = classes[np.argsort(-counts, kind="stable")]
    enough = set(classes[counts >= PER_CLASS].tolist())
    kept = [int(c) for c in order if int(c) in enough][:CLASSES_MOST]
    if len(kept) < 2:
        raise NotApplicable(
            f"Fewer than two classes have {PER_CLASS} labelled rows, so nothing can be told apart."
        )
    left_out = len(classes) - len(kept)
    if left_out:
        notes.append(
            f"{left_out} of {len(classes)} classes are left out: too few rows, or beyond the "
            f"{CLASSES_MOST} commonest."
        )
    return rows[np.isin(codes, kept)]
