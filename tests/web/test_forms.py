"""The form of a new explanation: from boxes and fields to a recipe."""

from __future__ import annotations

import pytest
from django.http import QueryDict

from tests.reports.text_run import DATA, MODEL
from xai.web.forms import RunForm
from xai.web.models import Run


@pytest.fixture
def files(alice, make_upload):
    model = make_upload(alice)
    return model, make_upload(alice, "dataset", name="people.csv")


def answers(**more):
    data = QueryDict(mutable=True)
    data.update({"target": "", "label": "label", "rows_how": "sample", "rows_count": "20"})
    data.update({"background": "10", "seed": "7"})
    data.setlist("methods", more.pop("methods", ["shapley", "random"]))
    for name, value in more.items():
        data[name] = value
    return data


def form_of(files, **more):
    return RunForm(answers(**more), model=files[0], dataset=files[1])


def test_a_filled_form_is_a_recipe(files):
    form = form_of(files, target="yes")
    assert form.is_valid(), form.errors
    recipe = form.recipe()
    assert (recipe.rows, recipe.target, recipe.label) == ("sample:20", "yes", "label")
    assert (recipe.background, recipe.seed) == (10, 7)
    assert [choice.slug for choice in recipe.methods] == ["shapley", "random"]


def test_parameters_are_filled_in_and_checked(files):
    form = form_of(files, methods=["lime"])
    assert form.is_valid()
    (choice,) = form.recipe().methods
    name = next(iter(choice.params))
    wrong = form_of(files, methods=["lime"], **{f"lime-{name}": "many"})
    assert not wrong.is_valid()
    assert "LIME: " in str(wrong.non_field_errors())


@pytest.mark.parametrize(
    ("how", "listed", "spec"),
    [("all", "", "all"), ("first", "", "first:20"), ("list", "3, 7,12", "3,7,12")],
)
def test_rows_are_chosen_in_four_ways(files, how, listed, spec):
    form = form_of(files, rows_how=how, rows_list=listed)
    assert form.is_valid(), form.errors
    assert form.recipe().rows == spec


@pytest.mark.parametrize("listed", ["", "a,b", "5000", "-1"])
def test_rows_that_are_not_there_are_refused(files, listed):
    form = form_of(files, rows_how="list", rows_list=listed)
    assert not form.is_valid()
    assert "rows_how" in form.errors


def test_no_method_and_unknown_methods_are_refused(files):
    assert not form_of(files, methods=[]).is_valid()
    assert not form_of(files, methods=["telepathy"]).is_valid()


def test_a_method_the_model_cannot_run_is_grey_with_its_reason(files):
    files[0].facts["capabilities"] = []
    cards = {one.card.slug: one for one in form_of(files, methods=["builtin"]).method_fields()}
    assert "needs importances" in cards["builtin"].reason
    assert not cards["builtin"].is_chosen
    assert cards["shapley"].reason == ""
    assert not form_of(files, methods=["builtin"]).is_valid()


def test_a_missing_column_is_named(files):
    files[1].facts["columns"][0]["name"] = "height"
    form = form_of(files)
    assert not form.is_valid()
    assert "age" in str(form.errors)


def test_a_model_without_names_takes_columns_in_the_order_given(files):
    files[0].facts["has_names"] = False
    form = form_of(files, features="income\r\nage\r\n")
    assert form.is_valid(), form.errors
    assert form.recipe().features == ("income", "age")
    assert not form_of(files, features="income").is_valid()


def test_a_regression_explains_its_value(files):
    files[0].facts |= {"problem": "regression", "outputs": ["value"], "output": "value"}
    form = form_of(files, target="value", label="")
    assert form.is_valid(), form.errors
    assert form.recipe().target == "value"


@pytest.fixture
def browser(client, alice, server_mode, files):
    client.force_login(alice)
    return client


def chosen(files):
    return {"model": str(files[0].pk), "dataset": str(files[1].pk)}


def test_the_page_shows_costs_before_anything_is_asked(browser, files):
    page = browser.get("/runs/new/", chosen(files)).content.decode()
    assert "Start the explanation" in page
    assert page.count("evaluations") > 3
    assert "People" not in page


def test_the_estimate_follows_the_boxes(browser, files):
    few = browser.post("/runs/new/estimate/", answers(**chosen(files), methods=["random"]))
    assert "1 method," in few.content.decode()
    assert 'hx-swap-oob="true"' in few.content.decode()
    wrong = browser.post("/runs/new/estimate/", answers(**chosen(files), seed="x"))
    assert "Enter a whole number" in wrong.content.decode()


def test_a_good_form_starts_a_run_and_a_bad_one_says_why(browser, files, monkeypatch):
    answer = browser.post("/runs/new/", answers(**chosen(files)))
    run = Run.objects.get()
    assert answer.headers["Location"] == run.get_absolute_url()
    assert run.recipe.seed == 7
    bad = browser.post("/runs/new/", answers(**chosen(files), methods=[]))
    assert bad.status_code == 422
    assert "Choose at least one method" in bad.content.decode()


def test_a_text_classifier_is_explained_by_probability_or_logit(alice, make_upload):
    model = make_upload(alice, facts=MODEL, name="mood.zip")
    texts = {"name": "text", "kind": "category", "text": {"mean_length": 40, "is_likely": True}}
    facts = DATA | {"columns": [texts, {"name": "label", "kind": "category"}]}
    data = make_upload(alice, "dataset", facts=facts, name="reviews.csv")
    for score in ("", "logit"):
        form = form_of((model, data), text="text", score=score)
        assert form.is_valid(), form.errors
        assert form.recipe().score == score
    assert not form_of((model, data), text="text", score="odds").is_valid()


def test_other_models_have_one_score(files):
    assert "score" not in form_of(files).fields
