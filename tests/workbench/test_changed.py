"""A network without its knowledge, or with moved embeddings, and back as it was."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from xai.workbench import changed


@pytest.fixture
def network():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Embedding(50, 8),
        nn.Linear(8, 16),
        nn.LayerNorm(16),
        nn.BatchNorm1d(16),
        nn.Linear(16, 2),
    ).eval()


def numbers(network):
    return {name: tensor.clone() for name, tensor in network.state_dict().items()}


def same(network, before):
    return {name: torch.equal(tensor, before[name]) for name, tensor in numbers(network).items()}


def fail_while_redrawn(network, look):
    with changed.redrawn(network, 3):
        look()
        raise RuntimeError


def test_all_weights_are_new_and_come_back_even_after_an_error(network):
    network[3].running_var.copy_(torch.rand(16) + 0.5)
    before, seen = numbers(network), {}
    with pytest.raises(RuntimeError):
        fail_while_redrawn(network, lambda: seen.update(numbers(network)))
    assert all(same(network, before).values())
    for name in ("0.weight", "1.weight", "3.running_var"):
        assert not torch.equal(seen[name], before[name])
    assert float(seen["3.running_var"].min()) >= 0.5


def test_new_weights_have_the_spread_of_the_old_ones_and_nothing_else_of_them(network):
    before = network[0].weight.detach().clone()
    with changed.redrawn(network, 1):
        after = network[0].weight.detach().clone()
    assert float(after.std()) == pytest.approx(float(before.std()), rel=0.15)
    pair = torch.stack([before.ravel(), after.ravel()])
    assert abs(float(torch.corrcoef(pair)[0, 1])) < 0.15


def test_the_same_seed_draws_the_same_weights(network):
    drawn = []
    for seed in (1, 1, 2):
        with changed.redrawn(network, seed):
            drawn.append(network[1].weight.detach().clone())
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])


def test_embeddings_move_by_at_most_two_percent_of_their_spread(network):
    before = numbers(network)
    with changed.moved(network[0], 5):
        weight = network[0].weight.detach()
        far = (weight - before["0.weight"]).abs().max() / before["0.weight"].std()
        assert 0.015 < float(far) <= 0.0201
        assert torch.equal(network[1].weight, before["1.weight"])
    assert all(same(network, before).values())
