"""Agreement where units differ by sample: against the tables' own, and against scipy in a loop."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from tests.evaluation.test_agreement import pair
from xai.evaluation.agreement import Ranked, agree
from xai.evaluation.agreement_units import Varied, agree_units
from xai.evaluation.catalogue import CATALOGUE
from xai.evaluation.files import as_json, write_agreement

SAMPLES = np.arange(30) * 2


def texts(seed, *, noise=1.0, outputs=1, widths=None):
    """Return the values of a method on 30 samples of 4 to 9 words each."""
    shared, own = np.random.default_rng(0), np.random.default_rng([seed, 1])
    widths = shared.integers(4, 10, len(SAMPLES)) if widths is None else widths
    return [
        [shared.standard_normal(u) + noise * own.standard_normal(u) for _ in range(outputs)]
        for u in widths
    ]


def names_of(values):
    return {
        int(sample): tuple(f"word {i}" for i in range(len(outputs[0])))
        for sample, outputs in zip(SAMPLES, values, strict=True)
    }


def test_equals_the_agreement_of_tables_where_all_samples_have_the_same_units():
    drawn = {slug: texts(i, widths=[7] * 30) for i, slug in enumerate(("a", "b", "self:b", "ran"))}
    kinds = {"b": {"is_stochastic": True}, "ran": {"family": "Control"}}
    tables = {
        slug: Ranked(tuple("abcdefg"), np.array(v)[:, 0], samples=SAMPLES, **kinds.get(slug, {}))
        for slug, v in drawn.items()
    }
    varied = {slug: Varied(SAMPLES, v, **kinds.get(slug, {})) for slug, v in drawn.items()}
    expected = as_json(agree(tables, SAMPLES))
    found = as_json(agree_units(varied, {int(s): tuple("abcdefg") for s in SAMPLES}))
    assert found["pairs"] == expected["pairs"]
    assert found["samples"] == expected["samples"]
    assert (found["tau"], found["w"], found["k"]) == tuple(
        expected[key] for key in ("tau", "w", "k")
    )
    ours = {row["name"]: row["dispute"] for row in found["disputed_units"]}
    assert ours == {row["name"]: row["dispute"] for row in expected["disputed_units"]}


@pytest.mark.parametrize(
    ("slug", "oracle"),
    [
        ("kendall", lambda x, y: stats.kendalltau(abs(x), abs(y)).statistic),
        ("spearman", lambda x, y: stats.spearmanr(abs(x), abs(y)).statistic),
        ("pearson", lambda x, y: stats.pearsonr(x, y).statistic),
    ],
)
def test_each_sample_is_what_scipy_says_averaged_over_its_outputs(slug, oracle):
    first, second = texts(1, outputs=3), texts(2, outputs=3)
    found = agree_units({"a": Varied(SAMPLES, first), "b": Varied(SAMPLES, second)}, {})
    expected = [
        np.mean([oracle(x, y) for x, y in zip(xs, ys, strict=True)])
        for xs, ys in zip(first, second, strict=True)
    ]
    np.testing.assert_allclose(found.pairs[0].values[slug], expected, atol=1e-12)


def test_outputs_of_one_sample_may_have_different_units():
    first = [[np.array([3.0, 2, 1]), np.array([3.0, 2, 1, 0])]] * 30
    second = [[np.array([1.0, 2, 3]), np.array([3.0, 2, 1, 0])]] * 30
    found = agree_units({"a": Varied(SAMPLES, first), "b": Varied(SAMPLES, second)}, {})
    np.testing.assert_allclose(found.pairs[0].values["kendall"], 0.0)


def test_samples_that_one_method_lacks_are_undefined():
    methods = {"a": Varied(SAMPLES, texts(1)), "b": Varied(SAMPLES[:12], texts(2)[:12])}
    row = pair(as_json(agree_units(methods, {})), "kendall", "a", "b")
    assert (row["samples"], row["undefined"]) == (12, 18)


def test_a_method_without_a_sign_has_no_signed_measures():
    sizes = [[abs(v) for v in outputs] for outputs in texts(2)]
    methods = {"a": Varied(SAMPLES, texts(1)), "b": Varied(SAMPLES, sizes, is_signed=False)}
    found = as_json(agree_units(methods, {}))
    for slug, card in CATALOGUE.items():
        assert (pair(found, slug, "a", "b")["mean"] is None) == card.needs_sign, slug


def test_the_random_order_of_a_sample_does_not_depend_on_the_others():
    whole, part = texts(1), texts(1)[10:20]
    first = agree_units({"a": Varied(SAMPLES, whole)}, {}).pairs[0]
    second = agree_units({"a": Varied(SAMPLES[10:20], part)}, {}).pairs[0]
    assert (first.a, first.b) == ("random", "a")
    np.testing.assert_array_equal(first.values["kendall"][10:20], second.values["kendall"])


def test_one_unit_or_none_orders_nothing():
    few = [[np.array([1.0])], [np.zeros(0)], [np.array([2.0, 1.0])]]
    found = agree_units({"a": Varied(SAMPLES[:3], few), "b": Varied(SAMPLES[:3], few)}, {})
    assert np.isnan(found.pairs[0].values["kendall"]).tolist() == [True, True, False]


def test_the_most_disputed_word_is_named():
    names = {0: ("not", "a", "good", "film")}
    first, second = [[np.array([4.0, 1, 3, 2])]], [[np.array([1.0, 2, 4, 3])]]
    one = np.array([0])
    found = as_json(agree_units({"a": Varied(one, first), "b": Varied(one, second)}, names))
    assert (found["samples"][0]["unit"], found["samples"][0]["places"]) == ("not", [1.0, 4.0])


def test_the_files_are_written_as_for_tables(tmp_path):
    values = texts(1)
    methods = {"a": Varied(SAMPLES, values), "b": Varied(SAMPLES, texts(2))}
    write_agreement(agree_units(methods, names_of(values)), tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"agreement.json", "agreement.parquet"}


def test_no_method_at_all_is_an_empty_answer(tmp_path):
    write_agreement(agree_units({}, {}), tmp_path)
    assert (tmp_path / "agreement.json").exists()
