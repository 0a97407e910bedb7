"""Bring methods with different units to common units before they are compared.

A method may give one value per group of features. The values of the other method are then summed
over each group; two different groupings are joined until no group of one crosses a group of
the other.
"""

from __future__ import annotations

import numpy as np

from xai.vocabulary import Floats

Groups = tuple[tuple[int, ...], ...]


def features(width: int) -> Groups:
    """Return the grouping in which every feature stands alone."""
    return tuple((feature,) for feature in range(width))


def join(first: Groups, second: Groups) -> Groups:
    """Return the finest grouping of which no group of either crosses a border."""
    owner: dict[int, set[int]] = {}
    for group in (*first, *second):
        merged = set(group).union(*(owner[feature] for feature in group if feature in owner))
        for feature in merged:
            owner[feature] = merged
    unique = {id(group): tuple(sorted(group)) for group in owner.values()}
    return tuple(sorted(unique.values()))


def coarsen(values: Floats, own: Groups, common: Groups) -> Floats:
    """Sum values over units into the common groups.

    Parameters
    ----------
    values : array of shape (n, units)
        One column per group of `own`.
    common : Groups
        Every group of `own` lies within one of these.

    Returns
    -------
    array of shape (n, len(common))
    """
    if own == common:
        return values
    home = {feature: position for position, group in enumerate(common) for feature in group}
    into = np.zeros((len(own), len(common)))
    for row, group in enumerate(own):
        into[row, home[group[0]]] = 1.0
    return values @ into


def label(group: tuple[int, ...], names: tuple[str, ...]) -> str:
    """Return the name of a group of features."""
    return " + ".join(names[feature] for feature in group)
