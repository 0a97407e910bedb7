"""How right the model is on the explained rows whose truth is known."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

import numpy as np

from xai.reports.results import Results
from xai.vocabulary import Floats

NORMAL_95 = 1.96


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Of a classifier; `commonest` is the accuracy of always answering the most common class."""

    labelled: int
    share: float
    low: float
    high: float
    commonest: float
    commonest_name: str


@dataclass(frozen=True, slots=True)
class Fit:
    """Of a regression; `r2` is None where all labels are equal."""

    labelled: int
    r2: float | None
    error: float
    error_of_median: float


def accuracy(results: Results) -> Accuracy | None:
    """Return the accuracy with Wilson's 95 % interval; None without labels."""
    predictions = results.predictions
    right = [found for found in predictions.correct if found is not None]
    if not right:
        return None
    n = len(right)
    known = (label for label, found in zip(predictions.labels, predictions.correct, strict=True)
             if found is not None)  # fmt: skip
    name, most = Counter(map(str, known)).most_common(1)[0]
    part = sum(right) / n
    low, high = wilson(part, n)
    return Accuracy(n, part, low, high, most / n, name)


def fit(results: Results) -> Fit | None:
    """Return R² and the mean absolute error of a regression; None without labels."""
    predictions = results.predictions
    labels = np.array([_number(label) for label in predictions.labels])
    known = np.isfinite(labels)
    if not known.any():
        return None
    truth, values = labels[known], predictions.values[known]
    spread = float(((truth - truth.mean()) ** 2).sum())
    return Fit(
        labelled=int(known.sum()),
        r2=1 - float(((truth - values) ** 2).sum()) / spread if spread > 0 else None,
        error=_mean(np.abs(truth - values)),
        error_of_median=_mean(np.abs(truth - np.median(truth))),
    )


def wilson(share: float, n: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share: right also near 0 and 1."""
    z2 = NORMAL_95**2 / n
    middle = (share + z2 / 2) / (1 + z2)
    half = math.sqrt(z2 * share * (1 - share) + z2 * z2 / 4) / (1 + z2)
    return max(0.0, middle - half), min(1.0, middle + half)


def _number(label: str | None) -> float:
    try:
        return math.nan if label is None else float(label)
    except ValueError:
        return math.nan


def _mean(values: Floats) -> float:
    return float(values.mean())
