"""Nearly equal models: which they are, and how far they differ in answers and in what they use.

Source: Semenova, Rudin and Parr, FAccT 2022, https://arxiv.org/abs/1908.01755 (near-optimal set);
Marx, Calmon and Ustun, Predictive Multiplicity in Classification, ICML 2020,
https://arxiv.org/abs/1909.06677 (ambiguity, discrepancy); Hsu and Calmon, Rashomon Capacity,
NeurIPS 2022, https://arxiv.org/abs/2206.01295, by the algorithm of Blahut and Arimoto; Fisher,
Rudin and Dominici, JMLR 2019, https://arxiv.org/abs/1801.01489 (model reliance and its range).
Departure: the set is that of the models which were fitted, not all that a class of models holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from xai.analyses.names import OPAQUE, SIMPLE
from xai.vocabulary import Floats

NEAR = 0.01
"""How far below the best a model still counts as near it, at least, in the units of the score."""
RANGE = 0.03
"""All five within this: the data do not tell learners apart."""
STEPS, ENOUGH = 500, 1e-9
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Near:
    """The learners near the best: how near, which, and how far all reach apart."""

    tolerance: float
    members: tuple[str, ...]
    spread: float
    verdict: Literal["likely", "unlikely", "unclear"]


def tolerance(scores: Floats) -> float:
    """Return how near counts as near: one standard error of the best mean, 0.01 at least.

    Parameters
    ----------
    scores : array of shape (learners, splits)
    """
    best = scores[scores.mean(axis=1).argmax()]
    error = best.std(ddof=1) / np.sqrt(len(best)) if len(best) > 1 else 0.0
    return max(NEAR, float(error))


def near(slugs: tuple[str, ...], means: Floats, within: float, limit: float = RANGE) -> Near:
    """Return which learners are near the best, and what that says of a simpler model."""
    members = tuple(
        s for s, mean in zip(slugs, means, strict=True) if mean >= means.max() - within - 1e-12
    )
    spread = float(np.ptp(means))
    if spread <= limit and set(members) & set(SIMPLE):
        return Near(within, members, spread, "likely")
    return Near(within, members, spread, "unlikely" if set(members) <= set(OPAQUE) else "unclear")


def ambiguity(answers: Floats, reference: int = 0) -> float:
    """Return the share of rows on which any model differs from the reference.

    Parameters
    ----------
    answers : array of shape (models, n)
        Predicted classes.
    """
    return float((answers != answers[reference]).any(axis=0).mean())


def discrepancy(answers: Floats, reference: int = 0) -> float:
    """Return the largest share of rows on which one model differs from the reference."""
    return float((answers != answers[reference]).mean(axis=1).max())


def viable_range(shares: Floats) -> tuple[Floats, Floats]:
    """Return the least and the largest probability that any model gives each row, (n,) each.

    Parameters
    ----------
    shares : array of shape (models, n)
    """
    return shares.min(axis=0), shares.max(axis=0)


def capacity(shares: Floats) -> Floats:
    """Return the Rashomon capacity of each row, as an effective number of answers, shape (n,).

    Two to the power of the channel capacity between models and classes: 1 where all models say the
    same, the number of classes where they contradict each other fully.

    Parameters
    ----------
    shares : array of shape (models, n, classes)
        Probabilities that sum to 1.
    """
    rows = np.moveaxis(shares, 0, 1)
    weights = np.full(rows.shape[:2], 1 / rows.shape[1])
    safe = np.where(rows > 0, rows, 1.0)
    bits = np.zeros(len(rows))
    for _ in range(STEPS):
        mixed = np.einsum("nm,nmk->nk", weights, rows)
        ratio = np.where(rows > 0, safe / np.maximum(mixed, 1e-300)[:, None], 1.0)
        apart = (rows * np.log(ratio)).sum(axis=2)
        gained = weights * np.exp(apart)
        total = gained.sum(axis=1)
        weights = gained / total[:, None]
        bits, before = np.log2(total), bits
        if np.abs(bits - before).max(initial=0.0) < ENOUGH:
            break
    return np.asarray(2.0**bits)


def reliance_range(reliance: Floats) -> tuple[Floats, Floats]:
    """Return the least and the largest reliance on each feature over the models, (d,) each."""
    return reliance.min(axis=0), reliance.max(axis=0)


def reliance_share(reliance: Floats, feature: int, level: float) -> float:
    """Return the share of models that rely on a feature no more than `level`."""
    return float((reliance[:, feature] <= level).mean())
