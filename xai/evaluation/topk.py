"""Kendall's τ of the strongest units only.

Source: Fagin, Kumar and Sivakumar, Comparing Top k Lists, SIAM J. Discrete Math. 2003, with the
neutral penalty of a half for a pair that only one order ties; as in Neely et al., 2022, over the
pairs of a unit of one top k with a unit of the other. Units tied at the border all belong.
"""

from __future__ import annotations

import numpy as np

from xai.vocabulary import Floats, Integers

PENALTY = 0.5


def top_kendall(above: Integers, tied: Integers, pairs: Integers, k: int) -> Floats:
    """Return Fagin's τ of pairs of orders, 1 to −1; NaN where there is no pair of units.

    Parameters
    ----------
    above, tied : arrays of shape (m, n, u)
        From `ranks.blocks`.
    pairs : array of shape (p, 2)

    Returns
    -------
    array of shape (p, n)
    """
    order, member = 2 * above + tied, above < k
    found = np.empty((len(pairs), above.shape[1]))
    for row, (a, b) in enumerate(pairs):
        # Only the units that either method has at its top can be in a pair.
        either = member[a] | member[b]
        width = int(either.sum(axis=1).max(initial=0))
        at = np.argsort(~either, axis=1, kind="stable")[:, :width]
        first, second, in_a, in_b = (
            np.take_along_axis(each, at, axis=1)
            for each in (order[a], order[b], member[a], member[b])
        )
        found[row] = _of_two(first, second, in_a, in_b)
    return found


def _of_two(first: Integers, second: Integers, in_a: np.ndarray, in_b: np.ndarray) -> Floats:
    """Return τ of two orders (n, w) over the pairs that count, shape (n,)."""
    i, j = np.triu_indices(first.shape[1], 1)
    counts = (in_a[:, i] & in_b[:, j]) | (in_a[:, j] & in_b[:, i])
    signs = [np.sign(order[:, i] - order[:, j]) for order in (first, second)]
    penalty = np.where(signs[0] * signs[1] < 0, 1.0, 0.0)
    penalty += np.where((signs[0] == 0) != (signs[1] == 0), PENALTY, 0.0)
    total = counts.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(
            np.where(total > 0, 1 - 2 * (penalty * counts).sum(axis=1) / total, np.nan)
        )
