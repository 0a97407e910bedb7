"""The map of methods against distances that lie in a plane."""

from __future__ import annotations

import numpy as np
import pytest

from xai.figures.nearness import draw, scaled


def test_distances_in_a_plane_are_kept():
    points = np.random.default_rng(0).random((6, 2))
    distances = np.linalg.norm(points[:, None] - points[None], axis=2)
    places, share = scaled(distances)
    found = np.linalg.norm(places[:, None] - places[None], axis=2)
    np.testing.assert_allclose(found, distances, atol=1e-9)
    assert share == pytest.approx(1.0)


def test_the_closest_two_are_named():
    agreement = np.array([[1, 0.9, 0.1], [0.9, 1, 0.2], [0.1, 0.2, 1]])
    found = draw(["a", "b", "c"], ["method-1"] * 3, agreement, "τ")
    assert found["finding"].startswith("Closest on the map's scale are a and b (τ 0.90)")
    assert len(found["data"]) == 3


def test_undefined_pairs_and_two_methods_have_no_map():
    undefined = np.full((3, 3), np.nan)
    assert not draw(["a", "b", "c"], ["ink"] * 3, undefined, "τ")["data"]
    assert not draw(["a", "b"], ["ink"] * 2, np.eye(2), "τ")["data"]
