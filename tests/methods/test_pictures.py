"""Methods for pictures: a planted corner, slow copies of the papers, shards that change nothing."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.methods.scenes import SIDE, is_corner, problem, scene
from xai.errors import NotApplicable
from xai.methods.gradient import gradcam, smoothgrad
from xai.methods.perturbation import rise

CORNER = is_corner()


@pytest.mark.parametrize(
    ("method", "params"),
    [
        (rise, rise.Params(masks=400, cells=4)),
        (smoothgrad, smoothgrad.Params(samples=10)),
    ],
)
def test_finds_the_corner_that_decides(method, params):
    found = method.attribute(problem(scene()), params)
    for values in found.values:
        inside, outside = values[0][CORNER], values[0][~CORNER]
        assert inside.mean() > 3 * abs(outside.mean())


def test_gradcam_shows_a_feature_wherever_it_is_not_where_the_head_looks():
    """Its known failure: a mean gradient forgets places, so a head that looks at one corner…"""
    found = gradcam.attribute(problem(scene()), gradcam.Params())
    inside, outside = found.values[0][0][CORNER], found.values[0][0][~CORNER]
    assert inside.mean() == pytest.approx(outside.mean(), rel=0.2)


def test_gradcam_is_the_formula_of_the_paper():
    found = scene()
    values = gradcam.attribute(problem(found), gradcam.Params()).values
    maps = found.network.maps(found.inputs).detach().requires_grad_()
    logit = found.network.slope * maps[:, 0, : SIDE // 4, : SIDE // 4].mean(dim=(1, 2))
    torch.sigmoid(logit).sum().backward()
    for i in range(2):
        cam = torch.zeros(SIDE // 2, SIDE // 2)
        for channel in range(2):
            cam += maps.grad[i, channel].mean() * maps[i, channel].detach()
        large = torch.nn.functional.interpolate(
            cam.relu()[None, None], size=(SIDE, SIDE), mode="bilinear", align_corners=False
        )
        np.testing.assert_allclose(values[i][0], large.ravel().numpy(), rtol=1e-4, atol=1e-7)


def test_smoothgrad_without_noise_is_gradient_times_input():
    found = scene()
    values = smoothgrad.attribute(problem(found), smoothgrad.Params(samples=2, noise=1e-9)).values
    inputs = found.inputs.clone().requires_grad_()
    torch.softmax(found.network(inputs).logits, dim=1)[:, 1].sum().backward()
    expected = (inputs.grad * found.inputs).sum(dim=1).flatten(1).numpy()
    np.testing.assert_allclose(np.concatenate(values), expected, rtol=1e-4, atol=1e-8)


def test_rise_is_the_slope_of_score_over_mask():
    found = scene(n=1)
    params = rise.Params(masks=60, cells=4)
    result = rise.attribute(problem(found), params)
    masks = rise.masks_of(found.shape, params, 0)
    scores = [found.soft(mask[None], np.array([0]))[0] for mask in masks]
    for unit in (0, 37, 200):
        column = masks.reshape(60, -1)[:, unit].double().numpy()
        slope = np.cov(column, scores, bias=True)[0, 1] / column.var()
        assert result.values[0][0, unit] == pytest.approx(slope, rel=1e-6)


def test_the_error_of_rise_covers_its_noise():
    found, many = scene(n=1), 40
    params = rise.Params(masks=100, cells=4)
    runs = [rise.attribute(problem(found, seed=seed), params) for seed in range(many)]
    spread = np.std([run.values[0][0] for run in runs], axis=0)
    stated = np.mean([run.error[0][0] for run in runs], axis=0)
    assert 0.7 < np.median(stated / spread) < 1.4


@pytest.mark.parametrize(
    ("method", "params"),
    [(rise, rise.Params(masks=50, cells=4)), (smoothgrad, smoothgrad.Params(samples=3))],
)
def test_a_picture_has_the_same_values_in_any_shard(method, params):
    both = method.attribute(problem(scene(), rows=[4, 9]), params).values
    whole = scene()
    alone = type(whole)(
        whole.network, whole.inputs[1:], whole.baselines[1:], whole.targets[1:],
        whole.players[1:], whole.shape,
    )  # fmt: skip
    np.testing.assert_allclose(
        method.attribute(problem(alone, rows=[9]), params).values[0], both[1], rtol=1e-5
    )


@pytest.mark.parametrize("method", [rise, gradcam])
def test_what_is_no_picture_is_refused(method):
    from dataclasses import replace

    with pytest.raises(NotApplicable):
        method.attribute(replace(problem(scene()), extras={}), method.Params())
