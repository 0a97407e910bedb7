"""How right a model is on labelled rows, with bootstrap intervals over the rows.

Source: Efron, Annals of Statistics 1979 (percentile bootstrap); area under the ROC curve as the
Mann-Whitney statistic (Hanley and McNeil, Radiology 1982), of several classes one against the
rest, mean over the classes.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

from xai.vocabulary import Floats, Integers, Json

RESAMPLES = 1000
TITLES = {
    "accuracy": "Accuracy",
    "balanced": "Balanced accuracy",
    "auc": "Area under the ROC curve",
    "r2": "R²",
    "mae": "Mean absolute error",
    "rmse": "Root mean squared error",
}
"""The measures by slug; of errors less is better."""


def of_classes(shares: Floats, labels: Integers) -> dict[str, float]:
    """Return accuracy, balanced accuracy and AUC.

    Parameters
    ----------
    shares : array of shape (n, k)
        What the model says for each class: probabilities, or any score that orders them.
    labels : array of shape (n,)
    """
    right = shares.argmax(axis=1) == labels
    present = np.unique(labels)
    recalls = [right[labels == one].mean() for one in present]
    areas = [_area(shares[:, one], labels == one) for one in present]
    if shares.shape[1] == 2:
        areas = areas[-1:]
    return {
        "accuracy": float(right.mean()),
        "balanced": float(np.mean(recalls)),
        "auc": float(np.mean(areas)) if len(present) > 1 else np.nan,
    }


def of_values(values: Floats, labels: Floats) -> dict[str, float]:
    """Return R², mean absolute and root mean squared error of a regression."""
    errors, spread = values - labels, float(((labels - labels.mean()) ** 2).mean())
    return {
        "r2": 1 - float((errors**2).mean()) / spread if spread > 0 else np.nan,
        "mae": float(np.abs(errors).mean()),
        "rmse": float(np.sqrt((errors**2).mean())),
    }


def bounded(
    outputs: Floats, labels: Floats, seed: int, *, is_classification: bool
) -> tuple[dict[str, Json], Floats]:
    """Return each measure with a 95 % interval, and its bootstrap draws, shape (draws, measures).

    Parameters
    ----------
    outputs : array of shape (n, k), or (n, 1) of a regression
    labels : array of shape (n,)
    """

    def measured(rows: Integers) -> dict[str, float]:
        if is_classification:
            return of_classes(outputs[rows], labels[rows].astype(np.int64))
        return of_values(outputs[rows, 0], labels[rows])

    n = len(labels)
    whole = measured(np.arange(n))
    random = np.random.default_rng(seed)
    draws = np.array([list(measured(random.integers(0, n, n)).values()) for _ in range(RESAMPLES)])
    found = {}
    for at, (slug, value) in enumerate(whole.items()):
        known = draws[np.isfinite(draws[:, at]), at]
        low, high = np.percentile(known, [2.5, 97.5]) if len(known) > 1 else (np.nan, np.nan)
        found[slug] = {"value": value, "low": float(low), "high": float(high)}
    return found, draws


def apart(first: Floats, second: Floats) -> tuple[float, float]:
    """Return the 95 % interval of second minus first, of independent draws of one measure."""
    moved = second - first
    known = moved[np.isfinite(moved)]
    if len(known) < 2:
        return np.nan, np.nan
    low, high = np.percentile(known, [2.5, 97.5])
    return float(low), float(high)


def _area(scores: Floats, is_one: np.ndarray) -> float:
    ones = int(is_one.sum())
    others = len(is_one) - ones
    if not ones or not others:
        return np.nan
    ranks = rankdata(scores)
    return float((ranks[is_one].sum() - ones * (ones + 1) / 2) / (ones * others))
