"""The concepts page: order, intervals, crops, parts, maps, and what is not there."""

from __future__ import annotations

import re

import pytest

from tests.web.landed_run import land, land_pictures

pytestmark = pytest.mark.django_db
BUDGET = 5_000_000


@pytest.fixture
def run(client, alice, make_upload, server_mode):
    client.force_login(alice)
    return land_pictures(alice, make_upload)


@pytest.fixture
def page(client, run):
    def get(query="", of=run):
        answer = client.get(f"/runs/{of.pk}/concepts/{query}")
        assert answer.status_code == 200
        return answer.content.decode()

    return get


def test_concepts_of_a_class_come_most_important_first_with_interval_and_sobol(page):
    text = page()
    assert re.findall(r"<h3>(Concept \d)</h3>", text) == ["Concept 1", "Concept 2", "Concept 3"]
    assert "<b>+11.1</b> <small>95 % interval 8.44 to 13.9</small>" in text
    assert "<b>97 %</b>" in text
    assert text.count('class="whisker"') >= 6


def test_what_rounding_leaves_of_zero_is_not_told_from_zero(page):
    concepts = re.split(r"<h3>Concept (?=\d</h3>)", page())[1:4]
    assert ["not told from 0" in one.split("<details")[0] for one in concepts] == [
        False, True, False,
    ]  # fmt: skip


def test_crops_are_windows_onto_pictures_that_stand_once_in_the_page(page):
    text = page()
    symbols = re.findall(r'<symbol id="p(\d+)" viewBox="0 0 32 32">', text)
    assert len(symbols) == len(set(symbols)) == text.count("data:image/jpeg")
    assert set(re.findall(r'<use href="#p(\d+)"', text)) <= set(symbols)
    assert re.search(r'<svg viewBox="\d+ \d+ 9 9" role="img"', text)


def test_a_composite_concept_shows_its_parts(page):
    text = page()
    assert "Made of 3 parts in an earlier layer, <code>find</code>" in text
    assert "<h3>Concept 1.2</h3>" in text


def test_the_address_chooses_class_and_picture(page):
    green = page("?target=green+things")
    assert "What speaks for <bdi>green things</bdi>" in green
    assert "lie in picture 101" in green
    assert "lie in picture 103" in page("?target=green+things&sample=103")
    assert "lie in picture 100" in page("?target=none&sample=7")
    assert green.count("data-map=") == 3


def cells(text, label):
    """Return the rows of a table as words, tags taken out."""
    table = re.search(rf'aria-label="{label}".*?</table>', text, re.DOTALL)[0]
    rows = re.findall(r"<tr>.*?</tr>", table, re.DOTALL)
    return [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", row)).strip() for row in rows]


def test_concepts_are_held_against_the_masks(page):
    text = page()
    assert '<span class="state">matches <bdi>red</bdi></span>' in text
    assert "Matched on 6 pictures, measured on the other 6." in re.sub(r"\s+", " ", text)
    rows = cells(text, "Concepts and annotations")
    assert rows[1].startswith("Concept 1 red")
    assert re.search(r"Concept 1 red [\d.]+ % [\d.]+ % [\d.]+ % 100 %", rows[1])
    assert "Most important concept exists</dt><dd>100 %" in text


def test_dictionaries_and_estimators_stand_beside_each_other(page):
    text = page()
    found = cells(text, "Ways to find concepts")
    assert [row.split(" used here")[0] for row in found[1:2]] == ["Non-negative factorisation"]
    assert len(found) == 6
    weighed = cells(text, "Ways to weigh concepts")
    assert len(weighed) == 7
    assert "Gradient × coefficient orders this page" in weighed[1]
    assert "Sobol index unsigned" in weighed[5]


def test_wrong_predictions_are_marked(page):
    assert "wrong</span>, label <bdi>blue things</bdi>" in page("?sample=100")


def test_the_curves_by_number_of_concepts_are_a_figure(client, page, run):
    (address,) = re.findall(r'x-figure class="figure" src="([^"]+)"', page())
    figure = client.get(address.replace("&amp;", "&")).json()
    assert [row[0] for row in figure["table"]["rows"]] == ["2", "5"]
    assert figure["data"][0]["name"] == "Logit error"


def test_the_tab_is_there_where_there_are_concepts(page, client, alice, make_upload):
    assert re.search(r'id="tab-concepts" href="[^"]+" aria-current="page"', page())
    table = land(alice, make_upload, rows=12, methods=("occlusion",))
    assert 'id="tab-concepts"' not in client.get(f"/runs/{table.pk}/overview/").content.decode()
    assert client.get(f"/runs/{table.pk}/concepts/").status_code == 404


def test_names_are_shown_as_text(page, alice, make_upload):
    text = page(of=land_pictures(alice, make_upload, name='<img src=x onerror="alert(1)">'))
    assert "&lt;img src=x" in text
    assert "<img" not in text


def test_the_page_opens_in_few_queries(client, run, django_assert_max_num_queries):
    with django_assert_max_num_queries(8):
        client.get(f"/runs/{run.pk}/concepts/")


def test_no_more_pictures_than_a_page_can_carry(page):
    from xai.web import concepts

    # A photograph of 256 by 256 takes up to 30 kB.
    most = concepts.PICTURES + 10 * concepts.CROPS + 3 * 3 * concepts.PART_CROPS
    assert most * 30_000 < BUDGET
    assert len(page()) < BUDGET
