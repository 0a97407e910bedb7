"""Grad-CAM: the last feature maps, weighted by how much the score rises with each.

Source: Selvaraju et al., Grad-CAM: Visual Explanations from Deep Networks via Gradient-based
Localization, ICCV 2017, equations 1 and 2.
Cost: one forward and one backward pass per picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, cast

import torch
from torch import Tensor, nn

from xai.errors import NotApplicable
from xai.units import UnitAttribution, UnitProblem
from xai.vocabulary import Floats, Integers, Progress, ignore_progress

BATCH = 16


@dataclass(frozen=True, slots=True)
class Params:
    """Nothing may be set: the last feature maps of the network are taken."""


class FeatureMaps(Protocol):
    """A network that shows its last feature maps."""

    def feature_maps(self, of: Integers, layer: str = "") -> tuple[Tensor, Tensor, str]:
        """Return maps and the gradient of the score by them, (b, channels, h, w), and the layer."""


def attribute(
    problem: UnitProblem,
    params: Params,  # noqa: ARG001 - every method takes them
    progress: Progress = ignore_progress,
) -> UnitAttribution:
    """Attribute the score of each picture to its units.

    Returns
    -------
    UnitAttribution
        Unsigned: only what raises the score is shown, in units of the score per feature. The map
        is as coarse as the last feature maps and is enlarged smoothly.

    Raises
    ------
    NotApplicable
        If the network makes no feature maps.
    """
    if "scene" not in problem.extras:
        raise NotApplicable("Grad-CAM needs the feature maps of a convolutional network.")
    scene = cast("FeatureMaps", problem.extras["scene"])
    values: list[Floats] = []
    n, layer, coarse = len(problem.rows), "", (0, 0)
    for start in range(0, n, BATCH):
        of = torch.arange(start, min(start + BATCH, n)).numpy()
        maps, gradient, layer = scene.feature_maps(of)
        weights = gradient.mean(dim=(2, 3), keepdim=True)
        cam = torch.relu((weights * maps).sum(dim=1, keepdim=True))
        coarse = (int(cam.shape[2]), int(cam.shape[3]))
        for j, i in enumerate(of):
            shape = problem.shapes[i]
            large = nn.functional.interpolate(
                cam[j : j + 1], size=shape, mode="bilinear", align_corners=False
            )
            values.append(large[0].reshape(1, -1).double().numpy())
        progress(len(values), n)
    notes = {"layer": layer, "map": list(coarse)}
    return UnitAttribution(values, evaluations=2 * n, notes=notes)
