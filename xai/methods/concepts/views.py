"""What a layer sees of many images: encoded once, kept for dictionary, importance and maps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from xai.methods.concepts import crops
from xai.methods.concepts.crops import Box
from xai.methods.concepts.words import ConceptProblem, Cut
from xai.vocabulary import Integers, Progress


class Tally:
    """Counts encoded images and tells whoever watches."""

    def __init__(self, total: int, progress: Progress) -> None:
        self.done, self.total, self._progress = 0, total, progress

    def add(self, count: int) -> None:
        """Note `count` more passes through the encoder."""
        self.done += count
        self.total = max(self.total, self.done)
        self._progress(self.done, self.total)

    def finish(self) -> None:
        """Say that there is no more to come."""
        self._progress(self.done, self.done)


@dataclass(frozen=True, slots=True)
class Views:
    """Images at a layer.

    Attributes
    ----------
    of : array of shape (n,)
        Which images of the problem.
    maps : Tensor of shape (n, h, w, c)
    rest : Tensor of shape (n, t, c)
    """

    of: Integers
    maps: Tensor
    rest: Tensor

    def __getitem__(self, some: Integers) -> Views:
        places = torch.from_numpy(np.asarray(some, dtype=np.int64))
        return Views(self.of[some], self.maps[places], self.rest[places])


@dataclass(frozen=True, slots=True)
class Rows:
    """Activations that a dictionary is found in, and where each lies.

    Attributes
    ----------
    activations : Tensor of shape (m, c)
    image : array of shape (m,)
        Which image of the views.
    boxes : tuple of Box
        The same for every image, repeated in `image` order: row j shows `boxes[j % len(boxes)]`.
    """

    activations: Tensor
    image: Integers
    boxes: tuple[Box, ...]

    def box(self, row: int) -> Box:
        """Return the part of the image that a row shows."""
        return self.boxes[row % len(self.boxes)]


@torch.no_grad()
def encode(problem: ConceptProblem, cut: Cut, of: Integers, tally: Tally) -> Views:
    """Run images through the first half of the model."""
    maps, rest = [], []
    for part in _batches(of, problem.batch):
        found = cut.encode(problem.images(part))
        maps.append(found[0].contiguous())
        rest.append(found[1])
        tally.add(len(part))
    return Views(of, torch.cat(maps), torch.cat(rest))


@torch.no_grad()
def crop_rows(
    problem: ConceptProblem, cut: Cut, of: Integers, where: tuple[Box, ...], tally: Tally
) -> Rows:
    """Encode every crop of every image and average it over positions."""
    found = []
    for part in _batches(of, max(1, problem.batch // len(where))):
        inputs = crops.cut_out(
            problem.images(part), where, is_channels_last=problem.is_channels_last
        )
        for some in torch.split(inputs, max(problem.batch, 1)):
            found.append(cut.encode(some)[0].mean(dim=(1, 2)))
            tally.add(len(some))
    return Rows(torch.cat(found), np.repeat(np.arange(len(of)), len(where)), where)


def position_rows(problem: ConceptProblem, views: Views, share: float) -> Rows:
    """Take every position of every image: no pass through the model."""
    _n, height, width, channels = views.maps.shape
    side = max(1, round(share * min(problem.size)))
    boxes = tuple(
        crops.around((y, x), (height, width), problem.size, side)
        for y in range(height)
        for x in range(width)
    )
    image = np.repeat(np.arange(len(views.of)), len(boxes))
    return Rows(views.maps.reshape(-1, channels), image, boxes)


def best_rows(codes: Tensor, rows: Rows, most: int) -> list[int]:
    """Return the rows with the largest coefficients, one per image, present ones only.

    Parameters
    ----------
    codes : Tensor of shape (m,)
        Of one concept.
    """
    found: list[int] = []
    seen: set[int] = set()
    for row in torch.argsort(codes, descending=True, stable=True).tolist():
        if len(found) >= most or float(codes[row]) <= 0:
            break
        if int(rows.image[row]) not in seen:
            seen.add(int(rows.image[row]))
            found.append(row)
    return found


def _batches(of: Integers, size: int) -> Iterator[Integers]:
    for start in range(0, len(of), size):
        yield of[start : start + size]
