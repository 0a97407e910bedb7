"""Pictures with a planted truth: a network whose score is known in closed form."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import torch
from torch import nn

from xai.units import UnitProblem
from xai.workbench.picture_problem import Scene
from xai.workbench.segments import grid

SIDE = 16


class Corner(nn.Module):
    """Two classes; the odds of the second are the mean brightness of the upper left quarter."""

    def __init__(self, slope=4.0):
        super().__init__()
        self.slope = slope
        self.maps = nn.Conv2d(1, 2, 2, stride=2, bias=False)
        with torch.no_grad():
            self.maps.weight[0] = 0.25
            self.maps.weight[1] = -0.25

    def forward(self, pixel_values):
        bright = self.maps(pixel_values)[:, 0]
        logit = self.slope * bright[:, : SIDE // 4, : SIDE // 4].mean(dim=(1, 2))
        return SimpleNamespace(logits=torch.stack([torch.zeros_like(logit), logit], dim=1))


def scene(network=None, n=2, side=4, units=SIDE):
    """Return a scene of random pictures on a black baseline, cut into a grid."""
    draw = torch.Generator().manual_seed(0)
    inputs = torch.rand(n, 1, SIDE, SIDE, generator=draw) + 0.5
    players = (grid((units, units), side),) * n
    return Scene(
        (network or Corner()).eval(), inputs, torch.zeros_like(inputs), np.ones(n, np.int64),
        players, (units, units),
    )  # fmt: skip


def problem(found, seed=0, rows=None):
    """Return the problem that methods see of a scene."""
    n = len(found.targets)
    return UnitProblem(
        rows=np.arange(n) if rows is None else np.array(rows), names=((),) * n,
        shapes=(found.shape,) * n, players=found.players, outputs=(("bright",),) * n,
        score=found.score, seed=seed, gradients=found, extras={"scene": found},
    )  # fmt: skip


def is_corner(units=SIDE):
    """Return which units lie in the upper left quarter."""
    place = np.arange(units) < units // 2
    return (place[:, None] & place[None, :]).ravel()
