"""Interactions of pairs: against the definition, the library, and their own standard errors."""

from __future__ import annotations

from itertools import combinations
from math import factorial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.methods.forests import COLUMNS, ensemble, marginal_game, path_game, rows
from tests.methods.problems import game, problem
from tests.methods.test_shapley_error import (
    PLAYERS,
    largest,
    noise,
    products,
    threshold,
    unanimity,
)
from xai.errors import InvalidParameter, XaiError
from xai.methods.shapley.features import Params, attribute
from xai.methods.shapley.game import every_coalition, sampled_halves
from xai.methods.shapley.pairs import kernel
from xai.methods.shapley.pairs.exact import exact_pairs
from xai.methods.shapley.pairs.order import check
from xai.methods.shapley.pairs.regression import estimate_pairs
from xai.methods.shapley.regression import Design
from xai.methods.shapley.trees import tables as made
from xai.methods.shapley.trees.tables import tables_of

seeds = st.integers(0, 10_000)
few = settings(max_examples=8, deadline=None)
ALONE = np.arange(COLUMNS)


def literally(worth, players):
    """Return the interactions of a game of frozensets, one coalition at a time."""
    found = []
    for i, j in combinations(range(players), 2):
        total = 0.0
        others = [k for k in range(players) if k not in {i, j}]
        for size in range(players - 1):
            weight = factorial(size) * factorial(players - size - 2) / factorial(players - 1)
            for chosen in combinations(others, size):
                s = frozenset(chosen)
                gain = worth(s | {i, j}) - worth(s | {i}) - worth(s | {j}) + worth(s)
                total += weight * gain
        found.append(total)
    return np.array(found)


@given(seeds)
@few
def test_path_dependent_interactions_are_those_of_the_definition(seed):
    trees, x = ensemble(seed), rows(seed, 2)
    found = tables_of(trees, ALONE, None, of_pairs=True).explain(x)
    for row, values in zip(x, found, strict=True):
        expected = literally(path_game(trees, row), COLUMNS)
        np.testing.assert_allclose(values, expected, atol=2e-6)


@given(seeds)
@few
def test_interventional_interactions_are_those_of_the_marginal_game(seed):
    trees, x, background = ensemble(seed), rows(seed, 2), rows(seed + 1, 4)
    owners, members = np.array([0, 1, 0, 2, 3]), [[0, 2], [1], [3], [4]]
    found = tables_of(trees, owners, background, of_pairs=True).explain(x)
    for row, values in zip(x, found, strict=True):
        expected = literally(marginal_game(trees, row, background, members), 4)
        np.testing.assert_allclose(values, expected, atol=2e-6)


def test_columns_of_one_feature_leave_their_own_interaction_to_the_feature():
    trees, x = ensemble(3), rows(3, 20)
    alone = tables_of(trees, ALONE, None, of_pairs=True).explain(x)
    owners = np.array([0, 1, 0, 2, 3])
    joined = tables_of(trees, owners, None, of_pairs=True).explain(x)
    at = {pair: place for place, pair in enumerate(combinations(range(COLUMNS), 2))}
    np.testing.assert_allclose(joined[:, 0], alone[:, at[0, 1]] + alone[:, at[1, 2]], atol=1e-6)
    np.testing.assert_allclose(joined[:, 5], alone[:, at[3, 4]], atol=1e-6)


@pytest.mark.parametrize("room", [1 << 14, 1 << 10, 0])
def test_less_memory_gives_the_same_interactions(monkeypatch, room):
    trees, x = ensemble(37, trees=6, depth=8), rows(37, 2000)
    expected = tables_of(trees, ALONE, None, of_pairs=True).explain(x)
    monkeypatch.setattr(made, "MOST_BYTES", room)
    made.forget()
    found = tables_of(trees, ALONE, None, of_pairs=True)
    assert found.table.nbytes <= room
    np.testing.assert_allclose(found.explain(x), expected, atol=1e-5)


def test_a_tables_pairs_agree_with_shap_on_a_forest_of_full_depth():
    shap = pytest.importorskip("shap")
    sklearn = pytest.importorskip("sklearn.ensemble")
    from xai.assets import sklearn_trees

    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 7)).astype(np.float32).astype(float)
    model = sklearn.RandomForestClassifier(10, random_state=0)
    model.fit(x, x[:, 0] * x[:, 1] + x[:, 2] > 0)
    trees = sklearn_trees.forest_of(model).outputs[1]
    expected = shap.TreeExplainer(model).shap_interaction_values(x[:5])[..., 1]
    found = tables_of(trees, np.arange(7), None, of_pairs=True).explain(x[:5])
    i, j = np.triu_indices(7, 1)
    np.testing.assert_allclose(found, 2 * expected[:, i, j], atol=1e-5)


@given(seeds, st.integers(2, 6))
@few
def test_games_given_in_full_are_exact(seed, players):
    table = np.random.default_rng(seed).normal(size=2**players)
    expected = literally(lambda s: table[sum(1 << k for k in s)], players)
    np.testing.assert_allclose(exact_pairs(table[None])[0], expected, atol=1e-12)


