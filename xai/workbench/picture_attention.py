"""Attention maps of a vision transformer, spread over the picture."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from xai.errors import NotApplicable
from xai.vocabulary import Floats, Integers
from xai.workbench.picture_problem import Scene

BATCH = 4


class PictureAttention:
    """See `xai.units.Attention`: positions are a class token, then square patches row by row."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    def batches(self) -> Iterator[Integers]:
        """Yield pictures that fit in one forward."""
        for start in range(0, len(self._scene.targets), BATCH):
            yield np.arange(start, min(start + BATCH, len(self._scene.targets)))

    def maps(self, of: Integers) -> Iterator[Tensor]:
        """Yield the attention of each layer."""
        with torch.inference_mode():
            answer = self._scene.network(
                pixel_values=self._scene.inputs[of], output_attentions=True
            )
            yield from answer.attentions

    def maps_with_gradient(self, of: Integers, output: int = 0) -> list[tuple[Tensor, Tensor]]:
        """Return each layer's attention, and the gradient of the score by it."""
        if output:
            raise NotApplicable("A picture has one explained output.")
        inputs = self._scene.inputs[of].detach().requires_grad_()
        answer = self._scene.network(pixel_values=inputs, output_attentions=True)
        targets = torch.from_numpy(self._scene.targets[of])
        shares = torch.softmax(answer.logits, dim=1)[torch.arange(len(of)), targets]
        gradients = torch.autograd.grad(shares.sum(), answer.attentions)
        return [
            (part.detach(), gradient)
            for part, gradient in zip(answer.attentions, gradients, strict=True)
        ]

    def reading(self, of: Integers, output: int = 0) -> Integers:  # noqa: ARG002 - the protocol's
        """Return the class token."""
        return np.zeros(len(of), dtype=np.int64)

    def spread(self, weights: Tensor, of: Integers) -> list[Floats]:  # noqa: ARG002 - as above
        """Share each patch's weight among its units; that of other tokens is dropped."""
        count = weights.shape[1]
        side = math.isqrt(count)
        extra = count - side * side
        if extra not in {1, 2}:
            raise NotApplicable("The patches of this transformer do not form a square.")
        patches = weights[:, extra:].double().reshape(-1, side, side)
        rows, columns = (torch.arange(length) * side // length for length in self._scene.shape)
        tall, wide = (torch.bincount(places, minlength=side) for places in (rows, columns))
        found = (patches / (tall[:, None] * wide))[:, rows][:, :, columns]
        return [part.ravel().numpy() for part in found]
