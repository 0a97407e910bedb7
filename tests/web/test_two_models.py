"""The page of two models: reached from a run, the owner's alone, the same data only."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from tests.web.landed_run import land, land_text
from xai.web.middleware import local_owner

pytestmark = pytest.mark.django_db


@pytest.fixture
def two(make_upload):
    """Land two runs by two models on one dataset."""
    first, second = (land(local_owner(), make_upload, seed=seed) for seed in (0, 3))
    second.dataset = first.dataset
    second.save()
    return first, second


def address(run, other=None):
    query = f"?with={other.pk}" if other else ""
    return reverse("two-models", args=[run.pk]) + query


def test_the_run_page_leads_to_the_choice_and_the_choice_to_the_comparison(client, two):
    first, second = two
    page = client.get(reverse("run", args=[first.pk])).content.decode()
    assert address(first) in page
    page = client.get(address(first)).content.decode()
    assert f"?with={second.pk}" in page
    page = client.get(address(first, second)).content.decode()
    assert "How right each is" in page
    assert "on the same 39 labelled rows" in page
    assert "Kendall τ-b" in page
    assert re.search(rf"/runs/{second.pk}/compare/\?sample=\d+", page)


def test_what_is_wrong_with_a_choice_is_not_found(client, two, make_upload):
    first, second = two
    stranger = land(local_owner(), make_upload)
    assert client.get(address(first, stranger)).status_code == 404
    assert client.get(address(first, first)).status_code == 404
    assert client.get(address(first) + "?with=nonsense").status_code == 404
    second.recipe_json |= {"kind": "text-classification"}
    second.save()
    assert client.get(address(first, second)).status_code == 404


def test_the_runs_of_another_owner_are_neither_listed_nor_shown(
    client, make_upload, alice, bob, server_mode
):
    mine, theirs = land(alice, make_upload), land(bob, make_upload, seed=3)
    theirs.dataset = mine.dataset
    theirs.save()
    client.force_login(alice)
    assert str(theirs.pk) not in client.get(address(mine)).content.decode()
    assert client.get(address(mine, theirs)).status_code == 404
    assert client.get(address(theirs, mine)).status_code == 404


def test_a_run_alone_says_how_to_get_another(client, make_upload):
    run = land_text(local_owner(), make_upload)
    page = client.get(address(run)).content.decode()
    assert "There is no other explanation of this data yet" in page


def test_names_of_models_are_shown_as_text(client, two):
    first, second = two
    second.model.name = "<img src=x onerror=alert(1)>.json"
    second.model.save()
    page = client.get(address(first, second)).content.decode()
    assert "<img src=x" not in page
    assert "&lt;img src=x" in page
