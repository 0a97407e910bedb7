"""The control: normal, repeatable, and blind."""

from __future__ import annotations

import numpy as np
from scipy.stats import kstest

from tests.methods.problems import curved, problem
from xai.methods.random import Params, attribute, normals


def test_numbers_are_standard_normal():
    found = normals(0, np.arange(2000), 20)
    assert kstest(found.ravel(), "norm").pvalue > 0.01
    assert np.abs(np.corrcoef(found.T) - np.eye(20)).max() < 0.1


def test_neighbouring_seeds_and_rows_are_unrelated():
    one, two = normals(0, np.arange(2000), 20), normals(1, np.arange(2000), 20)
    for a, b in ((one, two), (one[1:], one[:-1]), (one[1:], two[:-1]), (one[:, 1:], one[:, :-1])):
        assert abs(np.corrcoef(a.ravel(), b.ravel())[0, 1]) < 0.02


def test_a_row_keeps_its_values_wherever_it_stands():
    np.testing.assert_array_equal(normals(3, np.array([7]), 4), normals(3, np.arange(9), 4)[7:8])


def test_values_know_nothing_of_the_features():
    given = problem(lambda rows: 100 * rows[:, 0], n=200)
    found = np.abs(attribute(given, Params()).values)
    assert found[:, 0].mean() < 1.3 * found[:, 1:].mean()


def test_the_scale_is_that_of_the_score():
    values = attribute(problem(curved), Params()).values
    thousand = attribute(problem(lambda rows: 1000 * curved(rows)), Params()).values
    np.testing.assert_allclose(thousand, 1000 * values)


def test_a_constant_model_still_gets_an_order():
    found = attribute(problem(lambda rows: np.ones(len(rows))), Params())
    assert len(np.unique(found.values)) == found.values.size
