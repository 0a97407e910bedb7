"""Estimators on a linear head, where all but the unsigned ones are known; measures of them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from tests.methods.concepts.score_of import Function, Small, codes_of, score_of
from xai.methods.concepts import faithfulness, importance
from xai.methods.concepts.dictionary import Dictionary
from xai.methods.concepts.head import probe
from xai.methods.concepts.score import ConceptScore

COEFFICIENTS = np.array([3.0, -2.0, 1.0, 0.5, 0.0])
SIGNED = ("gradient_input", "integrated_gradients", "occlusion")


def curved(masks):
    return torch.tanh(masks[:, 0] - masks[:, 1]) + masks[:, 2] ** 2 * masks[:, 0]


def general(function, *, has_gradient):
    """Return a score whose head neither pools nor is affine."""
    cut = Small(function, channels=4, has_gradient=has_gradient)
    codes, bank = (
        codes_of(np.ones(3), scales=(1.0, 0.5)),
        torch.rand((3, 4), generator=torch.Generator().manual_seed(2)),
    )
    rest, targets = torch.ones((2, 1, 4)), torch.tensor([0, 1])
    head = probe(cut, codes @ bank, rest)
    return ConceptScore(head, Dictionary("nmf", bank), codes, rest, targets)


def twisted(maps, rest):
    flat = torch.cat([maps.flatten(1), rest.flatten(1)], dim=1)
    weights = torch.rand((flat.shape[1], 2), generator=torch.Generator().manual_seed(3))
    return torch.tanh(flat @ weights / 10)


@pytest.mark.parametrize("name", SIGNED)
def test_is_coefficient_times_weight_on_a_linear_head(name):
    found = importance.ESTIMATORS[name](score_of(COEFFICIENTS, scales=(1.0, 2.0)), 0)
    np.testing.assert_allclose(found[0], COEFFICIENTS, atol=1e-5)
    np.testing.assert_allclose(found[1], 2 * COEFFICIENTS, atol=1e-5)


def test_rise_comes_near_it():
    found = importance.rise(score_of(COEFFICIENTS), 0)[0]
    np.testing.assert_allclose(found, COEFFICIENTS, atol=0.8)
    assert np.sign(found[1]) == -1


def test_hsic_orders_by_size_without_a_sign():
    found = importance.hsic(score_of(COEFFICIENTS), 0)[0]
    assert np.argsort(-found.numpy())[:3].tolist() == [0, 1, 2]


def test_integrated_gradients_sum_to_the_rise_of_the_logit():
    score = Function(curved, n=1, concepts=3)
    logits = score(torch.tensor([[1.0, 1, 1], [0, 0, 0]]))[0]
    total = importance.integrated_gradients(score).sum()
    assert float(total) == pytest.approx(float(logits[0] - logits[1]), abs=1e-4)


def test_differences_are_near_the_gradient():
    exact = general(twisted, has_gradient=True).gradient()
    stepped = general(twisted, has_gradient=False).gradient()
    np.testing.assert_allclose(stepped, exact, rtol=0.02, atol=1e-3)


def test_a_general_head_is_asked_with_the_masked_maps():
    score = general(twisted, has_gradient=True)
    assert not score.is_exact
    masks = torch.rand((5, 3))
    codes = codes_of(np.ones(3), scales=(1.0, 0.5))
    bank = torch.rand((3, 4), generator=torch.Generator().manual_seed(2))
    for image, mask in itertools.product(range(2), range(5)):
        maps = (codes[image : image + 1] * masks[mask]) @ bank
        expected = twisted(maps, torch.ones((1, 1, 4)))[0, image]
        assert float(score(masks)[image, mask]) == pytest.approx(float(expected), abs=1e-6)


def test_a_pooled_head_that_is_not_affine_sees_the_mean():
    cut = Small(lambda maps, _rest: torch.tanh(maps.mean(dim=(1, 2))), channels=3)
    codes, bank = codes_of(np.ones(3), scales=(1.0, 0.5)), torch.eye(3)
    rest = torch.zeros((2, 0, 3))
    head = probe(cut, codes @ bank, rest)
    assert head.form == "pooled non-linear"
    score = ConceptScore(head, Dictionary("nmf", bank), codes, rest, torch.tensor([0, 2]))
    masks = torch.rand((4, 3)).double()
    expected = torch.stack([torch.tanh(masks[:, 0]), torch.tanh(0.5 * masks[:, 2])])
    np.testing.assert_allclose(score(masks), expected, atol=1e-6)


def test_an_affine_head_that_does_not_pool_is_found_and_exact():
    weights = torch.rand((9, 5, 1))
    cut = Small(
        lambda maps, _rest: torch.einsum("bxyc,xycz->bz", maps, weights.reshape(3, 3, 5, 1))
    )
    codes, rest = codes_of(np.ones(5)), torch.zeros((1, 0, 5))
    head = probe(cut, codes, rest)
    assert head.form == "affine"
    score = ConceptScore(head, Dictionary("nmf", torch.eye(5)), codes, rest, torch.zeros(1).long())
    expected = torch.einsum("xyc,xyc->c", codes[0], weights.reshape(3, 3, 5))
    np.testing.assert_allclose(score.gradient()[0], expected, rtol=1e-5)


def test_gradient_input_deletes_and_inserts_best_of_all_orders():
    score = score_of(COEFFICIENTS)
    best = faithfulness.measure(score, score.gradient())
    assert best.fidelity == pytest.approx(1)
    for order in itertools.permutations(range(5)):
        values = torch.tensor(np.argsort(order)[None].astype(float))
        other = faithfulness.measure(score, values)
        assert other.deletion >= best.deletion - 1e-9
        assert other.insertion <= best.insertion + 1e-9


def test_a_signless_index_deletes_worse_where_a_concept_speaks_against():
    score = score_of(COEFFICIENTS)
    signless = faithfulness.measure(score, importance.sobol(score, 0))
    assert signless.deletion > faithfulness.measure(score, score.gradient()).deletion


def test_fidelity_is_undefined_where_nothing_moves():
    measured = faithfulness.measure(score_of(np.zeros(3)), torch.zeros((1, 3)))
    assert np.isnan(measured.fidelity)
    assert measured.undefined == 1
