"""Crops: overlapping squares of an image, resized to the model's input.

Source: Fel et al., CRAFT, CVPR 2023, https://arxiv.org/abs/2211.10154, section 3.1. Departure: the
last crop of a row is clamped to the border, so that the crops cover the image; the released grid
(`parity`), which leaves the border out, stays available.
Cost: one forward pass of the encoder per crop.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

OVERLAP = 0.80
"""Step between crops in units of their size, as in the released code."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of the model's input, in pixels."""

    x: int
    y: int
    width: int
    height: int


def boxes(size: tuple[int, int], share: float, *, parity: bool = False) -> tuple[Box, ...]:
    """Return the crops of an image, row by row.

    Parameters
    ----------
    size : (height, width)
    share : float
        Side of a crop, in units of the shorter side of the image.
    parity : bool
        The grid of the released code: fixed steps from the upper left corner.
    """
    side = max(1, min(*size, round(share * min(size))))
    rows, columns = (_starts(length, side, parity=parity) for length in size)
    return tuple(Box(x, y, side, side) for y in rows for x in columns)


def cut_out(images: Tensor, where: tuple[Box, ...], *, is_channels_last: bool = False) -> Tensor:
    """Return every box of every image at the size of the whole, shape (b · boxes, *image)."""
    if is_channels_last:
        return cut_out(images.permute(0, 3, 1, 2), where).permute(0, 2, 3, 1)
    size = (images.shape[2], images.shape[3])
    parts = [
        functional.interpolate(
            images[:, :, box.y : box.y + box.height, box.x : box.x + box.width],
            size=size,
            mode="bilinear",
            align_corners=False,
        )
        for box in where
    ]
    return torch.stack(parts, dim=1).flatten(0, 1)


def around(place: tuple[int, int], grid: tuple[int, int], size: tuple[int, int], side: int) -> Box:
    """Return the square of `side` pixels around a position (row, column), within the image."""
    centre = [(place[i] + 0.5) * size[i] / grid[i] for i in (0, 1)]
    y, x = (int(min(max(0, round(centre[i] - side / 2)), max(0, size[i] - side))) for i in (0, 1))
    return Box(x, y, min(side, size[1]), min(side, size[0]))


def _starts(length: int, side: int, *, parity: bool) -> list[int]:
    step = max(1, int(OVERLAP * side))
    if parity:
        return list(range(0, length - side + 1, step))
    last = length - side
    count = max(1, round(last / (OVERLAP * side))) if last else 0
    return [round(last * i / count) for i in range(count + 1)] if count else [0]
