"""Tables of exact tree values: against the definition, on random ensembles."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.methods.forests import (
    CATEGORY,
    COLUMNS,
    ensemble,
    marginal_game,
    path_game,
    rows,
    shapley,
)
from xai.methods.shapley.trees import tables as made
from xai.methods.shapley.trees.codes import coder_of
from xai.methods.shapley.trees.tables import tables_of

seeds = st.integers(0, 10_000)
few = settings(max_examples=8, deadline=None)
ALONE = np.arange(COLUMNS)


@given(seeds)
@few
def test_path_dependent_values_are_those_of_the_definition(seed):
    trees, x = ensemble(seed), rows(seed, 3)
    found = tables_of(trees, ALONE, None)
    for row, values in zip(x, found.explain(x), strict=True):
        expected = shapley(path_game(trees, row), COLUMNS)
        np.testing.assert_allclose(values, expected, atol=2e-6)
    empty = path_game(trees, x[0])(frozenset())
    assert found.base == pytest.approx(empty + trees.offset, abs=1e-9)


@given(seeds)
@few
def test_interventional_values_are_those_of_the_marginal_game(seed):
    trees, x, background = ensemble(seed), rows(seed, 2), rows(seed + 1, 4)
    members = [[c] for c in range(COLUMNS)]
    values = tables_of(trees, ALONE, background).explain(x)
    for row, found in zip(x, values, strict=True):
        expected = shapley(marginal_game(trees, row, background, members), COLUMNS)
        np.testing.assert_allclose(found, expected, atol=2e-6)


@given(seeds)
@few
def test_columns_of_one_player_come_and_go_together(seed):
    trees, x, background = ensemble(seed), rows(seed, 2), rows(seed + 1, 4)
    owners, members = np.array([0, 1, 0, 2, 1]), [[0, 2], [1, 4], [3]]
    values = tables_of(trees, owners, background).explain(x)
    for row, found in zip(x, values, strict=True):
        expected = shapley(marginal_game(trees, row, background, members), 3)
        np.testing.assert_allclose(found, expected, atol=2e-6)


@given(seeds, st.booleans())
@few
def test_values_sum_to_the_output(seed, has_background):
    trees, x = ensemble(seed, trees=8, depth=6), rows(seed, 50)
    found = tables_of(trees, ALONE, rows(seed + 1, 9) if has_background else None)
    total = found.base + found.explain(x).sum(axis=1)
    np.testing.assert_allclose(total, trees.predict(x), atol=1e-5)


@given(seeds)
@few
def test_values_of_a_sum_of_ensembles_add_up(seed):
    one, two, x = ensemble(seed), ensemble(seed + 1), rows(seed, 20)
    both = ensemble_of(one, two)
    parts = [tables_of(trees, ALONE, None).explain(x) for trees in (one, two)]
    np.testing.assert_allclose(tables_of(both, ALONE, None).explain(x), sum(parts), atol=1e-5)


def ensemble_of(one, two):
    """Stand two ensembles one after the other."""
    move, told = len(one.left), len(one.choices)

    def after(side):
        return np.where(side < 0, -1, side + move)

    return replace(
        one,
        roots=np.concatenate([one.roots, two.roots + move]),
        left=np.concatenate([one.left, after(two.left)]).astype(np.int32),
        right=np.concatenate([one.right, after(two.right)]).astype(np.int32),
        choice=np.concatenate([one.choice, np.where(two.choice < 0, -1, two.choice + told)]),
        choices=one.choices + two.choices,
        **{
            name: np.concatenate([getattr(one, name), getattr(two, name)])
            for name in ("column", "cut", "missing_left", "cover", "value")
        },
    )


def test_a_column_that_no_tree_compares_gets_exactly_zero():
    trees = ensemble(3)
    used = set(trees.column[trees.left >= 0].tolist())
    wide = replace(trees, zero_is_missing=np.zeros(COLUMNS + 2, dtype=bool))
    x = np.column_stack([rows(3, 10), np.ones(10), np.ones(10)])
    values = tables_of(wide, np.arange(COLUMNS + 2), None).explain(x)
    unused = [c for c in range(COLUMNS + 2) if c not in used]
    np.testing.assert_array_equal(values[:, unused], 0)


def test_zeros_count_as_missing_where_the_library_says_so():
    marked = ensemble(5, zero_is_missing=np.arange(COLUMNS) != CATEGORY)
    x = rows(5, 40)
    x[:, 0] = 0.0
    holes = x.copy()
    holes[:, :CATEGORY][np.abs(x[:, :CATEGORY]) <= 1e-35] = np.nan
    plain = tables_of(marked, ALONE, None)
    np.testing.assert_array_equal(plain.explain(x), plain.explain(holes))


def test_single_precision_is_rounded_before_it_is_compared():
    trees = ensemble(7, is_single=True)
    cut = trees.cut[(trees.left >= 0) & (trees.choice < 0)]
    x = np.repeat(rows(7, 1), 2 * len(cut), axis=0)
    x[: len(cut), :4] = np.nextafter(cut, np.inf)[:, None]
    x[len(cut) :, :4] = np.nextafter(cut, -np.inf)[:, None]
    found = tables_of(trees, ALONE, None)
    rounded = x.astype(np.float32).astype(float)
    np.testing.assert_array_equal(found.explain(x), found.explain(rounded))
    total = found.base + found.explain(x).sum(axis=1)
    np.testing.assert_allclose(total, trees.predict(rounded), atol=1e-5)


def test_many_cuts_take_wider_codes(monkeypatch):
    trees = ensemble(11, trees=5, depth=6)
    expected = tables_of(trees, ALONE, None).explain(rows(11, 30))
    real = np.iinfo

    class Narrow:
        max = 3

    monkeypatch.setattr(
        "xai.methods.shapley.trees.codes.np.iinfo",
        lambda kind: Narrow if kind is np.int16 else real(kind),
    )
    made.forget()
    assert coder_of(trees).kind is np.int32
    found = tables_of(trees, ALONE, None).explain(rows(11, 30))
    np.testing.assert_array_equal(found, expected)


def test_less_memory_makes_smaller_subtrees_with_the_same_values(monkeypatch):
    trees, x = ensemble(13, trees=6, depth=8), rows(13, 30)
    large = tables_of(trees, ALONE, None)
    monkeypatch.setattr(made, "MOST_BYTES", large.table.nbytes - 1)
    made.forget()
    small = tables_of(trees, ALONE, None)
    assert small.table.nbytes < large.table.nbytes
    np.testing.assert_allclose(small.explain(x), large.explain(x), atol=1e-5)


def test_leaves_below_many_columns_are_integrated_to_the_same_values(monkeypatch):
    trees, x = ensemble(37, trees=6, depth=8), rows(37, 3000)
    expected = tables_of(trees, ALONE, None).explain(x)
    monkeypatch.setattr(made, "LONG", 2)
    monkeypatch.setattr(made, "BITS", 3)
    made.forget()
    found = tables_of(trees, ALONE, None)
    assert (np.diff(found.start) == 0).any()
    np.testing.assert_allclose(found.explain(x), expected, atol=1e-5)


def test_tables_that_cannot_fit_are_not_built(monkeypatch):
    trees = ensemble(17)
    monkeypatch.setattr(made, "MOST_BYTES", 64)
    made.forget()
    assert tables_of(trees, ALONE, rows(17, 3)) is None
    monkeypatch.setattr(made, "MOST_CUT_BYTES", 64)
    assert tables_of(trees, ALONE, None) is None


def test_path_dependent_values_need_no_tables_at_all(monkeypatch):
    trees, x = ensemble(37, trees=6, depth=8), rows(37, 3000)
    expected = tables_of(trees, ALONE, None).explain(x)
    monkeypatch.setattr(made, "MOST_BYTES", 0)
    made.forget()
    found = tables_of(trees, ALONE, None)
    assert found.table.nbytes == 0
    np.testing.assert_allclose(found.explain(x), expected, atol=1e-5)


def test_a_branch_that_no_training_row_took_is_left_to_the_library():
    trees = ensemble(19)
    cover = trees.cover.copy()
    cover[trees.left[trees.roots[0]]] = 0
    assert tables_of(replace(trees, cover=cover), ALONE, None) is None


def test_tables_are_built_once_and_the_oldest_leave(monkeypatch):
    one, two = ensemble(23), ensemble(29)
    first = tables_of(one, ALONE, None)
    assert tables_of(one, ALONE, None) is first
    monkeypatch.setattr(made, "KEPT_BYTES", 1)
    tables_of(two, ALONE, None)
    assert tables_of(one, ALONE, None) is not first


def test_threads_give_the_same_values(monkeypatch):
    trees, x = ensemble(31), rows(31, 5000)
    one = tables_of(trees, ALONE, None).explain(x)
    monkeypatch.setattr(made.numba.config, "NUMBA_NUM_THREADS", 3)
    made.forget()
    np.testing.assert_array_equal(tables_of(trees, ALONE, None).explain(x), one)


@given(seeds, st.booleans())
@few
def test_columns_that_trees_treat_alike_get_the_same(seed, has_background):
    """An ensemble beside itself with two columns exchanged, on rows where the two are equal."""
    one = ensemble(seed)
    swap = np.array([1, 0, *range(2, COLUMNS)])
    both = ensemble_of(one, replace(one, column=swap[one.column].astype(np.int32)))
    x, background = rows(seed, 10), rows(seed + 1, 5)
    x[:, 1], background[:, 1] = x[:, 0], background[:, 0]
    values = tables_of(both, ALONE, background if has_background else None).explain(x)
    np.testing.assert_allclose(values[:, 0], values[:, 1], atol=2e-6)
