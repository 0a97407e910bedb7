"""RISE: how much higher the score is where random soft masks keep a unit than where they hide it.

Source: Petsiuk, Das and Saenko, RISE: Randomized Input Sampling for Explanation of Black-box
Models, BMVC 2018. Departure: the weighted sum of masks is centred, which estimates the same map up
to a constant with far less noise, and gives it a sign and the units of the score.
Cost: one forward pass per mask.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, cast

import numpy as np
import torch
from torch import Tensor, nn

from xai.errors import NotApplicable
from xai.units import UnitAttribution, UnitProblem
from xai.vocabulary import Floats, Integers, Progress, ignore_progress

CHUNK = 64


@dataclass(frozen=True, slots=True)
class Params:
    """What the user may set."""

    masks: int = 500
    cells: int = 7
    kept: float = 0.5


class Soft(Protocol):
    """A score under masks that are neither open nor shut."""

    def soft(self, masks: Tensor, of: Integers) -> Floats:
        """Return the score under masks (m, height, width) of 0 to 1, shape (m,)."""

    def spread(self, units: Tensor) -> Tensor:
        """Return values of units (m, rows, columns) on the pixels, (m, height, width)."""


def attribute(
    problem: UnitProblem, params: Params, progress: Progress = ignore_progress
) -> UnitAttribution:
    """Attribute the score of each picture to its units.

    Returns
    -------
    UnitAttribution
        `values`: mean score where a unit is kept minus where it is hidden, estimated by the
        covariance of score and mask; `error`: its standard error over masks.

    Raises
    ------
    NotApplicable
        If the inputs are no pictures.
    """
    if "scene" not in problem.extras:
        raise NotApplicable("RISE hides parts of pictures; this model reads none.")
    scene = cast("Soft", problem.extras["scene"])
    values, errors, total = [], [], len(problem.rows) * params.masks
    for i, shape in enumerate(problem.shapes):
        found, error = _map(scene, (shape[0], shape[1]), i, params, problem.seed)
        values.append(found[None])
        errors.append(error[None])
        progress((i + 1) * params.masks, total)
    return UnitAttribution(
        values, error=errors, evaluations=total,
        notes={"masks": params.masks, "cells": params.cells, "kept": params.kept},
    )  # fmt: skip


def masks_of(shape: tuple[int, int], params: Params, seed: int) -> Tensor:
    """Return the masks, shape (masks, rows, columns): small random grids, enlarged and shifted."""
    draw = torch.Generator().manual_seed(seed)
    cells, (rows, columns) = params.cells, shape
    tall, wide = -(-rows // cells), -(-columns // cells)
    coarse = (
        torch.rand(params.masks, 1, cells + 1, cells + 1, generator=draw) < params.kept
    ).float()
    size = ((cells + 1) * tall, (cells + 1) * wide)
    down = torch.randint(tall, (params.masks,), generator=draw)
    right = torch.randint(wide, (params.masks,), generator=draw)
    out = torch.empty(params.masks, rows, columns)
    for start in range(0, params.masks, CHUNK):
        large = nn.functional.interpolate(
            coarse[start : start + CHUNK], size=size, mode="bilinear", align_corners=False
        )
        for j, mask in enumerate(large[:, 0], start):
            out[j] = mask[down[j] : down[j] + rows, right[j] : right[j] + columns]
    return out


def _map(
    scene: Soft, shape: tuple[int, int], sample: int, params: Params, seed: int
) -> tuple[Floats, Floats]:
    """Return the map of one picture and its standard error, each of shape (units,)."""
    masks = masks_of(shape, params, seed)
    scores = np.concatenate([
        scene.soft(scene.spread(masks[s : s + CHUNK]), np.full(len(masks[s : s + CHUNK]), sample))
        for s in range(0, params.masks, CHUNK)
    ])  # fmt: skip
    flat = masks.reshape(params.masks, -1).double().numpy()
    centred, off = flat - flat.mean(axis=0), scores - scores.mean()
    spread = np.maximum((centred**2).mean(axis=0), 1e-12)
    values = (off @ centred) / params.masks / spread
    noise = off[:, None] - centred * values
    error = np.sqrt((centred**2 * noise**2).sum(axis=0)) / params.masks / spread
    return values, error
