"""How hard each labelled row is for one model: loss, margin, entropy, EL2N, last-layer GraNd.

Source: Paul, Ganguli and Dziugaite, Deep Learning on a Data Diet, NeurIPS 2021,
https://arxiv.org/abs/2107.07075 (EL2N, GraNd). Departure: there they are means over ten trainings,
early on; of one finished model they are errors of confidence. The gradient norm is that of the last
layer: EL2N times the length of its input with a 1 for the bias.
Cost: one answer per row.
"""

from __future__ import annotations

import numpy as np

from xai.vocabulary import Floats, Integers

LEAST = 1e-12


def loss(shares: Floats, labels: Integers) -> Floats:
    """Return −log of the probability of the label, shape (n,).

    Parameters
    ----------
    shares : array of shape (n, k)
        Probabilities.
    labels : array of shape (n,)
    """
    return np.asarray(-np.log(np.maximum(shares[np.arange(len(labels)), labels], LEAST)))


def margin(shares: Floats, labels: Integers) -> Floats:
    """Return the label's probability minus the largest other, shape (n,); below 0 is wrong."""
    rows = np.arange(len(labels))
    others = shares.copy()
    others[rows, labels] = -np.inf
    return np.asarray(shares[rows, labels] - others.max(axis=1))


def entropy(shares: Floats) -> Floats:
    """Return the entropy of each answer in nats, shape (n,)."""
    safe = np.where(shares > 0, shares, 1.0)
    return np.asarray(0.0 - (shares * np.log(safe)).sum(axis=1))


def el2n(shares: Floats, labels: Integers) -> Floats:
    """Return the length of the error vector, shape (n,): 0 to √2."""
    error = shares.copy()
    error[np.arange(len(labels)), labels] -= 1
    return np.asarray(np.linalg.norm(error, axis=1))


def grand(shares: Floats, labels: Integers, hidden: Floats) -> Floats:
    """Return the length of the loss's gradient in the last layer's weights and bias, shape (n,).

    Parameters
    ----------
    hidden : array of shape (n, p)
        What the last layer reads.
    """
    return np.asarray(el2n(shares, labels) * np.sqrt((hidden**2).sum(axis=1) + 1))
