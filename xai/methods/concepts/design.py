"""Masks for Sobol indices: two independent designs, and the second put into the first column-wise.

Source: scrambled Halton points (Owen 2017). The released CRAFT code takes them unscrambled, which
makes the last dimensions plain ramps: at 20 concepts and 32 points its indices of an additive model
sum to 0.14 instead of 1, and depend on the order of the concepts. `parity` gives those.
Cost: no evaluation of the model.
"""

from __future__ import annotations

import numpy as np
import torch
from scipy.stats import qmc
from torch import Tensor


def pair(concepts: int, points: int, seed: int, *, parity: bool = False) -> tuple[Tensor, Tensor]:
    """Return two designs in [0, 1]ʳ, each float64 of shape (points, r)."""
    rng = None if parity else np.random.default_rng(seed)
    draw = qmc.Halton(2 * concepts, scramble=not parity, rng=rng)
    both = torch.from_numpy(draw.random(points))
    return both[:, :concepts], both[:, concepts:]


def pick_freeze(first: Tensor, second: Tensor) -> Tensor:
    """Return the masks that the total indices need, shape (points · (r + 1), r).

    First the design itself, then per concept the design with that concept's column taken from the
    second one. The second design alone is never needed.
    """
    points, concepts = first.shape
    blocks = first.repeat(concepts + 1, 1)
    for i in range(concepts):
        blocks[(i + 1) * points : (i + 2) * points, i] = second[:, i]
    return blocks
