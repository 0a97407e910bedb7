"""What stands in for a part of a picture: a blur that keeps colours, and three answers."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from xai.units import UnitProblem
from xai.workbench.picture_arena import BASELINES, arena, blurred, moved
from xai.workbench.picture_problem import Scene


class Brightness(torch.nn.Module):
    """Two classes: how bright the picture is, and nothing."""

    def forward(self, pixel_values):
        bright = pixel_values.mean(dim=(1, 2, 3))
        return SimpleNamespace(logits=torch.stack([bright, torch.zeros_like(bright)], dim=1))


@pytest.fixture
def problem():
    draw = torch.Generator().manual_seed(0)
    pixels = torch.rand((2, 3, 24, 24), generator=draw) + 1
    players = (np.repeat(np.arange(4), 144),) * 2
    scene = Scene(Brightness(), pixels, pixels, np.zeros(2, dtype=np.int64), players, (24, 24))
    return UnitProblem(
        rows=np.array([3, 5]), names=((), ()), shapes=((24, 24),) * 2, players=players,
        outputs=(("bright",),) * 2, score=scene.score, extras={"scene": scene},
    )  # fmt: skip


def again(*_):
    raise AssertionError("nothing is explained again")


def test_a_blur_keeps_a_plain_picture_and_smooths_an_edge():
    plain = torch.full((1, 3, 24, 30), 0.3)
    assert torch.allclose(blurred(plain), plain, atol=1e-6)
    edge = torch.zeros((1, 1, 24, 24))
    edge[..., 12:] = 1.0
    smooth = blurred(edge)[0, 0, 12]
    assert (smooth.diff() >= -1e-6).all()
    assert float(smooth.diff().max()) < 0.4
    assert float(smooth.mean()) == pytest.approx(0.5, abs=0.01)


def test_every_baseline_fills_its_own_way(problem):
    found = arena(problem, problem.extras["scene"], again, lambda *_: None)
    kept, of = np.zeros((2, 4), dtype=bool), np.array([0, 1])
    answers = {baseline.slug: score(kept, of)[:, 0] for baseline, score in found.scores}
    bright = torch.sigmoid(problem.extras["scene"].inputs.mean(dim=(1, 2, 3)))
    np.testing.assert_allclose(answers["mean"], bright, atol=1e-5)
    np.testing.assert_allclose(answers["blur"], bright, atol=5e-3)
    np.testing.assert_allclose(answers["zero"], 0.5)
    assert found.spent() == 2 * len(BASELINES)


def test_what_is_kept_is_the_picture_itself(problem):
    found = arena(problem, problem.extras["scene"], again, lambda *_: None)
    kept, of = np.ones((2, 4), dtype=bool), np.array([0, 1])
    whole = problem.score(kept, of)
    for _, score in found.scores:
        np.testing.assert_allclose(score(kept, of), whole)


def test_the_price_of_a_mask_is_one_pass_per_baseline():
    from xai.runner.plan import MEASURED

    assert MEASURED["image-classification"] == len(BASELINES)


def test_pictures_move_by_at_most_two_percent_of_their_spread_and_by_their_own_seed(problem):
    pixels = problem.extras["scene"].inputs
    both = moved(pixels, [(7, 3), (7, 5)])
    far = (both - pixels).abs().amax(dim=(1, 2, 3)) / pixels.std(dim=(1, 2, 3))
    assert (far <= 0.0201).all()
    assert (far > 0.015).all()
    assert torch.equal(both[1:], moved(pixels[1:], [(7, 5)]))
