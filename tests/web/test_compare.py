from __future__ import annotations

import re

import pytest
from django.urls import reverse

from tests.web.landed_run import land
from xai.figures.parts import signed
from xai.web.comparison import State
from xai.web.landed import Landed
from xai.web.middleware import local_owner


@pytest.fixture
def run(make_upload):
    return land(local_owner(), make_upload)


@pytest.fixture
def results(run):
    return Landed(run, tuple(run.jobs.all())).results


@pytest.fixture
def page(client, run):
    def get(query="", *, of=run):
        answer = client.get(reverse("compare", args=[of.pk]) + query)
        assert answer.status_code == 200
        return answer.content.decode()

    return get


def order(text):
    return re.findall(r'<th scope="row" tabindex="[-01]+"><bdi>(.*?)</bdi>', text)


def test_the_address_holds_the_whole_state():
    state = State(6, order="name", scale="own", all=True, by="dispute", wrong=True)
    assert state.address() == "?sample=6&order=name&scale=own&all=1&by=dispute&wrong=1"
    assert State(6).address() == "?sample=6"
    assert state.address(sample=9, wrong=False).startswith("?sample=9&")


def test_every_value_of_the_sample_is_shown(page, results):
    text = page("?sample=6")
    position = results.sample_index(6)
    for slug in ("shapley", "occlusion", "lime", "random"):
        for value in results.method(slug).values[position]:
            assert f'<span class="amount">{signed(float(value))}</span>' in text
    assert text.count('<td class="entry') == 6 * 5


def test_all_methods_share_one_order_and_one_scale(page):
    text = page()
    assert "one scale, ±" in text
    assert "one scale" not in page("?scale=own")
    assert len(order(text)) == 6


def test_the_order_can_be_chosen(page):
    assert order(page("?order=name")) == [f"feature {i}" for i in range(6)]
    assert order(page("?order=column")) == [f"feature {i}" for i in range(6)]
    assert sorted(order(page("?order=lime"))) == sorted(order(page("?order=dispute")))
    assert order(page("?order=nonsense")) == order(page())


def test_the_strongest_feature_of_a_method_is_first_in_its_order(page, results):
    found = results.method("lime")
    strongest = abs(found.values[results.sample_index(8)]).argmax()
    assert order(page("?sample=8&order=lime"))[0] == found.names[strongest]


def test_previous_and_next_go_through_the_rows(page):
    text = page("?sample=2&order=name")
    assert re.search(r'rel="prev" href="\?sample=0&amp;order=name"', text)
    assert re.search(r'rel="next" href="\?sample=4&amp;order=name"', text)
    assert 'rel="prev"' not in page("?sample=0")
    assert 'rel="next"' not in page(f"?sample={39 * 2}")


def test_next_can_go_by_dispute(page, results):
    first, second = (row["sample"] for row in results.agreement["samples"][:2])
    text = page("?by=dispute")
    assert f"Row {first} " in text
    assert f'rel="next" href="?sample={second}&amp;by=dispute"' in text


def test_only_wrong_predictions(page, results):
    wrong = [
        int(sample)
        for sample, right in zip(results.predictions.samples, results.predictions.correct,
                                 strict=True)
        if right is False
    ]  # fmt: skip
    text = page("?wrong=1")
    assert f"1 of {len(wrong)}, wrong predictions only" in text
    assert f"sample={wrong[1]}&amp;wrong=1" in text


def test_no_wrong_prediction_is_said(page, make_upload):
    run = land(local_owner(), make_upload, labels=False)
    assert "known to be wrong" in page("?wrong=1", of=run)


@pytest.mark.parametrize(("asked", "shown"), [("7", 6), ("999999", 78), ("-5", 0)])
def test_a_row_that_is_not_explained_shows_its_neighbour(page, asked, shown):
    text = page(f"?sample={asked}")
    assert f"is not among the explained rows; here is row {shown}." in text


@pytest.mark.parametrize("asked", ["<script>", "1e9", "9" * 400, "٣"])
def test_nonsense_for_a_row_shows_the_first(page, asked):
    text = page(f"?sample={asked}")
    assert "here is row" in text
    assert "<script>" not in text


def test_the_sum_of_a_complete_method_is_checked(page):
    text = page("?sample=4")
    assert text.count('<span class="state done">kept</span>') == 2
    assert "has no base value" in text
    assert "Waterfall of Shapley values" in text
    assert "Waterfall of LIME" not in text


def test_a_group_has_one_bar_and_names_its_members(page):
    text = page("?order=name")
    assert "with <bdi>feature 1</bdi>" in text
    assert "in the group of <bdi>feature 0</bdi>" in text
    assert 'data-home="0"' in text


def test_standard_errors_are_whiskers_of_their_method_only(page):
    text = page("?sample=4")
    assert text.count('class="whisker"') == 6
    assert text.count('title="95 %: ') == 6


def test_missing_values_are_named(page):
    assert "missing" in page("?sample=0")


def test_many_features_begin_with_the_strongest(page, make_upload):
    run = land(local_owner(), make_upload, features=35, methods=("shapley", "occlusion"))
    assert len(order(page(of=run))) == 20
    assert "Show all 35 features" in page(of=run)
    assert len(order(page("?all=1", of=run))) == 35


def test_the_page_works_without_script(page):
    text = page()
    assert "<script>" not in text
    assert 'method="get"' in text
    assert '<button class="button plain small">Show</button>' in text
