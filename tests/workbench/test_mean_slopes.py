"""Mean slopes: captum on activations, a literal chain of Jacobians on attention."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from tests.assets.folders import tiny_text_classifier
from xai.methods.gradient import deeplift
from xai.workbench import texts
from xai.workbench.classifier import open_classifier
from xai.workbench.explained import Explained
from xai.workbench.mean_slopes import Undefined, own_functions, recorded
from xai.workbench.tokenized import tokenized

PLACES = np.polynomial.legendre.leggauss(40)


def drawn(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape)))


def multipliers(network, inputs, baselines, nodes=40):
    """Return the multipliers of `network`, which gives one number per row."""
    given = torch.cat([inputs, baselines]).requires_grad_()
    with recorded(network, len(given), nodes):
        found = network(given)
    (slope,) = torch.autograd.grad(found[: len(inputs)].sum(), given)
    assert torch.equal(slope[len(inputs) :], torch.zeros_like(baselines))
    return found.detach(), slope[: len(inputs)]


class Layers(nn.Module):
    """Layers and activations alone: what captum's rule covers."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.first, self.second, self.last = nn.Linear(6, 8), nn.Linear(8, 8), nn.Linear(8, 1)
        self.bend, self.squash = nn.ReLU(), nn.Tanh()

    def forward(self, given):
        return self.last(self.squash(self.second(self.bend(self.first(given)))))[:, 0]


@pytest.mark.filterwarnings("ignore:Setting forward, backward hooks")
def test_layers_and_activations_get_captums_values():
    from captum.attr import DeepLift

    network, inputs, baselines = Layers().requires_grad_(False), drawn(5, 6), drawn(5, 6) / 3
    _, slope = multipliers(network, inputs, baselines)
    expected = DeepLift(network).attribute(inputs.clone().requires_grad_(), baselines).detach()
    torch.testing.assert_close((inputs - baselines) * slope, expected, atol=1e-6, rtol=1e-4)
    change = network(inputs) - network(baselines)
    torch.testing.assert_close(expected.sum(1), change, atol=1e-5, rtol=1e-4)


class Attend(nn.Module):
    """A layer norm, one head of attention, and a gate: what captum's rule leaves open."""

    def __init__(self):
        super().__init__()
        self.query, self.key, self.value = drawn(4, 4), drawn(4, 5)[:, :4], drawn(4, 6)[:, :4]

    def forward(self, given):
        normed = functional.layer_norm(given, (4,))
        queries, keys = normed @ self.query, normed @ self.key
        mixed = (queries @ keys.transpose(1, 2)).softmax(-1) @ (normed @ self.value)
        return (mixed * mixed.sigmoid()).sum((1, 2))


def mean_jacobian(function, one, other):
    """Return ∫ of the Jacobian along the line, by 40 places, inputs and outputs flat."""
    total = 0.0
    for place, weight in zip(*PLACES, strict=True):
        point = other + (place + 1) / 2 * (one - other)
        slope = torch.autograd.functional.jacobian(function, point)
        total = total + weight / 2 * slope.reshape(-1, point.numel())
    return total


def literal(network, one, other):
    """Chain the mean Jacobians of a single row by hand, from the answer to the input."""

    def ends(function, *pairs):
        return function(*(a for a, _ in pairs)), function(*(b for _, b in pairs))

    def norm(given):
        return functional.layer_norm(given, (4,))

    normed = ends(norm, (one, other))
    queries, keys, values = (
        ends(lambda given, w=w: given @ w, normed)
        for w in (network.query, network.key, network.value)
    )
    scores = ends(lambda q, k: q @ k.T, queries, keys)
    weights = ends(lambda s: s.softmax(-1), scores)
    mixed = ends(torch.matmul, weights, values)
    gates = ends(torch.sigmoid, mixed)

    def mean(pair):
        return (pair[0] + pair[1]) / 2

    rescale = (gates[0] - gates[1]) / (mixed[0] - mixed[1])
    back = mean(gates) + mean(mixed) * rescale
    to_weights, to_values = back @ mean(values).T, mean(weights).T @ back
    jacobian = mean_jacobian(lambda s: s.softmax(-1), *scores)
    to_scores = (to_weights.flatten() @ jacobian).reshape(scores[0].shape)
    to_queries, to_keys = to_scores @ mean(keys), to_scores.T @ mean(queries)
    to_normed = to_queries @ network.query.T + to_keys @ network.key.T + to_values @ network.value.T
    return (to_normed.flatten() @ mean_jacobian(norm, one, other)).reshape(one.shape)


def test_attention_is_a_literal_chain_of_mean_slopes_and_adds_up():
    network, inputs, baselines = Attend(), drawn(3, 5, 4), drawn(3, 6, 4)[:, :5] / 2
    found, slope = multipliers(network, inputs, baselines)
    for row in range(3):
        expected = literal(network, inputs[row], baselines[row])
        torch.testing.assert_close(slope[row], expected, atol=2e-5, rtol=1e-4)
    summed = ((inputs - baselines) * slope).sum((1, 2))
    torch.testing.assert_close(summed, found[:3] - found[3:], atol=1e-5, rtol=1e-5)


def test_what_is_sorted_has_no_multiplier_and_is_named():
    class Sorted(nn.Module):
        def forward(self, given):
            return given.topk(2).values.sum(1)

    with pytest.raises(Undefined, match=r"not defined for Sorted: .* 'topk'"):
        multipliers(Sorted(), drawn(2, 5), drawn(2, 5))


def test_code_of_ones_own_on_the_way_back_is_found():
    class Secret(torch.autograd.Function):
        @staticmethod
        def forward(_ctx, given):
            return given.sin()

        @staticmethod
        def backward(_ctx, slope):
            return slope

    given = drawn(4, 3).requires_grad_()
    assert own_functions(Secret.apply(given).sum()) == {"Secret"}
    with recorded(nn.Identity(), 4, 3):
        assert own_functions(given.tanh().sum()) == set()


@pytest.mark.parametrize("activation", ["gelu_new", "gelu", "relu", "silu"])
def test_a_transformer_adds_up_whatever_its_activation(activation, tmp_path):
    path = tiny_text_classifier(tmp_path / "model.zip", hidden_act=activation)
    classifier = open_classifier(str(path))
    lines = ("the plot was awful , but the actor is funny", "a good film", "")
    samples = [tokenized(classifier.tokenizer, classifier.most, line) for line in lines]
    posed = texts.problem(classifier, samples, np.arange(3), Explained(np.array([0, 1, 1])), 0)
    found = deeplift.attribute(posed, deeplift.Params())
    whole = posed.score(np.ones((3, posed.player_counts.max()), dtype=bool), np.arange(3))[:, 0]
    summed = np.concatenate(found.base) + [values.sum() for values in found.values]
    np.testing.assert_allclose(summed, whole, atol=2e-4)
    np.testing.assert_allclose(np.concatenate(found.residual), whole - summed, atol=1e-5)
    assert (found.values[2] == 0).all()
