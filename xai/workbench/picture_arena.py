"""The arena of pictures: cells of a grid taken away, and what stands in for them, three ways."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from xai.evaluation.faithfulness.catalogue import Baseline
from xai.units import UnitProblem
from xai.vocabulary import Progress
from xai.workbench.arena import Arena, Counted
from xai.workbench.picture_problem import Scene

BLUR = 11
"""Standard deviations across a picture's shorter side: nothing smaller than a few cells is left."""

BASELINES = (
    Baseline("blur", "Blurred", "The picture itself, blurred until only colours are left."),
    Baseline("mean", "Mean colour", "The mean colour of the picture."),
    Baseline("zero", "Grey", "The value 0 of the model's input, a grey for most models."),
)


def arena(problem: UnitProblem, scene: Scene, watch: Progress) -> Arena:
    """Return the arena of the pictures of a problem."""
    pixels = scene.inputs
    fills = {
        "blur": blurred(pixels),
        "mean": pixels.mean(dim=(2, 3), keepdim=True).expand_as(pixels),
        "zero": torch.zeros_like(pixels),
    }
    counted = [
        (baseline, Counted(replace(scene, baselines=fills[baseline.slug]).score, watch))
        for baseline in BASELINES
    ]
    return Arena(
        rows=problem.rows,
        players=problem.players,
        shapes=problem.shapes,
        scores=tuple(counted),
        spent=lambda: sum(score.done for _, score in counted),
        is_probability=True,
    )


def blurred(pixels: Tensor) -> Tensor:
    """Return pictures (n, channels, height, width) under a Gaussian blur, edges mirrored."""
    found = pixels
    for axis in (2, 3):
        size = pixels.shape[axis]
        spread = max(1.0, min(pixels.shape[2:]) / BLUR)
        reach = min(int(np.ceil(2 * spread)), size - 1)
        steps = torch.arange(-reach, reach + 1, dtype=pixels.dtype)
        kernel = torch.exp(-0.5 * (steps / spread) ** 2)
        kernel = (kernel / kernel.sum()).reshape((1, 1, -1, 1) if axis == 2 else (1, 1, 1, -1))
        pad = (0, 0, reach, reach) if axis == 2 else (reach, reach, 0, 0)
        padded = torch.nn.functional.pad(found, pad, mode="reflect")
        channels = pixels.shape[1]
        weight = kernel.expand(channels, 1, *kernel.shape[2:])
        found = torch.nn.functional.conv2d(padded, weight, groups=channels)
    return found
