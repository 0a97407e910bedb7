"""A network changed for a while: its weights drawn anew, or its table of embeddings moved a little.

Source: Adebayo et al., Sanity Checks for Saliency Maps, NeurIPS 2018, all layers at once; Hedström
et al., 2024, https://arxiv.org/abs/2401.06465, on why not layer by layer from the top.
Departure: weights are drawn with the mean and the spread that they had, so that answers keep their
scale; vectors (biases, scales, running means) are shuffled, which keeps variances positive.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

RADIUS = 0.02
"""How far an embedding moves, as a share of the spread of all embeddings."""
_RUNNING = ("running_mean", "running_var")


@contextmanager
def redrawn(network: nn.Module, seed: int) -> Iterator[None]:
    """Draw all weights of a network anew; it is as before when the block ends."""
    draw = torch.Generator().manual_seed(seed)
    tensors: list[Tensor] = list(network.parameters())
    tensors += [b for n, b in network.named_buffers() if n.rsplit(".", 1)[-1] in _RUNNING]
    kept = [tensor.detach().clone() for tensor in tensors]
    try:
        with torch.no_grad():
            for tensor in tensors:
                tensor.copy_(_drawn(tensor, draw))
        yield
    finally:
        _restore(tensors, kept)


@contextmanager
def moved(table: nn.Embedding, seed: int) -> Iterator[None]:
    """Move every embedding a little, for all its places alike; as before when the block ends."""
    draw = torch.Generator().manual_seed(seed)
    weight: Tensor = table.weight
    kept = [weight.detach().clone()]
    try:
        with torch.no_grad():
            steps = 2 * torch.rand(weight.shape, generator=draw) - 1
            weight.add_(steps.to(weight.dtype) * RADIUS * weight.std())
        yield
    finally:
        _restore([weight], kept)


def _drawn(tensor: Tensor, draw: torch.Generator) -> Tensor:
    if not tensor.is_floating_point() or tensor.numel() < 2:
        return tensor
    if tensor.ndim < 2:
        return tensor[torch.randperm(len(tensor), generator=draw)]
    new = torch.randn(tensor.shape, generator=draw)
    return (new * tensor.float().std() + tensor.float().mean()).to(tensor.dtype)


def _restore(tensors: list[Tensor], kept: list[Tensor]) -> None:
    with torch.no_grad():
        for tensor, before in zip(tensors, kept, strict=True):
            tensor.copy_(before)
