"""Attention methods against worked examples and literal loops."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch

from tests.methods.games import played
from xai.methods.attention import last, relevance, rollout

A1 = np.array([[0.6, 0.3, 0.1], [0.2, 0.5, 0.3], [0.1, 0.1, 0.8]])
A2 = np.array([[0.5, 0.25, 0.25], [0.3, 0.4, 0.3], [0.2, 0.2, 0.6]])


class Maps:
    """Attention of random networks: one batch, all samples of `t` positions."""

    def __init__(self, maps, slopes=None, reads=0):
        self.layers, self.slopes, self.reads = maps, slopes, reads

    def batches(self):
        yield np.arange(len(self.layers[0]))

    def maps(self, of):
        yield from (layer[of] for layer in self.layers)

    def maps_with_gradient(self, of, output=0):
        return [(a[of], g[of]) for a, g in zip(self.layers, self.slopes, strict=True)]

    def reading(self, of, output=0):
        return np.full(len(of), self.reads)

    def spread(self, weights, of):
        return list(weights.double().numpy())


def posed(attention):
    samples, size = len(attention.layers[0]), attention.layers[0].shape[-1]
    return played([None] * samples, [np.arange(size)] * samples, attention=attention)


def random_maps(layers=3, samples=2, heads=4, size=5):
    draw = torch.Generator().manual_seed(0)
    shape = (samples, heads, size, size)
    maps = [torch.randn(shape, generator=draw).softmax(-1).double() for _ in range(layers)]
    return maps, [torch.randn(shape, generator=draw).double() for _ in range(layers)]


def as_layers(*matrices):
    return [torch.tensor(m)[None, None] for m in matrices]


def test_rollout_gives_the_worked_example():
    given = posed(Maps(as_layers(A1, A2)))
    found = rollout.attribute(given, rollout.Params())
    np.testing.assert_allclose(found.values[0][0], [0.61875, 0.2125, 0.16875], atol=1e-9)


def test_rollout_is_the_sum_over_all_paths():
    maps, _ = random_maps()
    found = rollout.attribute(posed(Maps(maps, reads=4)), rollout.Params())
    for sample in range(2):
        mean = [layer[sample].mean(0).numpy() for layer in maps]
        half = [(a + np.eye(5)) / (a + np.eye(5)).sum(1, keepdims=True) for a in mean]
        expected = np.zeros(5)
        for first, second, start in product(range(5), repeat=3):
            expected[start] += half[2][4, second] * half[1][second, first] * half[0][first, start]
        np.testing.assert_allclose(found.values[sample][0], expected, atol=1e-12)
        assert found.values[sample].sum() == pytest.approx(1)


def test_the_last_layer_is_read_at_the_reading_place():
    maps, _ = random_maps()
    found = last.attribute(posed(Maps(maps, reads=2)), last.Params())
    np.testing.assert_allclose(found.values[1][0], maps[-1][1].mean(0)[2].numpy(), atol=1e-12)


def test_relevance_is_what_a_slow_loop_gathers():
    maps, slopes = random_maps()
    found = relevance.attribute(posed(Maps(maps, slopes, reads=1)), relevance.Params())
    for sample in range(2):
        gathered = np.eye(5)
        for attention, slope in zip(maps, slopes, strict=True):
            gain = np.zeros((5, 5))
            for head in range(4):
                for i, j in product(range(5), repeat=2):
                    term = float(attention[sample, head, i, j] * slope[sample, head, i, j])
                    gain[i, j] += max(term, 0) / 4
            gathered = gathered + gain @ gathered
        expected = gathered[1] - np.eye(5)[1]
        np.testing.assert_allclose(found.values[sample][0], expected, atol=1e-12)


@pytest.mark.parametrize("method", [rollout, last])
def test_what_is_not_class_specific_says_so(method):
    found = method.attribute(posed(Maps(as_layers(A1, A2))), method.Params())
    assert found.notes["class_specific"] is False
