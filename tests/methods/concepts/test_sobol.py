"""Sobol indices against closed forms, scipy, and the released estimator."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import sobol_indices, uniform

from tests.methods.concepts.score_of import Function, score_of
from xai.methods.concepts.design import pair, pick_freeze
from xai.methods.concepts.sobol import totals

COEFFICIENTS = np.array([3.0, -2.0, 1.0, 0.5, 0.0])


def additive(masks):
    return masks @ torch.tensor(COEFFICIENTS) + 4


def curved(masks):
    return torch.sin(3 * masks[:, 0]) + 2 * masks[:, 1] * masks[:, 2] + masks[:, 3] ** 2


def truth(function, r=5):
    found = sobol_indices(
        func=lambda x: function(torch.tensor(x.T)).numpy()[None],
        n=2**14,
        dists=[uniform()] * r,
        rng=0,
    )
    return found.total_order.ravel()


def test_an_affine_head_has_a_closed_form():
    score = score_of(COEFFICIENTS)
    found = totals(score, 32, seed=0).per_image()[0]
    np.testing.assert_allclose(found, COEFFICIENTS**2 / (COEFFICIENTS**2).sum(), atol=1e-6)


def test_the_closed_form_is_what_scipy_estimates():
    found = totals(score_of(COEFFICIENTS), 32, seed=0).per_image()[0]
    np.testing.assert_allclose(found, truth(additive), atol=0.01)


def test_a_curved_head_comes_near_scipy():
    found = totals(Function(curved, n=20, concepts=5), 64, seed=0).joint()
    np.testing.assert_allclose(found, truth(curved), atol=0.03)


def test_the_control_variate_takes_most_of_the_error_of_a_nearly_linear_head():
    def nearly(masks):
        return additive(masks) + 0.1 * masks[:, 0] * masks[:, 1]

    expected, errors = truth(nearly), {}
    for name, kept in (("with", 5), ("without", 0)):
        found = totals(Function(nearly, n=1, concepts=5), 32, seed=3)
        index = found.joint() if kept else _plain(nearly, 32, seed=3)
        errors[name] = float(np.abs(np.asarray(index) - expected).max())
    assert found.controlled >= 3
    assert errors["with"] < 0.5 * errors["without"]


def _plain(function, points, seed):
    first, second = pair(5, points, seed)
    logits = function(pick_freeze(first, second)).reshape(6, points)
    return (logits[0] - logits[1:]).square().mean(dim=1) / (2 * logits[0].var())


def test_parity_is_jansens_estimate_on_unscrambled_points():
    score = Function(curved, n=2, concepts=5)
    first, second = pair(5, 32, 0, parity=True)
    logits = curved(pick_freeze(first, second)).reshape(6, 32)
    literal = [
        float(((logits[0] - logits[i + 1]) ** 2).mean() / (2 * logits[0].var())) for i in range(5)
    ]
    np.testing.assert_allclose(totals(score, 32, seed=9, parity=True).joint(), literal)


def test_the_released_design_depends_on_the_place_of_a_concept_and_ours_does_not():
    equal = Function(lambda masks: masks.sum(dim=1), n=20, concepts=20)
    released = totals(equal, 32, seed=0, parity=True).joint()
    ours = totals(equal, 32, seed=0).joint()
    assert float(released.sum()) < 0.3
    assert float(released[:3].mean() / released[-3:].mean()) > 3
    np.testing.assert_allclose(ours, 1 / 20, rtol=0.1)


def test_a_constant_logit_has_no_index_and_is_left_out_of_the_mean():
    still = totals(Function(lambda masks: 0 * masks[:, 0], n=2, concepts=3), 16, seed=0)
    assert bool(still.per_image().isnan().all())
    mixed = totals(score_of(COEFFICIENTS, scales=(1.0, 0.0)), 16, seed=0)
    np.testing.assert_allclose(mixed.joint(), totals(score_of(COEFFICIENTS), 16, seed=0).joint())


def test_another_seed_is_another_design():
    first, again, other = (pair(4, 16, seed)[0] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not torch.equal(first, other)


@pytest.mark.parametrize("points", [8, 33])
def test_masks_differ_from_the_first_block_in_one_column(points):
    first, second = pair(3, points, 0)
    masks = pick_freeze(first, second).reshape(4, points, 3)
    for i in range(3):
        np.testing.assert_array_equal(masks[i + 1, :, i], second[:, i])
        others = [j for j in range(3) if j != i]
        np.testing.assert_array_equal(masks[i + 1][:, others], first[:, others])
