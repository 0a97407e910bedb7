"""The arena of pictures: cells of a grid taken away, and what stands in for them, three ways."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from xai.evaluation.faithfulness.catalogue import Baseline
from xai.methods import catalogue
from xai.units import UnitProblem
from xai.vocabulary import Integers, Json, Progress
from xai.workbench import changed
from xai.workbench.again import Again, Changed, Pose
from xai.workbench.arena import Arena, Change, Counted
from xai.workbench.picture_problem import Scene

BLUR = 11
"""Standard deviations across a picture's shorter side: nothing smaller than a few cells is left."""

BASELINES = (
    Baseline("blur", "Blurred", "The picture itself, blurred until only colours are left."),
    Baseline("mean", "Mean colour", "The mean colour of the picture."),
    Baseline("zero", "Grey", "The value 0 of the model's input, a grey for most models."),
)


Posed = Callable[[Integers, Tensor, Mapping[str, Json]], UnitProblem]
"""`posed(of, pixels, params)`: the problem of some pictures, seen as these pixels."""
RADIUS = 0.02
"""How far a pixel moves, as a share of the spread of its picture."""


def arena(problem: UnitProblem, scene: Scene, posed: Posed, watch: Progress) -> Arena:
    """Return the arena of the pictures of a problem."""
    again = Again(catalogue.IMAGES, _changed(problem, scene, posed), watch)
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
        spent=lambda: again.done + sum(score.done for _, score in counted),
        is_probability=True,
        retold=again,
    )


def _changed(problem: UnitProblem, scene: Scene, posed: Posed) -> Changed:
    @contextmanager
    def change(how: Change, draw: int) -> Iterator[Pose]:
        key = 1000 * problem.seed + draw

        def pose(of: Integers, params: Mapping[str, Json]) -> UnitProblem:
            pixels = scene.inputs[of]
            if how == "moved":
                pixels = moved(pixels, [(key, int(problem.rows[i])) for i in of])
            return posed(of, pixels, params)

        with changed.redrawn(scene.network, key) if how == "redrawn" else nullcontext():
            yield pose

    return change


def moved(pixels: Tensor, keys: list[tuple[int, int]]) -> Tensor:
    """Return pictures (n, …) whose every number moved by at most `RADIUS` of their spread."""
    found = pixels.clone()
    for at, key in enumerate(keys):
        steps = np.random.default_rng(list(key)).uniform(-RADIUS, RADIUS, tuple(pixels.shape[1:]))
        found[at] += torch.from_numpy(steps).to(pixels.dtype) * pixels[at].std()
    return found


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
