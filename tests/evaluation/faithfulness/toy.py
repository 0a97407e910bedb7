"""The worked model: four features, a sigmoid, all on; and the slow way to play a contest."""

from __future__ import annotations

import numpy as np

WEIGHTS = np.array([2.0, -1.0, 1.0, 0.5])
PHI = np.array([2.0, -1.0, 1.0, 0.5])


def probability(kept):
    return 1 / (1 + np.exp(-(np.atleast_2d(kept) @ WEIGHTS - 0.5)))


class Linear:
    """Score = weights · kept + bias, one row of weights per sample; counts what it evaluates."""

    def __init__(self, weights, link=lambda x: x):
        self.weights, self.link, self.evaluated = weights, link, 0

    def __call__(self, kept, of):
        self.evaluated += len(of)
        found = [
            self.link(float(self.weights[i] @ row[: len(self.weights[i])]))
            for row, i in zip(kept, of, strict=True)
        ]
        return np.array(found)[:, None]
