"""Strategies: planted groups are found, named and flagged; the map keeps neighbours."""

from __future__ import annotations

import numpy as np
import pytest

from xai.evaluation import clusters, embedding
from xai.evaluation.strategies import strategies

NAMES = ("wings", "legs", "sand", "corner mark", "sky")


def planted(seed=0, sizes=(40, 30, 14)):
    """Return explanations of three ways to decide, which way each is, and whether it is right."""
    rng = np.random.default_rng(seed)
    centres = np.array([[3, 0.3, 0, 0, 0.1], [0.2, 2, 1, 0, 0], [0.2, 0, 0, 4, -0.5]])
    way = np.repeat(np.arange(3), sizes)
    vectors = centres[way] * rng.uniform(0.5, 2, (len(way), 1))
    vectors += 0.15 * rng.standard_normal(vectors.shape)
    correct = (way != 2).astype(float)
    correct[:2] = [0, np.nan]
    correct[-1] = 1
    return vectors, way, correct


@pytest.fixture
def found():
    vectors, _way, correct = planted()
    return strategies(vectors, NAMES, np.arange(len(vectors)) + 7, correct)


def test_the_planted_ways_are_the_clusters(found):
    _vectors, way, _correct = planted()
    np.testing.assert_array_equal(found.cluster, way)
    assert [one.size for one in found.clusters] == [40, 30, 14]


def test_clusters_are_named_after_what_drives_them(found):
    assert [one.name for one in found.clusters] == ["wings", "legs and sand", "corner mark"]
    unit, own, rest = found.clusters[2].units[0]
    assert unit == "corner mark"
    assert own > 10 * abs(rest)


def test_the_shortcut_alone_is_flagged(found):
    assert [one.is_flagged for one in found.clusters] == [False, False, True]
    assert found.clusters[2].accuracy == pytest.approx(1 / 14)
    assert found.clusters[0].accuracy == pytest.approx(38 / 39)


def test_without_truth_nothing_is_flagged():
    vectors, _way, _correct = planted()
    found = strategies(vectors, NAMES, np.arange(len(vectors)))
    assert not any(one.is_flagged for one in found.clusters)
    assert found.clusters[0].accuracy is None


def test_prevalence_and_reliability_count_dominant_units(found):
    by_name = {one.unit: one for one in found.strategies}
    assert by_name["wings"].samples == 40
    assert by_name["wings"].prevalence == pytest.approx(40 / 84)
    assert by_name["corner mark"].reliability == pytest.approx(1 / 14)
    assert "sky" not in by_name


def test_purity_is_the_share_of_the_dominant_unit():
    found = strategies(np.array([[3.0, 1, -5], [0, -1, -2], [2, 2, 0]]), "abc", np.arange(3))
    np.testing.assert_allclose(found.purity, [0.75, 0, 0.5])
    assert found.dominant.tolist() == [0, -1, 0]


def test_one_way_to_decide_is_one_cluster():
    rng = np.random.default_rng(0)
    vectors = np.array([1.0, 2, 3, 4]) + 0.8 * rng.standard_normal((60, 4))
    found = strategies(vectors, "abcd", np.arange(60))
    assert len(found.clusters) == 1
    assert found.edges == ()


def test_edges_join_neighbouring_ways_only():
    rng = np.random.default_rng(1)
    angle = np.concatenate([np.linspace(0, 0.9, 40), np.linspace(1.1, 1.57, 40)])
    vectors = np.column_stack([np.cos(angle), np.sin(angle), np.zeros(80)])
    vectors = np.vstack([vectors, [0, 0, 1] + 0.05 * rng.standard_normal((20, 3))])
    found = strategies(vectors, "abc", np.arange(100))
    lonely = found.cluster[-1]
    assert all(lonely not in edge[:2] for edge in found.edges)


def test_an_absent_unit_counts_as_nothing():
    vectors, _way, correct = planted()
    vectors[:, 4] = np.nan
    found = strategies(vectors, NAMES, np.arange(len(vectors)), correct)
    assert np.isfinite(found.places).all()


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_few_samples_do_not_break(n):
    found = strategies(np.ones((n, 4)), "abcd", np.arange(n))
    assert found.places.shape == (n, 2)
    assert len(found.clusters) == min(n, 1)


def test_a_seed_gives_the_same_picture(found):
    vectors, _way, correct = planted()
    again = strategies(vectors, NAMES, np.arange(len(vectors)) + 7, correct)
    np.testing.assert_array_equal(found.places, again.places)


def test_the_map_keeps_neighbours():
    manifold = pytest.importorskip("sklearn.manifold")
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((6, 10))
    rows = centres[np.repeat(np.arange(6), 40)] + 0.25 * rng.standard_normal((240, 10))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    places = embedding.embed(rows, embedding.neighbours(rows))
    kept = manifold.trustworthiness(rows, places, n_neighbors=10)
    assert kept > 0.93
    assert kept > manifold.trustworthiness(rows, embedding.plane(rows), n_neighbors=10)


def test_the_silhouette_is_scikit_learns():
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(0)
    rows, labels = rng.standard_normal((50, 3)), rng.integers(0, 4, 50)
    labels[0] = 9
    square = np.linalg.norm(rows[:, None] - rows[None], axis=2)
    assert clusters.silhouette(square, labels) == pytest.approx(
        metrics.silhouette_score(rows, labels)
    )


def test_samples_beyond_those_clustered_join_the_nearest(monkeypatch):
    monkeypatch.setattr(clusters, "CLUSTERED", 40)
    vectors, way, _correct = planted()
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    np.testing.assert_array_equal(clusters.cluster(unit).labels, way)
