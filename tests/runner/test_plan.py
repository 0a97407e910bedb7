from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from xai.errors import InvalidParameter
from xai.runner import measuring
from xai.runner.plan import MEASURED, estimate, estimate_step, plan
from xai.vocabulary import MethodChoice, Recipe

MODEL = {
    "features": [{"name": "a"}, {"name": "b"}, {"name": "c"}],
    "outputs": ["no", "yes"],
    "capabilities": [],
    "speed": [{"rows": 1, "per_second": 10.0}, {"rows": 1024, "per_second": 1000.0}],
}
DATA = {"rows": 5000}
RECIPE = Recipe(
    model="m" * 64,
    dataset="d" * 64,
    methods=(MethodChoice("shapley", {}), MethodChoice("permutation", {})),
    rows="first:2000",
)


def roles(jobs):
    return [(job.role, job.method) for job in jobs]


def test_the_same_recipe_gives_the_same_plan():
    assert plan(RECIPE, MODEL, DATA) == plan(RECIPE, MODEL, DATA)


def test_a_random_method_runs_again_with_another_seed():
    jobs = plan(RECIPE, MODEL, DATA)
    assert roles(jobs) == [
        ("predictions", ""),
        ("method", "shapley"),
        ("self", "shapley"),
        ("method", "permutation"),
        ("strategies", ""),
        ("agreement", ""),
        ("faithfulness", ""),
    ]
    assert jobs[2].seed == jobs[1].seed + 1
    assert jobs[2].shards[-1].stop == 50


def test_faithfulness_is_measured_on_a_spread_of_many_rows():
    job = plan(RECIPE, MODEL, DATA)[-1]
    assert job.shards[-1].stop == 200
    assert job.planned > 200 * 19 * 10


def test_a_method_that_costs_much_is_not_moved():
    wide = MODEL | {"features": [{"name": str(i)} for i in range(30)]}
    job = plan(RECIPE, wide, DATA)[-1]
    assert job.params == {"moved": [], "unmoved": ["shapley"]}


def test_a_method_that_costs_little_is_moved_too():
    job = plan(RECIPE, MODEL | {"capabilities": ["trees"]}, DATA)[-1]
    assert job.params == {"moved": ["shapley"], "unmoved": []}


def test_global_methods_alone_are_not_measured():
    alone = replace(RECIPE, methods=RECIPE.methods[1:])
    assert plan(alone, MODEL, DATA)[-1].role == "agreement"


def test_the_price_of_a_mask_is_what_the_tables_baselines_cost():
    from xai.workbench import faithful_further, table_arena, table_moves

    assert MEASURED["tabular"] == table_arena.PASSES
    assert table_moves.DRAWS + 1 == measuring.MOVES
    assert 2 * table_moves.NOISES == measuring.NOISES
    assert table_arena.ROWS == measuring.FILLED
    known = (faithful_further.MOVES, faithful_further.REDRAWS)
    assert known == (measuring.MOVED, measuring.REDRAWN)


TEXTS = {
    "features": [], "outputs": ["no", "yes"], "capabilities": ["gradient", "attention"],
    "speed": [{"rows": 1, "per_second": 100.0}], "parameters": 1_000_000, "max_tokens": 512,
}  # fmt: skip
ASKED = replace(
    RECIPE, kind="text-classification", text="text",
    methods=(MethodChoice("integrated_gradients", {}), MethodChoice("lime", {"samples": 5000})),
)  # fmt: skip


def test_a_network_explains_a_few_texts_again_moved_and_with_new_weights():
    job = plan(ASKED, TEXTS, DATA | {"columns": []})[-1]
    assert job.params == {
        "moved": ["integrated_gradients"], "unmoved": ["lime"],
        "redrawn": ["integrated_gradients"], "retold": 8, "every": 3,
    }  # fmt: skip


def test_a_very_large_network_is_not_kept_twice():
    job = plan(ASKED, TEXTS | {"parameters": 10**9}, DATA | {"columns": []})[-1]
    assert (job.params["moved"], job.params["redrawn"]) == (["integrated_gradients"], [])


def test_exact_tree_shapley_values_need_no_second_seed():
    jobs = plan(RECIPE, MODEL | {"capabilities": ["trees"]}, DATA)
    assert ("self", "shapley") not in roles(jobs)


def test_shards_cover_every_row_once():
    for job in plan(RECIPE, MODEL, DATA):
        edges = [(shard.start, shard.stop) for shard in job.shards]
        assert edges[0][0] == 0
        assert all(left[1] == right[0] for left, right in itertools.pairwise(edges))


def test_a_slower_model_gets_smaller_shards():
    slow = MODEL | {"speed": [{"rows": 1024, "per_second": 100.0}]}
    many, few = plan(RECIPE, slow, DATA)[1], plan(RECIPE, MODEL, DATA)[1]
    assert len(many.shards) > len(few.shards)


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 1},
        {"rows": "first:1999"},
        {"background": 20},
        {"target": "yes"},
        {"dataset": "e" * 64},
        {"features": ("c", "b", "a")},
    ],
)
def test_whatever_changes_the_result_changes_the_key(change):
    keys = {job.key for job in plan(RECIPE, MODEL, DATA)}
    assert keys.isdisjoint(job.key for job in plan(replace(RECIPE, **change), MODEL, DATA))


def test_another_method_leaves_the_keys_of_the_others_alone():
    alone = replace(RECIPE, methods=RECIPE.methods[:1])
    assert plan(alone, MODEL, DATA)[1].key == plan(RECIPE, MODEL, DATA)[1].key


def test_the_estimate_counts_the_second_seed():
    rows = {row["slug"]: row for row in estimate(RECIPE, MODEL, DATA)}
    jobs = plan(RECIPE, MODEL, DATA)
    assert rows["shapley"]["evaluations"] == jobs[1].planned + jobs[2].planned
    assert rows["shapley"]["seconds"] == pytest.approx(rows["shapley"]["evaluations"] / 1000)


def test_measuring_faithfulness_has_its_price():
    found = estimate_step(RECIPE, MODEL, DATA, "faithfulness")
    assert found["evaluations"] == plan(RECIPE, MODEL, DATA)[-1].planned
    alone = replace(RECIPE, methods=RECIPE.methods[1:])
    assert estimate_step(alone, MODEL, DATA, "faithfulness") == {"evaluations": 0, "seconds": 0.0}


def test_an_unknown_method_is_refused_with_the_choices():
    with pytest.raises(InvalidParameter, match="shapley"):
        plan(replace(RECIPE, methods=(MethodChoice("magic", {}),)), MODEL, DATA)
