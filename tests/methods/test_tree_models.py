"""Which exact way a tree model takes: tables, its own library, or none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.methods.forests import CATEGORY, COLUMNS, ensemble, rows
from tests.methods.problems import part, problem
from xai.methods.shapley import features, grouped
from xai.methods.shapley.trees import exact
from xai.methods.shapley.trees.tables import tables_of
from xai.trees import Ensemble, TreeGame
from xai.vocabulary import Contributions

LIBRARY = "the library of this test"
ALONE = np.arange(COLUMNS)


def model(n=6, run=10, **others):
    """Return the problem of a random ensemble: two margins, one the negative of the other."""
    trees, x = ensemble(41, trees=4), rows(41, n)
    targets = np.arange(n) % 2
    held = Ensemble((trees,), lambda given: given, ALONE, True, LIBRARY, 1.0)
    sign = np.where(targets == 1, 1.0, -1.0)
    own = tables_of(trees, ALONE, None)

    def score(given, of):
        return sign[of] * trees.predict(given)

    def contributions(given):
        values = own.explain(given) * sign[: len(given), None]
        return Contributions(values, own.base * sign[: len(given)], LIBRARY)

    return problem(
        lambda given: given,
        n=n,
        d=COLUMNS,
        inputs=x,
        background=rows(42, 7),
        reference=rows(43, 60),
        categorical=tuple(c == CATEGORY for c in range(COLUMNS)),
        **{
            "score": score,
            "contributions": contributions,
            "trees": TreeGame(lambda: held, targets, run),
            "reference_score": None,
            **others,
        },
    )


def test_a_small_run_takes_the_librarys_own_way():
    found = features.attribute(model(run=100_000 // 10**4), features.Params())
    assert found.notes["algorithm"] == LIBRARY


def test_a_large_run_takes_tables_and_says_so():
    small = features.attribute(model(), features.Params())
    large = features.attribute(model(run=10**9), features.Params())
    assert large.notes["algorithm"] == (
        "path-dependent tree Shapley values, exact by tables of up to 8 bits"
    )
    np.testing.assert_allclose(large.values, small.values, atol=1e-6)
    np.testing.assert_allclose(large.base, small.base, atol=1e-6)
    assert large.error is None


def test_the_run_decides_and_not_the_shard():
    given = model(run=10**9)
    shard = replace(part(given, 0, 1), trees=replace(given.trees, targets=given.trees.targets[:1]))
    whole, alone = (features.attribute(p, features.Params()) for p in (given, shard))
    assert alone.notes["algorithm"] == whole.notes["algorithm"]
    np.testing.assert_array_equal(alone.values, whole.values[:1])


def test_where_tables_do_not_fit_the_library_answers(monkeypatch):
    monkeypatch.setattr(exact, "_look_up", lambda *_: None)
    found = features.attribute(model(run=10**9), features.Params())
    assert found.notes["algorithm"] == LIBRARY


def test_interventional_values_are_exact_in_the_marginal_game():
    given = model()
    found = features.attribute(given, features.Params(tree_game="interventional"))
    every = features.attribute(replace(given, contributions=None, trees=None), features.Params())
    assert "interventional" in found.notes["algorithm"]
    assert found.evaluations == len(given.inputs)
    np.testing.assert_allclose(found.values, every.values, atol=1e-6)
    np.testing.assert_allclose(found.base, every.base, atol=1e-6)


def test_without_tables_interventional_values_are_played(monkeypatch):
    monkeypatch.setattr(exact, "_look_up", lambda *_: None)
    found = features.attribute(model(), features.Params(tree_game="interventional"))
    assert found.notes["algorithm"] == "marginal, every coalition"


@pytest.mark.parametrize("threshold", [0.0, 0.2, 1.0])
def test_groups_of_a_tree_model_are_exact(threshold):
    given, params = model(), grouped.Params(threshold=threshold)
    found = grouped.attribute(given, params)
    every = grouped.attribute(replace(given, contributions=None, trees=None), params)
    assert found.evaluations == len(given.inputs) < every.evaluations
    assert found.members == every.members
    np.testing.assert_allclose(found.values, every.values, atol=1e-6)
