"""A quick encoder says what the network says, and leaves the network as it was."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.methods.concepts.planted import Planted
from tests.methods.concepts.test_cuts import IMAGES, cuts_of
from xai.methods.concepts.network_cuts import network_cuts
from xai.methods.concepts.quick import QuickCut, quicken


@pytest.mark.parametrize("kind", ["vit", "resnet"])
@torch.no_grad()
def test_says_what_the_network_says(kind):
    network, forward, cuts = cuts_of(kind)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    expected, logits = cuts[-2].encode(IMAGES), forward(IMAGES)
    found = quicken(cuts[-2], IMAGES[:2], 1000)
    assert isinstance(found, QuickCut)
    for one, other in zip(found.encode(IMAGES), expected, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)
    np.testing.assert_array_equal(forward(IMAGES), logits)
    assert not any(module.training for module in network.modules())
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_a_few_images_are_not_worth_it():
    network = Planted().eval()
    cut = network_cuts(network, network, IMAGES[:2])[-1]
    assert quicken(cut, IMAGES[:2], 20) is cut


def test_gradients_go_through_the_network_itself():
    network = Planted().eval().requires_grad_(False)
    cut = quicken(network_cuts(network, network, IMAGES[:2])[-1], IMAGES[:2], 1000)
    inputs = IMAGES[:2].clone().requires_grad_()
    maps, _rest = cut.encode(inputs)
    (slope,) = torch.autograd.grad(maps.sum(), inputs)
    assert float(slope.abs().sum()) > 0
