"""Bring methods with different units to common units before they are compared.

A method may give one value per group of features. The values of the other method are then summed
over each group; two different groupings are joined until no group of one crosses a group of
the other.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from xai.units import FIXED
from xai.vocabulary import Floats, Integers

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


def common_units(groups: Mapping[str, Groups]) -> tuple[tuple[str, ...], Groups]:
    """Return which methods vote, and over which units.

    Features, if two methods know them: then methods with groups do not vote, so that no detail is
    lost. Otherwise all vote, over the finest groups that they have in common.
    """
    finest = [slug for slug, own in groups.items() if all(len(group) == 1 for group in own)]
    voters = tuple(finest) if len(finest) > 1 or len(groups) == 1 else tuple(groups)
    voters = voters or tuple(groups)
    common: Groups = groups[voters[0]] if voters else ()
    for slug in voters[1:]:
        common = join(common, groups[slug])
    return voters, common


def over_players(values: Floats, players: Integers) -> Floats:
    """Sum values (…, u) over the units of each player: (…, players); fixed units are left out."""
    count = int(players.max(initial=FIXED)) + 1
    into = np.zeros((len(players), count))
    kept = players != FIXED
    into[np.flatnonzero(kept), players[kept]] = 1.0
    return np.asarray(values @ into)


def pool(values: Floats, shape: tuple[int, int], grid: tuple[int, int]) -> Floats:
    """Sum a picture's values over the cells of a grid; a pixel on a border is shared by area.

    Parameters
    ----------
    values : array of shape (…, height × width)
    shape, grid : (height, width)

    Returns
    -------
    array of shape (…, cells)
        With the same sum; where the grid is finer than the values, each value is spread.
    """
    if shape == grid:
        return values
    picture = values.reshape(*values.shape[:-1], *shape)
    pooled = _shares(shape[0], grid[0]) @ picture @ _shares(shape[1], grid[1]).T
    return np.asarray(pooled.reshape(*values.shape[:-1], grid[0] * grid[1]))


def _shares(pixels: int, cells: int) -> Floats:
    """Return which share of each pixel lies in each cell, shape (cells, pixels)."""
    pixel, cell = np.arange(pixels) / pixels, np.arange(cells)[:, None] / cells
    ends = np.minimum(pixel + 1 / pixels, cell + 1 / cells)
    return np.asarray(np.clip(ends - np.maximum(pixel, cell), 0, None) * pixels)


def unit_names(
    names: Mapping[str, tuple[str, ...]], groups: Mapping[str, Groups], common: Groups
) -> tuple[str, ...]:
    """Return the names of common units: those of a method that has them, else made of features."""
    for slug, own in groups.items():
        if own == common:
            return names[slug]
    for slug, own in groups.items():
        if all(len(group) == 1 for group in own):
            return tuple(" + ".join(names[slug][i] for i in group) for group in common)
    return tuple(f"group {position + 1}" for position in range(len(common)))
