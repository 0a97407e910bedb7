"""Estimators of how much a concept matters in an image: seven, on one evaluator.

Source: Fel et al., NeurIPS 2023, https://arxiv.org/abs/2306.07304, section 3.2: attribution methods
applied to coefficients instead of pixels. RISE is centred (kept minus dropped), so that it has a
sign. HSIC after Novello, Fel and Vigouroux, NeurIPS 2022, with a Gaussian kernel on logits.
Cost: head rows per image: gradient 1 forward and backward; integrated gradients `STEPS` times that;
occlusion r + 1; RISE and HSIC `MASKS`; Sobol points × (r + 1).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from xai.methods.concepts.score import ConceptScore
from xai.methods.concepts.sobol import totals

STEPS = 16
MASKS = 256
POINTS = 32

Estimator = Callable[[ConceptScore, int], Tensor]
"""(score, seed) to values (n, r)."""


def gradient_input(score: ConceptScore, _seed: int = 0) -> Tensor:
    """Return coefficient × gradient at the image: in logits, signed."""
    return score.gradient()


def integrated_gradients(score: ConceptScore, _seed: int = 0) -> Tensor:
    """Return gradients gathered from no concept to all of them: sums to y(1) − y(0).

    The derivative along the diagonal path is taken by differences of the mask of one concept at
    the midpoints of the path, so that no gradient of the head is needed.
    """
    if score.linear is not None:
        return score.linear[1]
    nodes, weights = np.polynomial.legendre.leggauss(STEPS)
    r, half = score.concepts, 1 / 256
    total = torch.zeros((len(score), r)).double()
    for node, weight in zip((nodes + 1) / 2, weights / 2, strict=True):
        at = torch.full((r, r), float(node)).double()
        up, down = at + half * torch.eye(r), at - half * torch.eye(r)
        logits = score(torch.cat([up, down]))
        total += float(weight) * (logits[:, :r] - logits[:, r:]) / (2 * half)
    return total


def occlusion(score: ConceptScore, _seed: int = 0) -> Tensor:
    """Return how far the logit falls when one concept is taken away."""
    r = score.concepts
    logits = score(torch.cat([torch.ones((1, r)), 1 - torch.eye(r)]))
    return logits[:, :1] - logits[:, 1:]


def rise(score: ConceptScore, seed: int = 0) -> Tensor:
    """Return the mean logit with a concept kept minus without it, over random halves."""
    masks = _halves(score.concepts, seed)
    logits, kept = score(masks), masks.double()
    present = logits @ kept / kept.sum(dim=0).clamp_min(1)
    absent = logits @ (1 - kept) / (1 - kept).sum(dim=0).clamp_min(1)
    return present - absent


def sobol(score: ConceptScore, seed: int = 0) -> Tensor:
    """Return the total Sobol indices of each image; 0 where the logit does not move."""
    return totals(score, POINTS, seed).per_image().nan_to_num(0.0)


def hsic(score: ConceptScore, seed: int = 0) -> Tensor:
    """Return the dependence of the logit on whether a concept is kept; unsigned."""
    masks = _halves(score.concepts, seed).double()
    logits, m = score(masks), len(masks)
    centre = torch.eye(m).double() - 1 / m
    same = [
        (centre @ (masks[:, None, i] == masks[None, :, i]).double() @ centre)
        for i in range(score.concepts)
    ]
    stacked, found = torch.stack(same).flatten(1), []
    for row in logits:
        gaps = (row[:, None] - row[None, :]).square()
        width = gaps[gaps > 0].median() if bool((gaps > 0).any()) else torch.tensor(1.0).double()
        found.append(stacked @ torch.exp(-gaps / width).flatten() / m**2)
    return torch.stack(found) if found else torch.zeros((0, score.concepts)).double()


def _halves(concepts: int, seed: int) -> Tensor:
    """Draw masks in complementary pairs: every concept is kept in exactly half of them."""
    draw = torch.Generator().manual_seed(seed)
    half = (torch.rand((MASKS // 2, concepts), generator=draw) < 0.5).float()
    return torch.cat([half, 1 - half])


ESTIMATORS: dict[str, Estimator] = {
    "gradient_input": gradient_input,
    "integrated_gradients": integrated_gradients,
    "occlusion": occlusion,
    "rise": rise,
    "sobol": sobol,
    "hsic": hsic,
}
