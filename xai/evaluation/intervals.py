"""Means over samples with bootstrap intervals; undefined values are left out and counted."""

from __future__ import annotations

import numpy as np

from xai.vocabulary import Floats

RESAMPLES = 1000
CHUNK_NUMBERS = 4_000_000


def mean_interval(
    values: Floats, seed: int, resamples: int = RESAMPLES
) -> tuple[Floats, Floats, Floats]:
    """Return the mean of each row over its defined values, with a 95 % percentile interval.

    Parameters
    ----------
    values : array of shape (rows, n)
        One column per sample; NaN is undefined. All rows are resampled alike.

    Returns
    -------
    mean, low, high : arrays of shape (rows,)
        NaN where nothing is defined; the interval is NaN with fewer than two defined values.
    """
    rows, n = values.shape
    defined = np.isfinite(values)
    counts = defined.sum(axis=1)
    filled = np.where(defined, values, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = filled.sum(axis=1) / counts
    draws = np.empty((resamples, rows))
    random = np.random.default_rng(seed)
    step = max(1, CHUNK_NUMBERS // max(n, 1))
    for start in range(0, resamples, step):
        weights = _resample(random, min(step, resamples - start), n)
        with np.errstate(invalid="ignore", divide="ignore"):
            draws[start : start + step] = (weights @ filled.T) / _counts(weights, defined)
    low, high = _quantiles(draws)
    few = counts < 2
    return mean, np.where(few, np.nan, low), np.where(few, np.nan, high)


def resampled(values: Floats, seed: int, resamples: int = RESAMPLES) -> Floats:
    """Return the means of resampled samples, shape (resamples, rows); nothing may be undefined."""
    rows, n = values.shape
    draws = np.empty((resamples, rows))
    random = np.random.default_rng(seed)
    step = max(1, CHUNK_NUMBERS // max(n, 1))
    for start in range(0, resamples, step):
        weights = _resample(random, min(step, resamples - start), n)
        draws[start : start + step] = weights @ values.T / n
    return draws


def _resample(random: np.random.Generator, rows: int, n: int) -> Floats:
    """Return how often each sample is drawn, shape (rows, n): a multinomial, drawn one by one."""
    drawn = random.integers(0, n, size=(rows, n)) + np.arange(rows)[:, None] * n
    return np.bincount(drawn.ravel(), minlength=rows * n).reshape(rows, n).astype(np.float64)


def _counts(weights: Floats, defined: np.ndarray) -> Floats:
    if defined.all():
        return np.full((len(weights), len(defined)), float(weights.shape[1]))
    return np.asarray(weights @ defined.T.astype(np.float64))


def _quantiles(draws: Floats) -> tuple[Floats, Floats]:
    """Return the 2.5 % and 97.5 % quantiles of each column, without draws that defined nothing."""
    if np.isfinite(draws).all():
        low, high = np.percentile(draws, [2.5, 97.5], axis=0)
        return low, high
    edges = np.full((2, draws.shape[1]), np.nan)
    for column, drawn in enumerate(draws.T):
        kept = drawn[np.isfinite(drawn)]
        if len(kept):
            edges[:, column] = np.percentile(kept, [2.5, 97.5])
    return edges[0], edges[1]
