"""Total Sobol indices of concepts: how much of the logit's variance goes when one is fixed.

Source: Fel et al., CRAFT, CVPR 2023, https://arxiv.org/abs/2211.10154, section 3.2, with Jansen's
estimator (1999). Departures: a scrambled design, another one for every image; the closed form cᵢ² /
Σ c² where the logit is affine in the mask; over images the ratio of sums, not the mean of ratios,
because a ratio of few points is biased; where it explains most of the variance, a linear model of
the logit with known indices as a control variate (the design's error for that model is subtracted).
Cost: points × (r + 1) head rows per image; none beyond r + 1 where the head is affine.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from xai.methods.concepts.design import pair, pick_freeze
from xai.methods.concepts.score import ConceptScore

POINTS_LEAST = 20
CORRELATED = 0.5
"""Least squared correlation at which a control variate is used: on an unrelated function it adds
noise instead of removing it."""


@dataclass(frozen=True, slots=True)
class Totals:
    """Variances per image: the index is `parts / total`.

    Attributes
    ----------
    parts : Tensor of shape (n, r)
        E[Var(y | all other masks)] of each concept, in squared logits.
    total : Tensor of shape (n,)
        Var(y); 0 where the logit does not move.
    is_mean_of_ratios : bool
        The released code's way to join images.
    controlled : int
        Concepts whose estimate used the control variate.
    """

    parts: Tensor
    total: Tensor
    is_mean_of_ratios: bool = False
    controlled: int = 0

    def per_image(self) -> Tensor:
        """Return the indices of each image (n, r); NaN where the logit does not move."""
        return self.parts / torch.where(self.total > 0, self.total, torch.nan)[:, None]

    def joint(self, weights: Tensor | None = None) -> Tensor:
        """Return the indices over images (r,) or, for weights (b, n), of each drawing (b, r)."""
        single = weights is None
        drawn = torch.ones((1, len(self.total))).double() if weights is None else weights
        if self.is_mean_of_ratios:
            moved = (self.total > 0).double()
            found = (drawn * moved) @ self.per_image().nan_to_num(0.0)
            found = found / (drawn @ moved)[:, None]
        else:
            found = (drawn @ self.parts) / (drawn @ self.total)[:, None]
        return found[0] if single else found


def totals(score: ConceptScore, points: int, seed: int, *, parity: bool = False) -> Totals:
    """Estimate, or where possible compute, the total indices of every image.

    Parameters
    ----------
    points : int
        Size of the design.
    parity : bool
        The design of the released code, the same for every image, and its mean of ratios.
    """
    if score.linear is not None and not parity:
        squares = score.linear[1].square() / 12  # a uniform mask has variance 1/12
        return Totals(squares, squares.sum(dim=1))
    if parity:
        return _released(score, points)
    return _sampled(score, points, seed)


def _released(score: ConceptScore, points: int) -> Totals:
    masks = pick_freeze(*pair(score.concepts, points, 0, parity=True))
    logits = score(masks)
    base = logits[:, :points]
    moved = logits[:, points:].reshape(len(score), score.concepts, points)
    parts = (base[:, None] - moved).square().mean(dim=2) / 2
    return Totals(parts, base.var(dim=1), is_mean_of_ratios=True)


def _sampled(score: ConceptScore, points: int, seed: int) -> Totals:
    n, r = len(score), score.concepts
    jumps, known, level = torch.zeros(n, r, points), torch.zeros(n, r, points), []
    slopes = torch.zeros(n, r).double()
    jumps, known = jumps.double(), known.double()
    present = score.present()
    for i in range(n):
        first, second = pair(r, points, seed + 7919 * i)
        active = torch.nonzero(present[i])[:, 0]
        masks = _only(pick_freeze(first, second), active, points)
        logits = score.one(i, masks)
        base, moved = logits[:points], logits[points:].reshape(len(active), points)
        jumps[i, active] = (base - moved).square() / 2
        fitted = _linear(first, base, moved, second, active)
        slopes[i, active] = fitted
        known[i, active] = fitted[:, None].square() * (first - second).T[active].square() / 2
        level.append(_variance(logits, masks[:, active], fitted))
    raw, total = jumps.mean(dim=2), torch.stack(level)
    return _controlled(raw, total, jumps, known, slopes)


def _only(masks: Tensor, active: Tensor, points: int) -> Tensor:
    """Keep the rows of concepts that the image has: fixing an absent one changes nothing."""
    kept = [masks[:points]] + [masks[(i + 1) * points : (i + 2) * points] for i in active.tolist()]
    return torch.cat(kept)


def _linear(first: Tensor, base: Tensor, moved: Tensor, second: Tensor, active: Tensor) -> Tensor:
    """Fit slopes of the logit by single steps: they see no other concept, so no intercept."""
    steps = (second - first).T[active]
    rises = moved - base
    return (steps * rises).sum(dim=1) / steps.square().sum(dim=1).clamp_min(1e-12)


def _variance(logits: Tensor, masks: Tensor, slopes: Tensor) -> Tensor:
    """Return Var(y), freed of the design's error for a linear model that explains most of it."""
    plain, line = logits.var(), masks @ slopes
    spread = line.var()
    if not len(slopes) or float(spread) <= 0 or float(plain) <= 0:
        return plain
    covariance = ((logits - logits.mean()) * (line - line.mean())).mean()
    if float(covariance.square() / (spread * plain)) < CORRELATED:
        return plain
    weight = (covariance / spread).square()
    fixed = plain - weight * (spread - slopes.square().sum() / 12)
    return fixed if float(fixed) > 0 else plain


def _controlled(raw: Tensor, total: Tensor, jumps: Tensor, known: Tensor, slopes: Tensor) -> Totals:
    """Subtract the design's error for a linear model, where that model explains the jumps."""
    used, parts = 0, raw.clone()
    for i in range(raw.shape[1]):
        a, b = jumps[:, i].reshape(-1), known[:, i].reshape(-1)
        if len(a) < POINTS_LEAST or float(b.var()) <= 0 or float(a.var()) <= 0:
            continue
        covariance = ((a - a.mean()) * (b - b.mean())).mean()
        if float(covariance.square() / (a.var() * b.var())) < CORRELATED:
            continue
        weight = covariance / b.var()
        fixed = raw[:, i] - weight * (known[:, i].mean(dim=1) - slopes[:, i].square() / 12)
        # Variances are not negative; a correction that says so is noise.
        parts[:, i] = torch.where(fixed > 0, fixed, raw[:, i])
        used += 1
    return Totals(parts, total, controlled=used)
