"""How a layer's numbers lie: channels first, channels last, or tokens, some without a place."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

PLACELESS_MOST = 8
"""Class, distillation and register tokens before the patches."""

CHANNELS_LEAST = 3
"""Below, it is no map of channels: a pooled vector that kept an empty side."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How to read activations (b, …) as maps (b, h, w, c), and to write them back."""

    form: Literal["channels first", "channels last", "tokens"]
    grid: tuple[int, int]
    channels: int
    placeless: int = 0

    def read(self, activations: Tensor) -> tuple[Tensor, Tensor]:
        """Return maps (b, h, w, c) and placeless tokens (b, t, c)."""
        if self.form == "tokens":
            maps = activations[:, self.placeless :]
            return torch.unflatten(maps, 1, self.grid), activations[:, : self.placeless]
        maps = activations.permute(0, 2, 3, 1) if self.form == "channels first" else activations
        return maps, activations.new_zeros((len(activations), 0, self.channels))

    def write(self, maps: Tensor, rest: Tensor) -> Tensor:
        """Return activations as the layer gives them."""
        if self.form == "channels first":
            return maps.permute(0, 3, 1, 2)
        if self.form == "channels last":
            return maps
        return torch.cat([rest, maps.flatten(1, 2)], dim=1)


def layout(shape: Sequence[int], size: tuple[int, int]) -> Layout | None:
    """Return how activations of a shape (without the batch) lie; None if they have no places.

    Parameters
    ----------
    shape : sequence of int
        (c, h, w), (h, w, c) or (tokens, c).
    size : (height, width)
        Of the model's input: a grid of tokens has its proportions.
    """
    if min(shape, default=0) < CHANNELS_LEAST:
        return None
    if len(shape) == 3:
        return _of_map((shape[0], shape[1], shape[2]), size)
    if len(shape) == 2:
        return _of_tokens(shape[0], shape[1], size)
    return None


def _of_map(shape: tuple[int, int, int], size: tuple[int, int]) -> Layout:
    first, last = shape[1:], shape[:2]
    if _off(last, size) < _off(first, size):
        return Layout("channels last", last, shape[2])
    return Layout("channels first", first, shape[0])


def _off(grid: tuple[int, int], size: tuple[int, int]) -> float:
    """Return how far the proportions of a grid are from those of the image."""
    return abs(math.log((grid[0] / grid[1]) * (size[1] / size[0])))


def _of_tokens(tokens: int, channels: int, size: tuple[int, int]) -> Layout | None:
    for placeless in range(min(PLACELESS_MOST, tokens - 1) + 1):
        places = tokens - placeless
        height = round(math.sqrt(places * size[0] / size[1]))
        if height and places % height == 0 and _off((height, places // height), size) < 0.05:
            return Layout("tokens", (height, places // height), channels, placeless)
    return None
