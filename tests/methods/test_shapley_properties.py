"""The axioms, on random games: what makes Shapley values Shapley values."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.methods.problems import game
from xai.methods.shapley.features import Params, attribute

EXACT, SAMPLED = Params(), Params(coalitions=64, exact_up_to=1)
PLAYERS = 9
seeds, players = st.integers(0, 10_000), st.integers(2, 7)
few = settings(max_examples=25, deadline=None)


def worth(seed, count):
    """Return a random game as a function of 0/1 rows, and its table."""
    table = np.random.default_rng(seed).normal(size=2**count)
    return (lambda rows: table[(rows > 0.5).astype(int) @ (1 << np.arange(count))]), table


def values(function, count, params=EXACT):
    return attribute(game(function, count), params)


@given(seeds, players)
@few
def test_efficiency(seed, count):
    function, table = worth(seed, count)
    found = values(function, count)
    np.testing.assert_allclose(found.values.sum(), table[-1] - table[0], atol=1e-9)


@given(seeds, players)
@few
def test_a_player_who_never_matters_gets_exactly_nothing(seed, count):
    function, _ = worth(seed, count)
    found = values(lambda rows: function(rows[:, :count]), count + 1)
    assert found.values[0, count] == 0


@given(seeds, players)
@few
def test_players_who_are_interchangeable_get_the_same(seed, count):
    function, _ = worth(seed, count)

    def symmetric(rows):
        swapped = rows.copy()
        swapped[:, [0, 1]] = rows[:, [1, 0]]
        return function(rows) + function(swapped)

    found = values(symmetric, count).values[0]
    np.testing.assert_allclose(found[0], found[1], atol=1e-9)


@given(seeds, players, st.floats(-3, 3))
@few
def test_linearity(seed, count, factor):
    (one, _), (two, _) = worth(seed, count), worth(seed + 1, count)
    both = values(lambda rows: one(rows) + factor * two(rows), count).values
    expected = values(one, count).values + factor * values(two, count).values
    np.testing.assert_allclose(both, expected, atol=1e-9)


@given(seeds)
@few
def test_a_sample_is_efficient_too(seed):
    function, table = worth(seed, PLAYERS)
    found = values(function, PLAYERS, SAMPLED)
    assert found.error is not None
    np.testing.assert_allclose(found.values.sum(), table[-1] - table[0], atol=1e-9)


@given(seeds, st.floats(0.01, 100), st.floats(-100, 100))
@few
def test_a_sample_follows_the_units_of_the_score(seed, factor, shift):
    function, _ = worth(seed, PLAYERS)
    plain = values(function, PLAYERS, SAMPLED)
    scaled = values(lambda rows: factor * function(rows) + shift, PLAYERS, SAMPLED)
    slack = 1e-6 * (factor + abs(shift))
    np.testing.assert_allclose(scaled.values, factor * plain.values, atol=slack)
    np.testing.assert_allclose(scaled.error, factor * plain.error, rtol=1e-3, atol=slack)
