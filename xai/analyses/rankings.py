"""How alike two importances order the features, with bootstrap intervals over the rows behind them.

Source: Kendall's τ-b, Spearman's ρ, Pearson's r and extrapolated rank-biased overlap as in the
agreement of methods (see `xai.evaluation.measures`), of |values|; percentile bootstrap, where both
importances rest on the same rows the same rows are drawn for both.
"""

from __future__ import annotations

import numpy as np

from xai.evaluation.measures import compare
from xai.vocabulary import Floats, Json

MEASURES = ("kendall", "spearman", "pearson", "rbo")
RESAMPLES = 400


def alike(first: Floats, second: Floats) -> dict[str, Floats]:
    """Return each measure for pairs of importances.

    Parameters
    ----------
    first, second : arrays of shape (pairs, d)

    Returns
    -------
    dict of arrays of shape (pairs,)
        NaN where an importance is the same for all features.
    """
    stacked = np.stack([np.abs(first), np.abs(second)], axis=1)
    found = compare(stacked, np.array([[0, 1]]), (True, True))
    return {slug: found[slug][0] for slug in MEASURES}


def bounded(
    whole: tuple[Floats, Floats], draws: tuple[Floats, Floats]
) -> dict[str, dict[str, Json]]:
    """Return each measure of two importances, with the 95 % interval of its draws.

    Resampling adds noise to an order, so draws lean to less agreement than there is: an interval
    that would not hold the value itself is widened to it.

    Parameters
    ----------
    whole : two arrays of shape (d,)
    draws : two arrays of shape (draws, d)
    """
    values = alike(whole[0][None], whole[1][None])
    drawn = alike(*draws)
    found = {}
    for slug in MEASURES:
        known = drawn[slug][np.isfinite(drawn[slug])]
        low, high = np.percentile(known, [2.5, 97.5]) if len(known) > 1 else (np.nan, np.nan)
        value = float(values[slug][0])
        found[slug] = {"value": value, "low": min(low, value), "high": max(high, value)}
    return found


def means_of(values: Floats, counts: Floats) -> Floats:
    """Return the mean value per feature of resampled rows, shape (draws, d).

    Parameters
    ----------
    values : array of shape (n, d)
    counts : array of shape (draws, n)
        How often each row is drawn.
    """
    return np.asarray(counts @ values / counts.sum(axis=1, keepdims=True))


def drawn(rows: int, seed: int, draws: int = RESAMPLES) -> Floats:
    """Return how often each row is drawn, shape (draws, rows)."""
    picked = np.random.default_rng(seed).integers(0, rows, (draws, rows))
    offsets = np.arange(draws)[:, None] * rows
    flat = np.bincount((picked + offsets).ravel(), minlength=draws * rows)
    return flat.reshape(draws, rows).astype(np.float64)
