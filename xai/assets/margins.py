"""Margins and probabilities, and the check that contributions add up to a margin."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xai.errors import NotApplicable

if TYPE_CHECKING:
    from xai.vocabulary import Contributions, Floats, Integers

TOLERANCE = 1e-4
"""Largest gap between a model's output and the sum of its contributions, relative above 1."""


def both_sides(margin: Floats) -> Floats:
    """Return the margins of both classes, shape (m, 2), from that of the second."""
    return np.column_stack([-margin, margin])


def sigmoid(margin: Floats) -> Floats:
    """Return the probability of log-odds, without overflow."""
    small = np.exp(-np.abs(margin))
    shares: Floats = np.where(margin >= 0, 1 / (1 + small), small / (1 + small))
    return shares


def softmax(margins: Floats) -> Floats:
    """Return the probabilities, shape (m, k), of margins of k classes."""
    powers = np.exp(margins - margins.max(axis=1, keepdims=True))
    shares: Floats = powers / powers.sum(axis=1, keepdims=True)
    return shares


def chosen(values: Floats, targets: Integers) -> Floats:
    """Return the entry of the target of each row: from (m, k) to (m,), (m, k, d) to (m, d)."""
    picked: Floats = values[np.arange(len(values)), targets]
    return picked


def gap(outputs: Floats, found: Contributions) -> float:
    """Return the largest gap between `outputs` (m,) and the sums of contributions."""
    if not len(outputs):
        return 0.0
    gaps = np.abs(found.values.sum(axis=1) + found.base - outputs)
    return float((gaps / np.maximum(1.0, np.abs(outputs))).max())


def checked(outputs: Floats, found: Contributions) -> Contributions:
    """Return `found` if it adds up to `outputs` of shape (m,).

    Raises
    ------
    NotApplicable
        If it does not: no numbers are better than wrong ones.
    """
    found_gap = gap(outputs, found)
    if not found_gap <= TOLERANCE:
        raise NotApplicable(
            "The model's own exact contributions do not add up to its output "
            f"(gap {found_gap:.2g}), so they are not shown; use a sampling method instead."
        )
    return found
