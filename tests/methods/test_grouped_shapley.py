"""Aspects and grouped values: worked numbers, oracles, and the tree of merges."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.cluster.hierarchy import is_valid_linkage
from scipy.stats import contingency, spearmanr

from tests.methods.problems import curved, game, problem
from tests.methods.test_shapley import worked
from xai.methods.shapley import features
from xai.methods.shapley.aspects import associations, cut, merge
from xai.methods.shapley.grouped import Params, attribute, name

rng = np.random.default_rng(5)
COMMON = rng.normal(size=500)


def test_worked_game_of_groups():
    """Features 1 and 2 move together: 15 for the pair, which is not 8.5 + 7.5."""
    reference = np.column_stack([rng.normal(size=500), COMMON, -COMMON])
    found = attribute(game(worked, 3, reference=reference), Params())
    np.testing.assert_allclose(found.values, [[6, 15]], atol=1e-12)
    assert found.members == ((0,), (1, 2))
    assert found.names == ("f0", "f1 + f2")


def test_strong_negative_association_joins():
    """|r| joins what 1 − r would split: the worked matrix of three features."""
    association = np.array(
        [[1, 0.9, 0.1, 0.8], [0.9, 1, 0.1, 0.7], [0.1, 0.1, 1, 0.1], [0.8, 0.7, 0.1, 1]]
    )
    tree, _ = merge(association)
    assert cut(tree, 0.5) == ((0, 1, 3), (2,))


@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.9])
def test_every_pair_in_a_group_reaches_the_threshold(threshold):
    data = rng.normal(size=(300, 4)) @ rng.normal(size=(4, 9))
    association = associations(data, (False,) * 9)
    groups = cut(merge(association)[0], threshold)
    assert sorted(j for group in groups for j in group) == list(range(9))
    for group in groups:
        assert association[np.ix_(group, group)].min() >= threshold


def test_a_threshold_of_zero_makes_one_group():
    found = attribute(problem(curved), Params(threshold=0))
    np.testing.assert_allclose(found.base + found.values[:, 0], curved(problem(curved).inputs))


def test_unrelated_features_get_their_own_values():
    given = problem(curved)
    alone = features.attribute(given, features.Params())
    found = attribute(given, Params(threshold=0.99))
    np.testing.assert_allclose(found.values, alone.values)


def test_numbers_are_compared_by_spearman():
    data = np.column_stack([COMMON, np.exp(COMMON) + rng.normal(size=500), rng.normal(size=500)])
    expected = np.abs(spearmanr(data).statistic)
    np.testing.assert_allclose(associations(data, (False,) * 3), expected)


def test_missing_values_are_left_out_pair_by_pair():
    data = np.column_stack([COMMON, COMMON + rng.normal(size=500)])
    data[::3, 0] = np.nan
    seen = data[~np.isnan(data[:, 0])]
    found = associations(data, (False, False))[0, 1]
    assert found == pytest.approx(abs(spearmanr(seen).statistic))


def test_categories_are_compared_by_cramer():
    first = rng.integers(0, 3, 5000)
    second = np.where(rng.random(5000) < 0.6, first, rng.integers(0, 3, 5000))
    found = associations(np.column_stack([first, second]).astype(float), (True, True))[0, 1]
    table = np.histogram2d(first, second, bins=3)[0].astype(int)
    assert found == pytest.approx(contingency.association(table, "cramer"), abs=5e-3)


def test_a_number_that_follows_a_category_is_associated():
    codes = rng.integers(0, 4, 500)
    data = np.column_stack([codes, 10 * (codes == 2) + rng.normal(size=500), rng.normal(size=500)])
    found = associations(data, (True, False, False))
    assert found[0, 1] > 0.7
    assert found[0, 2] < 0.15


def test_chance_alone_associates_nothing():
    data = np.column_stack([rng.integers(0, 40, 300), rng.integers(0, 40, 300), COMMON[:300]])
    found = associations(data.astype(float), (True, True, False))
    assert found[np.triu_indices(3, 1)].max() < 0.3


def test_a_constant_column_is_associated_with_nothing():
    data = np.column_stack([COMMON, np.ones(500), np.zeros(500)])
    np.testing.assert_array_equal(associations(data, (False, False, True)), np.eye(3))


def test_notes_hold_the_tree_for_the_dendrogram():
    found = attribute(problem(curved, d=6), Params())
    assert is_valid_linkage(np.array(found.notes["linkage"]))
    assert sorted(found.notes["order"]) == list(range(6))
    assert found.notes["groups"] == [list(group) for group in found.members]


def test_groups_depend_on_the_reference_alone():
    given = problem(curved, d=8)
    other = replace(given, inputs=given.inputs[::-1].copy(), seed=9)
    assert attribute(given, Params()).members == attribute(other, Params()).members


def test_long_names_are_cut():
    assert name(["a", "b"]) == "a + b"
    cut_name = name([f"a rather long column {i}" for i in range(6)])
    assert cut_name == "a rather long column 0 + a rather long column 1 + 4 more"
    assert name(["x" * 80]) == "x" * 80
