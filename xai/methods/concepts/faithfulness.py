"""Whether an importance is right: take concepts away and add them in its order.

Source: Fel et al., NeurIPS 2023, https://arxiv.org/abs/2306.07304, section 3.3: concept deletion,
concept insertion, μ-fidelity (Bhatt, Weller and Moura 2020) on coefficients.
Cost: head rows per image: r + 1 for deletion, r + 1 for insertion, `SUBSETS` + 1 for μ-fidelity.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from xai.methods.concepts.score import ConceptScore

SUBSETS = 128


@dataclass(frozen=True, slots=True)
class Faithfulness:
    """Areas under the mean logit between no concept (0) and all (1); correlation.

    Attributes
    ----------
    deletion : float
        Lower is better: the logit falls at once when what matters goes first.
    insertion : float
        Higher is better.
    fidelity : float
        Mean correlation of an importance summed over a random set of concepts with the fall of the
        logit without them; NaN where neither moves.
    undefined : int
        Images left out of `fidelity`, because nothing moves in them.
    """

    deletion: float
    insertion: float
    fidelity: float
    undefined: int


def measure(score: ConceptScore, values: Tensor, seed: int = 0) -> Faithfulness:
    """Measure importances (n, r) on the images of a score."""
    deletion, insertion = curves(score, values)
    return Faithfulness(deletion, insertion, *mu_fidelity(score, values, seed))


def curves(score: ConceptScore, values: Tensor) -> tuple[float, float]:
    """Return the areas under concept deletion and concept insertion."""
    gone, kept = _curve(score, values, is_insertion=False), _curve(score, values, is_insertion=True)
    return _area(gone, gone[-1], gone[0]), _area(kept, kept[0], kept[-1])


def mu_fidelity(score: ConceptScore, values: Tensor, seed: int = 0) -> tuple[float, int]:
    """Return the mean correlation over images, and how many images it is undefined on."""
    draw = torch.Generator().manual_seed(seed)
    gone = (torch.rand((SUBSETS, score.concepts), generator=draw) < 0.5).double()
    logits = score(torch.cat([torch.ones((1, score.concepts)).double(), 1 - gone]))
    falls, sums = logits[:, :1] - logits[:, 1:], values.double() @ gone.T
    falls = falls - falls.mean(dim=1, keepdim=True)
    sums = sums - sums.mean(dim=1, keepdim=True)
    size = falls.norm(dim=1) * sums.norm(dim=1)
    known = size > 1e-12
    found = ((falls * sums).sum(dim=1) / size.clamp_min(1e-30))[known]
    return float(found.mean()) if len(found) else float("nan"), int((~known).sum())


def _curve(score: ConceptScore, values: Tensor, *, is_insertion: bool) -> Tensor:
    """Return the mean logit after 0, 1, …, r concepts went (or came), shape (r + 1,)."""
    places = torch.argsort(torch.argsort(values, dim=1, descending=True, stable=True), dim=1)
    steps = torch.arange(score.concepts + 1)[None, :, None]
    taken = (places[:, None, :] < steps).double()
    return score(taken if is_insertion else 1 - taken).mean(dim=0)


def _area(curve: Tensor, low: Tensor, high: Tensor) -> float:
    span = float(high - low)
    area = float((curve[1:] + curve[:-1]).sum()) / (2 * (len(curve) - 1))
    return (area - float(low)) / span if abs(span) > 1e-12 else float("nan")
