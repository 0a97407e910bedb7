"""Explanations for programs: asked for as by the form, watched, stopped, repeated."""

from __future__ import annotations

import pytest

from xai.vocabulary import MethodChoice, Recipe
from xai.web import asking
from xai.web.models import Run


@pytest.fixture
def asked(alice, make_upload):
    """Return a question that can be answered."""
    model, data = make_upload(alice), make_upload(alice, "dataset", name="people.csv")
    return {
        "model": str(model.pk),
        "dataset": data.sha256,
        "methods": [{"slug": "lime", "params": {"samples": 500}}, {"slug": "occlusion"}],
        "rows": "first:20",
        "label": "label",
        "seed": 7,
    }


def test_a_program_asks_as_a_person_would(program, asked):
    answer = program.post("/runs", asked)
    assert answer.status_code == 201, answer.content
    told = answer.json()
    run = Run.objects.get(pk=told["id"])
    assert [choice.slug for choice in run.recipe.methods] == ["lime", "occlusion"]
    assert run.recipe.methods[0].params["samples"] == 500
    assert (run.recipe.rows, run.recipe.label, run.recipe.seed) == ("first:20", "label", 7)
    assert {job["role"] for job in told["jobs"]} >= {"predictions", "method", "agreement"}
    assert told["url"] == f"http://testserver/runs/{run.pk}/"
    assert told["recipe"] == run.recipe_json


def test_what_is_left_out_is_guessed_as_the_page_guesses_it(program, asked):
    few = {name: asked[name] for name in ("model", "dataset")}
    recipe = Run.objects.get(pk=program.post("/runs", few).json()["id"]).recipe
    assert recipe.label == "label"
    assert recipe.rows == "sample:100"
    assert [choice.slug for choice in recipe.methods]


def test_a_recipe_asked_again_is_the_same_recipe(program, asked, alice):
    first = Run.objects.get(pk=program.post("/runs", asked).json()["id"])
    again = program.post("/runs", asking.as_asked(first.recipe))
    assert again.status_code == 201
    assert Run.objects.get(pk=again.json()["id"]).recipe == first.recipe


@pytest.mark.parametrize("rows", ["all", "first:3", "sample:5", "0:4", "1,3,9", "sample:5000"])
def test_rows_are_named_as_in_a_recipe(program, asked, rows):
    recipe = Run.objects.get(pk=program.post("/runs", asked | {"rows": rows}).json()["id"]).recipe
    assert recipe.rows == ("sample:200" if rows == "sample:5000" else rows)


WRONG = [
    ({"methods": [{"slug": "magic"}]}, "There is no method 'magic' for this model"),
    ({"methods": [{"slug": "lime"}, {"slug": "lime"}]}, "asked for twice"),
    ({"methods": [{"slug": "lime", "params": {"sample": 1}}]}, "no parameter 'sample'"),
    ({"methods": [{"slug": "lime", "params": {"samples": 1e999}}]}, "samples must be a number"),
    ({"methods": [{"slug": "lime", "params": {"samples": -1}}]}, "samples must be at least"),
    ({"rows": "500:600"}, "holds no row"),
    ({"rows": "; drop"}, "Rows to explain: Rows cannot be chosen"),
    ({"rows": "first:x"}, "How many: Enter a whole number."),
    ({"target": "perhaps"}, "Output to explain: Select a valid choice"),
    ({"label": "nowhere"}, "Column with the truth: Select a valid choice"),
    ({"text": "essay"}, "This model is not asked for “text”: leave it out."),
    ({"features": ["age"]}, "This model is not asked for “features”: leave it out."),
    ({"analyses": ["magic"]}, "There is no analysis 'magic' for this model"),
    ({"external": "x"}, "Name a file by its id or its SHA-256."),
    ({"model": "x"}, "Name a file by its id or its SHA-256."),
    ({"model": "0" * 64}, "You have no model of this id or SHA-256"),
    ({"seed": -1}, "seed: Input should be greater than or equal to 0."),
]


@pytest.mark.parametrize(("change", "said"), WRONG)
def test_what_is_wrong_is_said_as_on_the_page(program, asked, change, said):
    import json

    for path in ("/runs", "/runs/estimate"):
        answer = program.post(path, json.dumps(asked | change))
        assert answer.status_code == 422
        assert said in answer.json()["detail"]
    assert not Run.objects.exists()


def test_costs_come_before_the_start(program, asked):
    told = program.post("/runs/estimate", asked).json()
    assert [one["slug"] for one in told["methods"]] == ["lime", "occlusion"]
    parts = [*told["methods"], told["measuring"], told["analyses"]]
    assert told["evaluations"] == sum(one["evaluations"] for one in parts) > 0
    assert not Run.objects.exists()


def test_a_run_is_stopped_taken_up_again_and_deleted(program, asked):
    path = f"/runs/{program.post('/runs', asked).json()['id']}"
    assert program.ask("delete", path).status_code == 409
    assert program.post(f"{path}/cancel").json()["state"] == "cancelled"
    assert program.get("/runs", state="cancelled").json()["count"] == 1
    assert program.post(f"{path}/retry").json()["state"] == "running"
    program.post(f"{path}/cancel")
    assert program.ask("delete", path).status_code == 204
    assert program.get(path).status_code == 404


def test_too_much_waiting_work_is_refused(program, asked, settings):
    settings.QUOTA_RUNS = 1
    first = program.post("/runs", asked)
    second = program.post("/runs", asked)
    assert second.status_code == 429
    assert "1 is the limit" in second.json()["detail"]
    program.post(f"/runs/{first.json()['id']}/cancel")
    settings.QUOTA_SHARDS = 2
    refused = program.post("/runs", asked)
    assert refused.status_code == 429
    assert "2 is the limit. Choose fewer rows" in refused.json()["detail"]
    settings.QUOTA_RUNS, settings.QUOTA_SHARDS = 0, 1000
    assert program.post(f"/runs/{first.json()['id']}/retry").status_code == 429


def test_every_kind_asks_again_for_what_it_was_asked():
    choice = (MethodChoice("lime", {}),)
    recipes = [
        Recipe("m", "d", choice, features=("a", "b"), label="c"),
        Recipe("m", "d", choice, kind="text-classification", text="t", pair="p"),
        Recipe("m", "d", choice, kind="text-generation", text="t", tokens=5),
        Recipe("m", "d", choice, kind="image-classification", target="cat"),
    ]
    names = [set(asking.as_asked(recipe)) for recipe in recipes]
    always = {"model", "dataset", "methods", "rows", "seed", "analyses", "external"}
    assert [sorted(found - always) for found in names] == [
        ["background", "features", "label", "target"],
        ["label", "pair", "score", "target", "text"],
        ["continuation", "replacer", "temperature", "text", "tokens"],
        ["target"],
    ]
