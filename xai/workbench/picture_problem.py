"""What methods get of pictures: scores of masked pictures, gradients, attention, feature maps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from xai.errors import NotApplicable, XaiError
from xai.units import Bools
from xai.vocabulary import Floats, Integers

BATCH = 32
MOST = 112
"""Rows and columns of units at most: attributions of finer pixels are summed in blocks."""


@dataclass(frozen=True, eq=False)
class Scene:
    """Pictures of one shard with their targets, and what stands for a removed part.

    Attributes
    ----------
    inputs, baselines : Tensor of shape (n, channels, height, width)
    targets : array of shape (n,)
    players : tuple of arrays of shape (units,)
    """

    network: nn.Module
    inputs: Tensor
    baselines: Tensor
    targets: Integers
    players: tuple[Integers, ...]
    shape: tuple[int, int] = field(default=(0, 0))

    def score(self, kept: Bools, of: Integers) -> Floats:
        """Return the probability of the target where only some parts are kept, shape (m, 1)."""
        parts = []
        for start in range(0, len(of), BATCH):
            rows = slice(start, start + BATCH)
            masks = np.stack([
                kept[j, self.players[i]] for j, i in zip(range(*rows.indices(len(of))), of[rows],
                                                         strict=True)
            ])  # fmt: skip
            parts.append(self._masked(torch.from_numpy(masks).float(), of[rows]))
        return np.concatenate(parts)[:, None] if parts else np.zeros((0, 1))

    def soft(self, masks: Tensor, of: Integers) -> Floats:
        """Return the probability of the target under masks (m, height, width) of 0 to 1: (m,)."""
        chunks = [slice(s, s + BATCH) for s in range(0, len(of), BATCH)]
        return np.concatenate([self._blended(masks[c], of[c]) for c in chunks])

    def _masked(self, masks: Tensor, of: Integers) -> Floats:
        return self._blended(self.spread(masks.reshape(-1, *self.shape)), of)

    def _blended(self, masks: Tensor, of: Integers) -> Floats:
        mask = masks[:, None]
        with torch.inference_mode():
            mixed = self.inputs[of] * mask + self.baselines[of] * (1 - mask)
            return self._shares(mixed, of).double().numpy()

    def _shares(self, inputs: Tensor, of: Integers) -> Tensor:
        logits = self.network(pixel_values=inputs).logits
        if not torch.isfinite(logits).all():
            raise XaiError(
                "The model answers with NaN or infinity for a picture, so nothing can be "
                "explained there. Check the model on this data."
            )
        return torch.softmax(logits, dim=1)[
            torch.arange(len(of)), torch.from_numpy(self.targets[of])
        ]

    def spread(self, units: Tensor) -> Tensor:
        """Return values of units (m, rows, columns) on the pixels, (m, height, width)."""
        height, width = self.inputs.shape[-2:]
        rows = torch.arange(height) * self.shape[0] // height
        columns = torch.arange(width) * self.shape[1] // width
        return units[:, rows][:, :, columns]

    # Gradients: see `xai.units.Gradients`.

    def batches(self, copies: int = 1) -> Iterator[Integers]:
        """Yield so few pictures that `copies` of each fit in one forward."""
        step = max(1, BATCH // copies)
        for start in range(0, len(self.targets), step):
            yield np.arange(start, min(start + step, len(self.targets)))

    def stack(self, of: Integers) -> tuple[Tensor, Tensor]:
        """Return inputs and baselines of these pictures."""
        return self.inputs[of], self.baselines[of]

    def gradient(self, inputs: Tensor, of: Integers, output: int = 0) -> tuple[Tensor, Tensor]:
        """Return the probability of the target and its gradient at these inputs."""
        if output:
            raise NotApplicable("A picture has one explained output.")
        parts = [self._slope(inputs[s : s + BATCH], of[s : s + BATCH])
                 for s in range(0, len(of), BATCH)]  # fmt: skip
        return torch.cat([scores for scores, _ in parts]), torch.cat([g for _, g in parts])

    def _slope(self, inputs: Tensor, of: Integers) -> tuple[Tensor, Tensor]:
        given = inputs.detach().requires_grad_()
        # Rows are independent, so the gradient of the sum holds every row's own gradient.
        shares = self._shares(given, of)
        (gradient,) = torch.autograd.grad(shares.sum(), given)
        return shares.detach(), gradient

    def reduce(self, values: Tensor, of: Integers) -> list[Floats]:  # noqa: ARG002 - the protocol's
        """Sum values over channels and over the pixels of each unit."""
        summed = values.detach().double().sum(dim=1)
        height, width = summed.shape[-2:]
        rows = nn.functional.one_hot(torch.arange(height) * self.shape[0] // height).double()
        columns = nn.functional.one_hot(torch.arange(width) * self.shape[1] // width).double()
        found = torch.einsum("bhw,hr,wc->brc", summed, rows, columns)
        return [part.ravel().numpy() for part in found]

    def feature_maps(self, of: Integers, layer: str = "") -> tuple[Tensor, Tensor, str]:
        """Return the last feature maps, the gradient of the score by them, and the layer's name.

        Returns
        -------
        maps, gradient : Tensor of shape (b, channels, h, w)
        """
        found: dict[str, Tensor] = {}

        def note(name: str) -> Callable[[nn.Module, Any, Any], None]:
            def hook(_module: nn.Module, _inputs: Any, output: Any) -> None:
                is_map = isinstance(output, Tensor) and output.ndim == 4 and output.shape[-1] > 1
                if is_map and output.requires_grad and (not layer or name == layer):
                    found.pop(name, None)
                    found[name] = output

            return hook

        leaves = [(n, m) for n, m in self.network.named_modules() if not list(m.children())]
        hooks = [m.register_forward_hook(note(n)) for n, m in leaves]
        try:
            shares = self._shares(self.inputs[of].detach().requires_grad_(), of)
        finally:
            for hook in hooks:
                hook.remove()
        if not found:
            raise NotApplicable("Grad-CAM needs feature maps; this network makes none.")
        name, maps = list(found.items())[-1]
        (gradient,) = torch.autograd.grad(shares.sum(), maps)
        return maps.detach(), gradient, name
