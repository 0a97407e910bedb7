"""Influence functions of the last layer: which rows a prediction leans on.

Source: Koh and Liang, Understanding Black-box Predictions via Influence Functions, ICML 2017,
https://arxiv.org/abs/1703.04730, for the last layer alone, which is a (multinomial) logistic
regression on what it reads, with a damped mean Hessian. Classes are taken relative to the first, so
that no direction without a loss is left.
Cost: one system of (classes − 1) × (inputs + 1) unknowns; no answer of the model more.
"""

from __future__ import annotations

import numpy as np

from xai.errors import NotApplicable
from xai.vocabulary import Floats, Integers

UNKNOWNS_MOST = 2_500
DAMPING = 0.01
"""Share of the mean curvature that is added to every direction."""


def up(gradients: Floats, hessian: Floats, tested: Floats) -> Floats:
    """Return how the loss of each tested row moves with more weight on each row.

    Parameters
    ----------
    gradients : array of shape (n, q)
        Of the loss of each row in the weights.
    hessian : array of shape (q, q)
        Of the mean loss, regularisation included.
    tested : array of shape (t, q)

    Returns
    -------
    array of shape (t, n)
        Taking row i away changes the tested loss by −value / n, to first order.
    """
    return np.asarray(-tested @ np.linalg.solve(hessian, gradients.T))


def of_last_layer(
    shares: Floats, labels: Integers, hidden: Floats, tested: Integers, damping: float = DAMPING
) -> Floats:
    """Return the change of each tested row's loss if a row were taken away and the layer refitted.

    Parameters
    ----------
    shares : array of shape (n, k)
    labels : array of shape (n,)
    hidden : array of shape (n, p)
    tested : array of shape (t,)
        Rows whose loss is looked at.

    Returns
    -------
    array of shape (t, n)
        Above 0: the row helps, without it the loss would be higher.

    Raises
    ------
    NotApplicable
        If the last layer is too large to be inverted.
    """
    unknowns = (shares.shape[1] - 1) * (hidden.shape[1] + 1)
    if unknowns > UNKNOWNS_MOST:
        raise NotApplicable(
            f"The last layer has {unknowns:,} weights, more than {UNKNOWNS_MOST:,}: its curvature "
            "is not inverted here."
        )
    gradients = gradients_of(shares, labels, hidden)
    hessian = hessian_of(shares, hidden)
    hessian[np.diag_indices(len(hessian))] += damping * float(np.trace(hessian)) / len(hessian)
    return -up(gradients, hessian, gradients[tested]) / len(labels)


def gradients_of(shares: Floats, labels: Integers, hidden: Floats) -> Floats:
    """Return the gradient of each row's loss, shape (n, (k − 1) × (p + 1))."""
    error = shares.copy()
    error[np.arange(len(labels)), labels] -= 1
    read = np.column_stack([hidden, np.ones(len(hidden))])
    each = np.einsum("nk,np->nkp", error[:, 1:], read)
    return np.asarray(each.reshape(len(labels), -1))


def hessian_of(shares: Floats, hidden: Floats) -> Floats:
    """Return the Hessian of the mean loss, shape (q, q)."""
    read = np.column_stack([hidden, np.ones(len(hidden))])
    k, p = shares.shape[1] - 1, read.shape[1]
    found = np.empty((k, p, k, p))
    for a in range(k):
        for b in range(k):
            own = shares[:, a + 1] * ((a == b) - shares[:, b + 1])
            found[a, :, b] = (read * own[:, None]).T @ read / len(read)
    return found.reshape(k * p, k * p)
