"""In which order units are taken away, how many at a time, and the masks that say so.

Sizes in shapes: p players of a sample; s steps, from nothing to everything; o orders.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from xai.units import Bools
from xai.vocabulary import Floats, Integers

STEPS = (0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)
"""Shares of the players at which a curve is read: ten steps, and what the bins want."""
BINS = (0.05, 0.1, 0.2, 0.5)
"""Shares of the players whose absence and whose presence is judged (DeYoung et al. 2020)."""
RANDOM_PAIRS = 2
"""Random orders come in pairs, one the reverse of the other: together they give a gap of 0."""


@lru_cache(maxsize=1024)
def counts(players: int) -> tuple[int, ...]:
    """Return how many players are taken at each step, from none to all.

    With k, also players - k: so the mean gap of an order and its reverse is exactly 0.
    """
    first = {int(np.ceil(round(players * share, 9))) for share in STEPS if share <= 0.5}
    return tuple(sorted(first | {players - count for count in first}))


def bins(players: int) -> Integers:
    """Return at which steps the bins stand; two bins of the same size count once."""
    wanted = sorted({max(1, int(np.ceil(round(players * share, 9)))) for share in BINS})
    known = counts(players)
    return np.array([known.index(count) for count in wanted])


def order(values: Floats, ties: Floats) -> Integers:
    """Return the players, the largest value first; equal ones in the order of `ties`."""
    return np.asarray(np.lexsort((ties, -values)))


def ties(seed: int, row: int, players: int) -> Floats:
    """Return random numbers that break ties, the same for every method of a sample."""
    return np.random.default_rng([seed, 2, row]).random(players)


def random_orders(seed: int, row: int, players: int) -> Integers:
    """Return orders in pairs of reverses, shape (2 × RANDOM_PAIRS, p)."""
    draw = np.random.default_rng([seed, 3, row])
    found = [draw.permutation(players) for _ in range(RANDOM_PAIRS)]
    return np.array([each for one in found for each in (one, one[::-1])]).reshape(-1, players)


def masks(orders: Integers) -> Bools:
    """Return what is kept at each step of each order.

    Parameters
    ----------
    orders : array of shape (o, p)

    Returns
    -------
    array of shape (o, 2, s, p)
        First taking away from the first on, then keeping only the first ones.
    """
    places = np.argsort(orders, axis=1)[:, None, :]
    taken = np.array(counts(orders.shape[1]))[None, :, None]
    return np.stack([places >= taken, places < taken], axis=1)
