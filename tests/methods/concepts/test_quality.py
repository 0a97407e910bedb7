"""Measures of dictionaries on cases with a known answer."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import wasserstein_distance

from tests.methods.concepts.test_nmf import planted
from xai.methods.concepts import dictionaries, quality

ROWS, BANK = planted(m=300)


def test_a_dictionary_of_the_truth_rebuilds_everything():
    dictionary, _codes = dictionaries.fit("nmf", ROWS, 4, seed=0)
    measured = quality.measure(dictionary, ROWS)
    assert measured.error < 0.02
    assert measured.stability < 0.05
    assert measured.distance < 0.02
    assert 0.3 < measured.zeros < 0.7


def test_one_hot_codes_are_as_sparse_as_can_be():
    dictionary, _codes = dictionaries.fit("kmeans", ROWS[ROWS.norm(dim=1) > 0], 4, seed=0)
    measured = quality.measure(dictionary, ROWS[ROWS.norm(dim=1) > 0])
    assert measured.zeros == pytest.approx(0.75)
    assert measured.hoyer == pytest.approx(1)


def test_a_dictionary_is_no_distance_from_itself_in_any_order():
    assert quality.matched(BANK, BANK[[2, 0, 3, 1]]) == pytest.approx(0, abs=1e-6)
    assert quality.matched(torch.eye(4)[:2], torch.eye(4)[2:]) == pytest.approx(1)


def test_the_distance_is_scipys_per_channel():
    other = ROWS + 0.1 * torch.rand(ROWS.shape, generator=torch.Generator().manual_seed(0))
    literal = [
        wasserstein_distance(ROWS[:, c], other[:, c]) / float(ROWS[:, c].std())
        for c in range(ROWS.shape[1])
        if float(ROWS[:, c].std()) > 1e-9
    ]
    assert quality._wasserstein(ROWS, other) == pytest.approx(np.mean(literal), rel=1e-5)


def test_what_lies_off_the_data_is_strange():
    dictionary, codes = dictionaries.fit("nmf", ROWS, 4, seed=0)
    near = dictionary.decode(codes)
    assert quality._strangeness(ROWS, near, 0) < quality._strangeness(ROWS, near + 2, 0)


def test_too_few_activations_have_no_stability():
    assert np.isnan(quality.stability("nmf", ROWS[:6], 4))
