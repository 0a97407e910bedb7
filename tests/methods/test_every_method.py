"""The contract: every entry of the catalogue, by fixture."""

from __future__ import annotations

import importlib
from pathlib import Path

import numpy as np
import pytest

from tests.methods.problems import curved, part, problem
from xai.methods import catalogue
from xai.methods.card import Size
from xai.vocabulary import Importance

ROOT = Path(__file__).resolve().parents[2]
LOCAL = [slug for slug, card in catalogue.of(catalogue.TABULAR).items() if card.scope == "local"]
AT_MOST = {"grouped_shapley"}
"""The number of groups is known only from the data, so the card gives an upper bound."""


def importances():
    return (Importance(tuple("abcde"), np.arange(5.0), "gain"),)


def run(slug, given, **params):
    """Call a method as a worker does, with the default parameters of its card."""
    method, card = catalogue.load(slug), catalogue.card(slug)
    progress, checked = params.pop("progress", lambda *_: None), card.read(params)
    call = method.attribute if card.scope == "local" else method.rank
    return call(given, method.Params(**checked), progress)


@pytest.fixture(params=catalogue.of(catalogue.TABULAR))
def slug(request):
    return request.param


@pytest.fixture(params=LOCAL)
def local(request):
    return request.param


@pytest.fixture
def given():
    return problem(curved, builtin=importances)


def test_parameters_are_those_of_the_card(slug):
    expected = {p.name: p.default for p in catalogue.card(slug).parameters}
    made = catalogue.load(slug).Params()
    assert {name: getattr(made, name) for name in type(made).__dataclass_fields__} == expected


def test_an_unknown_parameter_is_a_type_error(slug):
    with pytest.raises(TypeError):
        catalogue.load(slug).Params(nothing_of_the_sort=1)


@pytest.mark.parametrize("line", ["Source:", "Cost:"])
def test_the_module_names_its_source_and_cost(slug, line):
    assert f"\n{line} " in catalogue.load(slug).__doc__


def test_has_a_page_with_every_parameter(slug):
    page = (ROOT / "docs/methods" / f"{slug}.md").read_text()
    card = catalogue.card(slug)
    assert page.startswith(f"# {card.title}\n")
    for heading in ("## When to use it", "## How it fails", "## Formula", "## Source"):
        assert heading in page
    for parameter in card.parameters:
        assert f"`{parameter.name}`" in page


@pytest.mark.parametrize(
    ("kind", "other"), [(k, s) for k in catalogue.KINDS for s in catalogue.of(k)]
)
def test_every_kind_has_pages_sources_and_parameters(kind, other):
    card, method = catalogue.card(other, kind), catalogue.load(other, kind)
    page = (ROOT / "docs/methods" / f"{other}.md").read_text()
    assert page.startswith(f"# {card.title}\n")
    assert all(f"`{parameter.name}`" in page for parameter in card.parameters)
    assert all(f"\n{line} " in method.__doc__ for line in ("Source:", "Cost:"))
    made = method.Params()
    # Those that cut the inputs are the problem's; one kind may leave out what it cannot use.
    own = {p.name: p.default for p in card.parameters if p.name not in card.posed}
    assert own == {name: getattr(made, name) for name in own}


def test_every_method_file_is_in_the_catalogue():
    folder = ROOT / "xai/methods"
    modules = [".".join(p.relative_to(ROOT).with_suffix("").parts) for p in folder.rglob("*.py")]
    methods = {
        name
        for name in modules
        if name.startswith("xai.methods.") and hasattr(importlib.import_module(name), "Params")
    }
    cards = [card for kind in catalogue.KINDS.values() for card in kind.values()]
    assert methods == {card.module for card in cards}


def test_values_fit_the_names_and_inputs(local, given):
    found = run(local, given)
    assert found.values.shape == (4, len(found.names))
    assert np.isfinite(found.values).all()
    for array in (found.base, found.residual):
        assert array is None or array.shape == (4,)
    assert found.error is None or (found.error.shape == found.values.shape)


def test_inputs_are_untouched(slug, given):
    before = [given.inputs.copy(), given.background.copy(), given.reference.copy()]
    run(slug, given)
    for array, copy in zip([given.inputs, given.background, given.reference], before, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_progress_grows_and_reaches_the_end(slug, given):
    seen = []
    run(slug, given, progress=lambda done, total: seen.append((done, total)))
    done = [d for d, _ in seen]
    assert done == sorted(done)
    assert seen[-1][0] == seen[-1][1]


def test_evaluations_are_counted_and_foretold(slug, given):
    found = run(slug, given)
    reported = found.evaluations if slug in LOCAL else found[0].evaluations
    card = catalogue.card(slug)
    foretold = card.evaluations(card.read({}), Size(rows=4, features=5, background=3))
    assert reported == given.score.rows
    assert reported <= foretold if slug in AT_MOST else reported == foretold


def test_shards_give_what_the_whole_gives(local):
    given = problem(curved, n=5, d=12)
    whole = run(local, given)
    parts = [run(local, part(given, *ends)) for ends in ((0, 2), (2, 5))]
    both = np.concatenate([one.values for one in parts])
    np.testing.assert_allclose(both, whole.values, rtol=1e-9, atol=1e-12)
    if whole.error is not None:
        errors = np.concatenate([one.error for one in parts])
        np.testing.assert_allclose(errors, whole.error, rtol=1e-6, atol=1e-12)


def test_two_calls_agree(slug, given):
    first, second = run(slug, given), run(slug, given)
    if slug in LOCAL:
        np.testing.assert_array_equal(first.values, second.values)
    else:
        np.testing.assert_array_equal(first[0].values, second[0].values)


@pytest.mark.parametrize("d", [1, 2, 5, 12])
def test_is_exact_on_a_linear_score(local, d):
    if catalogue.card(local).family == "Control":
        pytest.skip("a control explains nothing")
    weight = np.arange(1.0, d + 1)
    given = problem(lambda rows: rows @ weight, d=d)
    found = run(local, given)
    each = (given.inputs - given.background.mean(axis=0)) * weight
    members = found.members or [(j,) for j in range(d)]
    expected = np.column_stack([each[:, list(group)].sum(axis=1) for group in members])
    # LIME draws who lends a value, and ridge shrinks: near, and it says how near.
    slack = 1e-9 if local != "lime" else 5 * found.error.max() + 0.01 * np.abs(expected).max()
    np.testing.assert_allclose(found.values, expected, atol=slack)


def test_complete_methods_sum_to_the_score(local):
    if not catalogue.card(local).is_complete:
        pytest.skip("makes no such promise")
    given = problem(curved, d=12)
    found = run(local, given)
    total = found.base + found.values.sum(axis=1)
    np.testing.assert_allclose(total, curved(given.inputs), atol=1e-9)
    np.testing.assert_allclose(found.residual, 0, atol=1e-9)


def test_missing_values_pass_through(local):
    inputs = problem(curved).inputs
    inputs[0, 2] = np.nan
    given = problem(lambda rows: curved(np.nan_to_num(rows)), inputs=inputs)
    assert np.isfinite(run(local, given).values).all()


def test_no_inputs_give_no_values(local):
    given = part(problem(curved), 0, 0)
    assert run(local, given).values.shape[0] == 0
