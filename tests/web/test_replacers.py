"""A masked language model lends its words: offered in the form, kept with the run."""

from __future__ import annotations

import pytest
from django.http import QueryDict
from django.urls import reverse

from tests.reports.text_run import DATA, MODEL
from xai.errors import InvalidParameter
from xai.runner import replacers
from xai.vocabulary import MethodChoice, Recipe
from xai.web.forms import RunForm
from xai.web.middleware import local_owner
from xai.web.models import Run, Upload

LENDER = MODEL | {"kind": "fill-mask", "problem": "generation", "architecture": "Bert masked"}
PROMPTS = DATA | {
    "columns": [
        {"name": "prompt", "kind": "category", "text": {"mean_length": 30, "is_likely": True}}
    ]
}
STORY = MODEL | {"kind": "text-generation", "problem": "generation", "outputs": []}


@pytest.fixture
def files(make_upload):
    owner = local_owner()
    return (
        make_upload(owner, facts=STORY, name="stories.zip"),
        make_upload(owner, "dataset", facts=PROMPTS, name="prompts.csv"),
        make_upload(owner, facts=LENDER, name="lender.zip"),
    )


def answers(files, **more):
    data = QueryDict(mutable=True)
    data.update({"model": str(files[0].pk), "dataset": str(files[1].pk), "text": "prompt"})
    data.update({"rows_how": "first", "rows_count": "3", "tokens": "5", "seed": "2"})
    data.setlist("methods", more.pop("methods", ["reagent", "random"]))
    for name, value in more.items():
        data[name] = value
    return data


def form_of(files, **more):
    return RunForm(answers(files, **more), model=files[0], dataset=files[1])


def masked(files, **more):
    return {"replacer": str(files[2].pk), "reagent-source": "masked", **more}


def test_the_form_offers_masked_models_of_the_owner_alone(files, make_upload, bob):
    make_upload(bob, facts=LENDER, name="of bob.zip")
    offered = list(form_of(files).fields["replacer"].queryset)
    assert offered == [files[2]]


def test_a_filled_form_names_the_lender_and_how_the_text_is_written(files):
    form = form_of(files, **masked(files, temperature="0.7"))
    assert form.is_valid(), form.errors
    recipe = form.recipe()
    assert recipe.replacer == files[2].sha256
    assert recipe.temperature == 0.7
    assert form_of(files, temperature="9").errors["temperature"]


@pytest.mark.parametrize(
    ("given", "said"),
    [({"reagent-source": "masked"}, "no masked language model is named"),
     ({"replacer": "yes"}, "ReAGent does not use it")],
)  # fmt: skip
def test_half_a_choice_is_refused_in_a_sentence(files, given, said):
    if "replacer" in given:
        given = {"replacer": str(files[2].pk)}
    form = form_of(files, **given)
    assert not form.is_valid()
    assert said in str(form.non_field_errors())


def test_the_page_starts_a_run_that_keeps_the_lender(client, files):
    answer = client.post(reverse("run-new"), dict(answers(files, **masked(files)).lists()))
    assert answer.status_code == 302
    run = Run.objects.get()
    assert run.replacer == files[2]
    page = client.get(run.get_absolute_url()).content.decode()
    assert "lender.zip" in page
    client.post(reverse("upload-delete", args=[files[2].pk]))
    assert Upload.objects.filter(pk=files[2].pk).exists(), "a run uses it"


def test_a_masked_model_is_no_model_to_explain(client, files):
    page = client.get(reverse("run-new")).content.decode()
    assert "stories.zip" in page
    assert "lender.zip" not in page
    card = client.get(files[2].get_absolute_url()).content.decode()
    assert "lends its words to ReAGent" in card
    asked = f"?model={files[2].pk}&dataset={files[1].pk}"
    assert client.get(reverse("run-new") + asked).status_code == 200


def test_a_classifier_takes_no_lender():
    recipe = Recipe("m", "d", (MethodChoice("lime", {}),), kind="text-classification", replacer="r")
    with pytest.raises(InvalidParameter, match="language models only"):
        replacers.check(recipe)