@given(seeds)
@few
def test_values_are_main_effects_and_half_of_every_interaction(seed):
    """For games of pairs: what is left of a value has nothing to do with the others."""
    rng = np.random.default_rng(seed)
    weight, pair = rng.normal(size=5), np.triu(rng.normal(size=(5, 5)), 1)
    found = attribute(
        game(lambda r: r @ weight + np.einsum("mi,ij,mj->m", r, pair, r), 5),
        Params(interactions=True),
    )
    i, j = np.triu_indices(5, 1)
    np.testing.assert_allclose(found.pairs[0], pair[i, j], atol=1e-9)
    half = np.zeros((5, 5))
    half[i, j] = half[j, i] = found.pairs[0] / 2
    np.testing.assert_allclose(found.values[0] - half.sum(axis=1), weight, atol=1e-9)


def test_the_kernel_is_that_of_the_even_products():
    signs, widths = np.where(every_coalition(5), 1.0, -1.0), np.array([0.3, 0.5, 0.1, 0.2, 0.6])
    sets = [u for k in (2, 4) for u in combinations(range(5), k)]
    products_ = np.array([signs[:, u].prod(axis=1) for u in sets])
    power = np.array([widths[list(u)].prod() for u in sets])
    pair = np.array(
        [[4 / (len(u) - 1) * (set(p) <= set(u)) for p in combinations(range(5), 2)] for u in sets]
    )
    whole = (products_.T * power) @ products_
    scale = whole[-1, -1]
    np.testing.assert_allclose(kernel.among(signs, widths), whole / scale, atol=1e-12)
    expected = (pair.T * power) @ products_ / scale
    np.testing.assert_allclose(kernel.across(signs, widths), expected, atol=1e-12)
    np.testing.assert_allclose(kernel.spread(widths), power @ pair**2 / scale, atol=1e-12)


def test_what_the_kernel_cannot_follow_enters_by_the_definition():
    v = np.random.default_rng(0).normal(size=64)
    upper = np.arange(32, 64)
    shares = kernel.shares(np.where(every_coalition(6), 1.0, -1.0))[:, upper]
    even = (v + v[::-1])[upper] / 2
    np.testing.assert_allclose(shares @ even, exact_pairs(v[None])[0], atol=1e-12)
    assert kernel.share_power(6) == pytest.approx(np.square(shares[0, :-1]).sum())


def solve(kind, seed, coalitions):
    masks, rng = every_coalition(PLAYERS), np.random.default_rng(seed)
    games = np.array([kind(masks, rng) for _ in range(10)], dtype=float)
    halves = sampled_halves(PLAYERS, coalitions, seed)
    codes = np.vstack([halves, ~halves]) @ (1 << np.arange(PLAYERS))
    design = Design(PLAYERS, coalitions, seed)
    found = estimate_pairs(games[:, codes], games[:, -1], games[:, 0], design)
    return *found, exact_pairs(games)


@pytest.mark.parametrize("kind", [products, threshold, largest, noise, unanimity])
def test_sampled_interactions_lie_within_their_errors(kind):
    """Over 7,920 values of each kind."""
    near = []
    for coalitions in (64, 128, 256):
        for seed in range(4):
            values, error, truth = solve(kind, seed, coalitions)
            near.append(np.abs(values - truth) <= 1.96 * error)
    assert np.mean(near) >= 0.93


def test_more_coalitions_find_planted_pairs():
    def score(x):
        return x @ np.linspace(-1, 1, 12) + 3 * x[:, 0] * x[:, 1] - 2 * x[:, 4] * x[:, 9]

    given_ = problem(score, d=12, n=3, b=2)
    found = attribute(given_, Params(coalitions=256, interactions=True))
    exact = attribute(given_, Params(exact_up_to=12, interactions=True))
    assert exact.pair_error is None
    assert (np.abs(found.pairs - exact.pairs) <= 4 * found.pair_error).all()
    at = {pair: place for place, pair in enumerate(combinations(range(12), 2))}
    strongest = np.argsort(-np.abs(exact.pairs).mean(axis=0))[:2]
    assert set(strongest) == {at[0, 1], at[4, 9]}
    assert set(np.argsort(-np.abs(found.pairs).mean(axis=0))[:2]) == set(strongest)


def test_nothing_is_spent_on_pairs_that_nobody_asked_for():
    plain = problem(lambda x: x[:, 0] * x[:, 1], d=12)
    asked = problem(lambda x: x[:, 0] * x[:, 1], d=12)
    one, two = attribute(plain, Params()), attribute(asked, Params(interactions=True))
    assert one.pairs is None
    assert one.evaluations == two.evaluations
    np.testing.assert_array_equal(one.values, two.values)


def test_too_many_pairs_are_refused_with_a_number_that_fits():
    with pytest.raises(InvalidParameter, match="at most 100 features, and this model has 101"):
        check(1, 101)
    with pytest.raises(InvalidParameter, match="Choose at most 57,471 rows"):
        check(100_000, 30)
    check(57_471, 30)


def test_trees_without_tables_say_so():
    from dataclasses import replace

    from xai.trees import TreeGame
    from xai.vocabulary import Contributions

    plain = problem(lambda x: x.sum(axis=1), d=3)
    whole = replace(
        plain,
        contributions=lambda x: Contributions(x, np.zeros(len(x)), "its own"),
        trees=TreeGame(lambda: None, np.zeros(4, dtype=int), 4),
    )
    with pytest.raises(XaiError, match="do not fit into tables"):
        attribute(whole, Params(interactions=True))
