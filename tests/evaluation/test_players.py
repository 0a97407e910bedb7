"""Units brought together: words of tokens, cells of pixels."""

from __future__ import annotations

import numpy as np
import pytest

from xai.evaluation.players import over_players, pool


def test_values_of_tokens_are_summed_over_words_without_special_tokens():
    values = np.array([[9.0, 1, 2, 3, 9]])
    assert over_players(values, np.array([-1, 0, 0, 1, -1])).tolist() == [[3, 3]]


def test_a_picture_is_summed_over_the_cells_of_a_grid():
    picture = np.arange(16.0).reshape(1, 16)
    assert pool(picture, (4, 4), (2, 2)).tolist() == [[10, 18, 42, 50]]


@pytest.mark.parametrize("shape", [(7, 7), (16, 16), (224, 224), (33, 20)])
def test_pooling_keeps_the_sum(shape):
    picture = np.random.default_rng(0).standard_normal((3, shape[0] * shape[1]))
    pooled = pool(picture, shape, (16, 16))
    assert pooled.shape == (3, 256)
    np.testing.assert_allclose(pooled.sum(axis=1), picture.sum(axis=1))


def test_a_pixel_on_a_border_is_shared_by_area():
    assert pool(np.array([3.0, 6.0, 9.0]), (1, 3), (1, 2)).tolist() == [6, 12]


def test_a_coarse_map_is_spread_evenly():
    assert pool(np.array([4.0, 8.0]), (1, 2), (1, 4)).tolist() == [2, 2, 4, 4]
