"""The interactions page: features by features over all rows, and the pairs of one row."""

from __future__ import annotations

import re

import pytest

from tests.web.landed_run import EVIL, land

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(client, alice, make_upload, server_mode):
    client.force_login(alice)
    usual = land(alice, make_upload, pairs="sampled")

    def get(query="", of=usual):
        answer = client.get(f"/runs/{of.pk}/interactions/{query}")
        assert answer.status_code == 200
        return answer.content.decode()

    return get


def test_every_two_features_have_a_cell_and_the_strongest_pair_comes_first(page):
    text = page()
    assert len(re.findall(r'<td class="cell step-\d">', text)) == 6 * 5
    assert text.count('<td class="cell step-6"><b>9.00</b><small>+9.00</small></td>') == 2
    assert "<bdi>feature 0</bdi> × <bdi>feature 1</bdi></th><td>9.00</td>" in text


def test_the_address_chooses_the_row(page):
    text = page("?sample=4")
    assert '<h2 id="one">Row 4</h2>' in text
    assert 'href="?sample=2#row" rel="prev"' in text
    assert 'href="?sample=6#row" rel="next"' in text
    assert text.count("±0.25") == 12


def test_an_unknown_row_is_said_to_be_unknown(page):
    text = page("?sample=5")
    assert "Row 5 is not among the explained rows; here is row 0." in text


def test_exact_pairs_have_no_errors(page, alice, make_upload):
    text = page(of=land(alice, make_upload, pairs="exact"))
    assert "Exact." in text
    assert "±" not in text


def test_names_are_escaped(page, alice, make_upload):
    text = page(of=land(alice, make_upload, pairs="exact", evil=True))
    assert EVIL[0] not in text


def test_only_runs_with_interactions_have_the_page(page, client, alice, make_upload):
    assert re.search(r'id="tab-interactions" href="[^"]+" aria-current="page"', page())
    other = land(alice, make_upload)
    overview = client.get(f"/runs/{other.pk}/overview/").content.decode()
    assert 'id="tab-interactions"' not in overview
    assert client.get(f"/runs/{other.pk}/interactions/").status_code == 404
