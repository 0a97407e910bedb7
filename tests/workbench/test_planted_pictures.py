"""A planted truth through the product's own methods: a linear network on independent pixels."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from tests.methods.scenes import problem
from xai.evaluation.faithfulness.contest import Contestant, Field, contest
from xai.evaluation.faithfulness.league import Measured, agree_on, decide
from xai.methods import catalogue
from xai.workbench import picture_arena
from xai.workbench.picture_problem import Scene
from xai.workbench.segments import grid

SIDE, CELLS, PICTURES = 12, 3, 30


class Linear(nn.Module):
    """The log-odds of the second class are a weighted sum of the pixels."""

    def __init__(self):
        super().__init__()
        draw = torch.Generator().manual_seed(1)
        self.weight = nn.Parameter(torch.randn(SIDE, SIDE, generator=draw) / SIDE)

    def forward(self, pixel_values):
        odds = (pixel_values[:, 0] * self.weight).sum(dim=(1, 2))
        return SimpleNamespace(logits=torch.stack([torch.zeros_like(odds), odds], dim=1))


@pytest.fixture(scope="module")
def measured():
    draw = torch.Generator().manual_seed(0)
    pixels = torch.randn(PICTURES, 1, SIDE, SIDE, generator=draw)
    made = Scene(
        Linear().eval(), pixels, torch.zeros_like(pixels), np.ones(PICTURES, np.int64),
        (grid((SIDE, SIDE), CELLS),) * PICTURES, (SIDE, SIDE),
    )  # fmt: skip
    posed = problem(made)
    arena = picture_arena.arena(posed, made, lambda *_: posed, lambda *_: None)
    shapley = cells("shapley", posed, exact_up_to=CELLS**2)
    shuffled = np.random.default_rng(0).permuted(np.array(shapley), axis=1)
    contestants = [
        Contestant("shapley", shapley),
        Contestant("input_x_gradient", cells("input_x_gradient", posed)),
        Contestant("shuffled", list(shuffled)),
        Contestant("copy", shapley),
    ]
    players = np.full(PICTURES, CELLS**2)
    found = [
        contest(Field(score, players, posed.rows, 0, is_probability=True), contestants)
        for _, score in arena.scores
    ]
    return Measured(
        posed.rows, found[0].slugs, tuple(baseline.slug for baseline, _ in arena.scores),
        *(np.stack([getattr(f, name) for f in found], axis=1)
          for name in ("scores", "deletion", "insertion")),
    )  # fmt: skip


def cells(slug, posed, **params):
    """Return the values of a method summed over the cells of each picture."""
    method = catalogue.load(slug, catalogue.IMAGES)
    found = method.attribute(posed, method.Params(**params))
    return [np.bincount(p, v[0]) for p, v in zip(posed.players, found.values, strict=True)]


def verdict(measured, a, b, measure="gap"):
    decisions = [d for base in measured.baselines for d in decide(measured, measure, base)]
    (row,) = (r for r in agree_on(decisions) if (r.a, r.b) == (a, b))
    return row


@pytest.mark.parametrize("slug", ["shapley", "input_x_gradient"])
@pytest.mark.parametrize("measure", ["gap", "deletion", "insertion", "comprehensiveness"])
def test_a_faithful_method_is_above_random_significantly_and_robustly(measured, slug, measure):
    row = verdict(measured, slug, "random", measure)
    assert (row.verdict, row.winner) == ("robust", slug)
    assert sorted(row.better_under[slug]) == ["blur", "mean", "zero"]


def test_a_shuffled_attribution_is_not(measured):
    row = verdict(measured, "shuffled", "random")
    assert row.winner == ""
    assert row.better_under["shuffled"] == []
    assert verdict(measured, "shapley", "shuffled").winner == "shapley"


def test_two_identical_methods_are_not_called_different(measured):
    for measure in ("gap", "deletion", "insertion", "comprehensiveness", "sufficiency"):
        row = verdict(measured, "shapley", "copy", measure)
        assert (row.verdict, row.winner) == ("none", "")
