"""What several methods say together, and where they differ: Kendall's W, Borda points, dispute.

A consensus of methods is not the truth about the model.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from xai.evaluation.ranks import blocks, top
from xai.vocabulary import Floats


@dataclass(frozen=True, slots=True)
class Consensus:
    """For n samples over u units, by m methods.

    Attributes
    ----------
    places : array of shape (m, n, u)
        1 for the strongest unit; tied units share their mean place.
    points : array of shape (n, u)
        Borda: u minus the mean place over families, so that a family of similar methods has one
        vote. The most points is the strongest unit.
    dispute : array of shape (n, u)
        How many places apart the methods put a unit: largest place minus smallest.
    concordance : array of shape (n,)
        Kendall's W: 1 if all methods agree, about 1/m if they are unrelated; NaN if undefined.
    """

    places: Floats
    points: Floats
    dispute: Floats
    concordance: Floats

    def most_disputed(self) -> np.ndarray:
        """Return per sample the unit on which the methods differ most, of those in any top k."""
        matters = self.places.min(axis=0) <= top(self.places.shape[2])
        return np.asarray(np.argmax(np.where(matters, self.dispute, -1.0), axis=1))


@dataclass(frozen=True, slots=True)
class Disputes:
    """What the methods say together, by sample and by name of a unit; n samples.

    Attributes
    ----------
    concordance : array of shape (n,)
    worst : tuple of str, length n
        The most disputed unit of each sample; empty where nothing was ranked.
    between : array of shape (n, 2)
        The best and the worst place of that unit.
    points, dispute : dict of name to mean over samples, largest first
    """

    concordance: Floats
    worst: tuple[str, ...] = ()
    between: Floats = field(default_factory=lambda: np.zeros((0, 2)))
    points: dict[str, float] = field(default_factory=dict)
    dispute: dict[str, float] = field(default_factory=dict)


def summarise(found: Consensus, units: tuple[str, ...]) -> Disputes:
    """Put a consensus over the same units on every sample in words of units."""
    if not units:
        return Disputes(found.concordance)
    worst = found.most_disputed()
    at = found.places[:, np.arange(len(worst)), worst]
    return Disputes(
        concordance=found.concordance,
        worst=tuple(units[unit] for unit in worst),
        between=np.stack([at.min(axis=0), at.max(axis=0)], axis=1),
        points=largest_first(units, _column_means(found.points)),
        dispute=largest_first(units, _column_means(found.dispute)),
    )


def largest_first(names: tuple[str, ...], values: Floats) -> dict[str, float]:
    """Return values by name, the largest first; equal ones keep their order."""
    return {names[at]: float(values[at]) for at in np.argsort(-values, kind="stable")}


def _column_means(values: Floats) -> Floats:
    defined = np.isfinite(values)
    total = np.where(defined, values, 0.0).sum(axis=0)
    counts = defined.sum(axis=0)
    return np.where(counts > 0, total / np.maximum(counts, 1), np.nan)


def gather(values: Floats, families: tuple[str, ...]) -> Consensus:
    """Rank the units by |value| and put the methods together.

    Parameters
    ----------
    values : array of shape (m, n, u)
    families : tuple of str, length m
        Methods of one family share one vote in the points.
    """
    if not len(values):
        values, families = np.full((1, *values.shape[1:]), np.nan), ("",)
    above, tied = blocks(np.abs(values))
    ranks = above + (tied + 1) / 2
    ranks[~np.isfinite(values).all(axis=2)] = np.nan
    votes = np.array([1 / families.count(family) for family in families])
    mean = np.tensordot(votes / votes.sum(), ranks, axes=1)
    return Consensus(
        places=ranks,
        points=values.shape[2] - mean,
        dispute=ranks.max(axis=0) - ranks.min(axis=0),
        concordance=_concordance(ranks, tied),
    )


def _concordance(ranks: Floats, tied: np.ndarray) -> Floats:
    m, n, u = ranks.shape
    if m < 2 or u < 2:
        return np.full(n, np.nan)
    spread = ((ranks.sum(axis=0) - m * (u + 1) / 2) ** 2).sum(axis=1)
    # Summed over units, t² − 1 is t³ − t summed over blocks of t tied units.
    ties = (tied.astype(np.float64) ** 2 - 1).sum(axis=(0, 2))
    largest = m**2 * (u**3 - u) - m * ties
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(largest > 0, 12 * spread / largest, np.nan))
