"""Attention maps of a vision transformer, spread over the picture."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn

from xai.errors import NotApplicable
from xai.vocabulary import Floats, Integers
from xai.workbench.picture_problem import Scene

BATCH = 4
SLACK = 1e-3
"""What any other place may matter, as a share of the one that is read."""


def layout(count: int) -> tuple[int, int]:
    """Return how many of `count` positions lie along a side, and how many come before; 0, 0: none.

    Before the square patches stand a class token and, in some, a distillation token.
    """
    side = math.isqrt(max(count - 1, 0))
    extra = count - side * side
    return (side, extra) if extra in {1, 2} else (0, 0)


def reading_place(network: nn.Module, one: Tensor) -> int | None:
    """Return the token before the patches from which alone the answer is made, None: several.

    Found by the gradient of the answers by the last layer, for one picture.
    """
    with torch.enable_grad():
        answer = network(pixel_values=one.detach().requires_grad_(), output_hidden_states=True)
        last = answer.hidden_states[-1]
        if last.ndim != 3:
            return None
        (slope,) = torch.autograd.grad(answer.logits.square().sum(), last, allow_unused=True)
    if slope is None:
        return None
    size = slope[0].norm(dim=-1).numpy()
    place = int(size.argmax())
    alone = np.delete(size, place).max(initial=0) <= SLACK * size[place]
    return place if alone and place < layout(len(size))[1] else None


class PictureAttention:
    """See `xai.units.Attention`: positions are a class token, then square patches row by row."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._place: int | None = None

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
        """Return the token that the answer is made from: the class token.

        Raises
        ------
        NotApplicable
            If it is made from several: rollout and relevance read one row.
        """
        if self._place is None:
            self._place = reading_place(self._scene.network, self._scene.inputs[:1])
        if self._place is None:
            raise NotApplicable(
                "This transformer makes its answer from several places of the last layer, not "
                "from a class token, so there is no row of attention to read. Choose methods that "
                "use gradients or hidden parts."
            )
        return np.full(len(of), self._place, dtype=np.int64)

    def spread(self, weights: Tensor, of: Integers) -> list[Floats]:  # noqa: ARG002 - as above
        """Share each patch's weight among its units; that of other tokens is dropped."""
        count = weights.shape[1]
        side, extra = layout(count)
        if not side:
            raise NotApplicable("The patches of this transformer do not form a square.")
        patches = weights[:, extra:].double().reshape(-1, side, side)
        rows, columns = (torch.arange(length) * side // length for length in self._scene.shape)
        tall, wide = (torch.bincount(places, minlength=side) for places in (rows, columns))
        found = (patches / (tall[:, None] * wide))[:, rows][:, :, columns]
        return [part.ravel().numpy() for part in found]
