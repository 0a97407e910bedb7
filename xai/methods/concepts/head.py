"""What shortcut a head allows: found by trying it, never by knowing its architecture.

Source: our own; a head that pools its positions first gives the same logits for the mean, and an
affine one gives the mean of the logits for a mean of activations.
Cost: about eight forward passes of the head on four images.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from xai.methods.concepts.words import Cut

SAME = 1e-4
"""Largest difference, in units of the largest logit, that counts as equal in float32."""
TRIED = 4


@dataclass(frozen=True, slots=True)
class Head:
    """The second half of a model, with what was found of it.

    Attributes
    ----------
    pools : str
        "cell" if the mean over positions alone may be given, "grid" if it must fill the grid,
        "" if the head does not pool.
    is_affine : bool
    """

    cut: Cut
    pools: Literal["cell", "grid", ""]
    is_affine: bool

    @property
    def form(self) -> str:
        """For people: which way importance is computed."""
        pooled = "pooled " if self.pools else ""
        return f"{pooled}affine" if self.is_affine else f"{pooled}non-linear"

    def __call__(self, maps: Tensor, rest: Tensor) -> Tensor:
        """Return logits (b, k) of activations (b, h, w, c)."""
        return self.cut.head(maps, rest)

    def pooled(self, means: Tensor, rest: Tensor) -> Tensor:
        """Return logits (b, k) of mean activations (b, c), for a head that pools."""
        cell = means[:, None, None, :]
        if self.pools == "grid":
            cell = cell.expand(-1, *self.cut.grid, -1)
        return self.cut.head(cell, rest)


@torch.no_grad()
def probe(cut: Cut, maps: Tensor, rest: Tensor) -> Head:
    """Try which shortcuts the head of a cut allows.

    Parameters
    ----------
    maps : Tensor of shape (n, h, w, c)
        Real activations; the first four are tried.
    rest : Tensor of shape (n, t, c)
    """
    maps, rest = maps[:TRIED].float(), rest[:TRIED]
    logits = cut.head(maps, rest)
    scale = float(logits.abs().amax().clamp_min(1e-6))
    is_affine = _is_affine(cut, maps, rest, logits, scale)
    means = maps.mean(dim=(1, 2), keepdim=True)
    pools: Literal["cell", "grid", ""] = ""
    # Beside placeless tokens the logit of an image is not that of its mean activations alone.
    if not rest.shape[1] and _same(cut, means.expand_as(maps), rest, logits, scale):
        pools = "cell" if _same(cut, means, rest, logits, scale) else "grid"
    return Head(cut, pools, is_affine)


def _same(cut: Cut, maps: Tensor, rest: Tensor, logits: Tensor, scale: float) -> bool:
    try:
        found = cut.head(maps, rest)
    except Exception:
        # A fixed grid is refused in as many ways as there are runtimes.
        return False
    return found.shape == logits.shape and float((found - logits).abs().amax()) < SAME * scale


def _is_affine(cut: Cut, maps: Tensor, rest: Tensor, logits: Tensor, scale: float) -> bool:
    """Mix two points and go half way to zero: an affine head mixes its logits alike."""
    draw = torch.Generator().manual_seed(0)
    other = maps.flip(0) * torch.rand((len(maps), *maps.shape[1:3], 1), generator=draw)
    second = cut.head(other, rest)
    third = cut.head(0.3 * maps + 0.7 * other, rest)
    zero, half = cut.head(torch.zeros_like(maps), rest), cut.head(0.5 * maps, rest)
    mixed = (0.3 * logits + 0.7 * second - third).abs().amax()
    halved = (0.5 * logits + 0.5 * zero - half).abs().amax()
    return max(float(mixed), float(halved)) < SAME * scale
