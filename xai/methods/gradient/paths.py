"""The straight line from a baseline to the input, and gradients gathered along it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from torch import Tensor

    from xai.units import Gradients
    from xai.vocabulary import Floats, Integers


def nodes(steps: int) -> tuple[Floats, Floats]:
    """Return places from 0 to 1 and weights of Gauss and Legendre's quadrature, `steps` each."""
    places, weights = np.polynomial.legendre.leggauss(steps)
    return (places + 1) / 2, weights / 2


def gathered(gradients: Gradients, of: Integers, output: int, steps: int) -> Tensor:
    """Return input − baseline times the mean gradient along the line, shape (b, *features)."""
    inputs, baselines = gradients.stack(of)
    change = inputs - baselines
    places, weights = nodes(steps)
    along = torch.as_tensor(places, dtype=inputs.dtype).reshape(steps, *[1] * inputs.ndim)
    points = (baselines + along * change).reshape(-1, *inputs.shape[1:])
    _, slopes = gradients.gradient(points, np.tile(of, steps), output)
    shares = torch.as_tensor(weights, dtype=torch.float64)
    mean = torch.tensordot(shares, slopes.reshape(steps, *inputs.shape).double(), dims=1)
    found: Tensor = change.double() * mean
    return found


def ends(gradients: Gradients, of: Integers, output: int) -> tuple[Floats, Floats]:
    """Return the score at the input and at the baseline, shape (b,); NaN without such an output."""
    inputs, baselines = gradients.stack(of)
    both = torch.cat([inputs, baselines])
    scores, _ = gradients.gradient(both, np.tile(of, 2), output)
    found = scores.double().numpy()
    return found[: len(of)], found[len(of) :]
