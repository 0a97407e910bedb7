"""Columns of a table as learners take them: numbers standardised, categories one by one.

What is learnt (medians, means, categories) is learnt from the rows of a fit alone, so that nothing
of a held-out row leaks into what predicts it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from xai.vocabulary import Floats, Integers

CATEGORIES_MOST = 12
"""Categories of a column that get a column of their own; the others share none."""


class Encoder(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Fill gaps with the median, standardise numbers, give each common category a 0/1 column.

    Parameters
    ----------
    categorical : tuple of bool, length d
        True where a column holds codes; its missing values are a category of their own (code −1).

    Attributes
    ----------
    owner : array of shape (p,)
        The column of the table behind each encoded one.
    code : array of shape (p,)
        The category that an encoded column stands for; NaN for a number.
    """

    def __init__(self, categorical: tuple[bool, ...]) -> None:
        self.categorical = categorical

    def fit(self, rows: Floats, labels: object = None) -> Encoder:  # noqa: ARG002 - scikit-learn's
        """Learn medians, means, spreads and categories."""
        numbers = [j for j, is_category in enumerate(self.categorical) if not is_category]
        with np.errstate(all="ignore"):
            self.middle_ = np.array([_median(rows[:, j]) for j in numbers])
        filled = _filled(rows[:, numbers], self.middle_)
        self.mean_, spread = filled.mean(axis=0), filled.std(axis=0)
        self.spread_ = np.where(spread > 0, spread, 1.0)
        self.numbers_ = numbers
        self.common_ = [
            (j, code)
            for j, is_category in enumerate(self.categorical)
            if is_category
            for code in _common(rows[:, j])
        ]
        self.owner = np.array([*numbers, *(j for j, _ in self.common_)], dtype=np.int64)
        self.code = np.array([*([np.nan] * len(numbers)), *(c for _, c in self.common_)])
        return self

    def transform(self, rows: Floats) -> Floats:
        """Return encoded rows, shape (n, p)."""
        filled = _filled(rows[:, self.numbers_], self.middle_)
        scaled = (filled - self.mean_) / self.spread_
        coded = np.where(np.isnan(rows), -1.0, rows)
        flags = [coded[:, j] == code for j, code in self.common_]
        return np.column_stack([scaled, *flags]).astype(np.float64)

    def raw(self, column: int, value: float) -> float:
        """Return a value of an encoded number column in the units of the table."""
        return float(value * self.spread_[column] + self.mean_[column])


def columns_of(encoder: Encoder, features: Sequence[int]) -> Integers:
    """Return the encoded columns of some features."""
    return np.flatnonzero(np.isin(encoder.owner, list(features)))


def _median(column: Floats) -> float:
    known = column[np.isfinite(column)]
    return float(np.median(known)) if len(known) else 0.0


def _filled(numbers: Floats, middle: Floats) -> Floats:
    return np.where(np.isfinite(numbers), numbers, middle)


def _common(column: Floats) -> list[float]:
    codes, counts = np.unique(np.where(np.isnan(column), -1.0, column), return_counts=True)
    kept = np.sort(np.argsort(-counts, kind="stable")[:CATEGORIES_MOST])
    return [float(codes[i]) for i in kept]
