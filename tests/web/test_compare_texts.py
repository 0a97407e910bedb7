"""The comparison of methods on one text."""

from __future__ import annotations

import pytest

from tests.reports.text_run import SENTENCES
from tests.web.landed_run import land_text

pytestmark = pytest.mark.django_db


@pytest.fixture
def as_alice(client, alice, server_mode):
    client.force_login(alice)
    return client


@pytest.fixture
def page(as_alice, alice, make_upload):
    run = land_text(alice, make_upload)

    def get(query=""):
        return as_alice.get(f"/runs/{run.pk}/compare/{query}").content.decode()

    return get


def test_every_method_has_a_line_and_every_word_a_place(page):
    text = page()
    for title in ("Shapley values", "Integrated gradients", "Raw attention", "Random values"):
        assert f'data-title="{title}"' in text
    words = len(SENTENCES[0].split())
    assert text.count('data-i="0"') == 5  # four methods and the dispute
    assert f'data-i="{words - 1}"' in text
    assert f'data-i="{words}"' not in text


def test_markup_in_a_text_is_shown_not_run(page):
    text = page("?sample=6")
    assert "<b>not</b>" not in text
    assert "&lt;b&gt;not&lt;/b&gt;" in text


def test_tokens_and_special_tokens_on_demand(page):
    assert "[CLS]" not in page()
    assert "[CLS]" in page("?unit=token&special=1")


def test_a_long_text_is_folded_and_can_be_unfolded(as_alice, alice, make_upload):
    run = land_text(alice, make_upload, sentences=(" ".join(f"word{i}" for i in range(400)),))
    folded = as_alice.get(f"/runs/{run.pk}/compare/").content.decode()
    whole = as_alice.get(f"/runs/{run.pk}/compare/?all=1").content.decode()
    assert " more … " in folded
    assert "Show all 400 words" in folded
    assert " more … " not in whole
    assert folded.count("data-i=") < whole.count("data-i=") == 400 * 5


def test_unsigned_methods_say_so(page):
    assert "unsigned" in page()


def test_the_address_holds_the_state(page):
    text = page("?unit=token&sample=3")
    assert 'href="?sample=6&amp;unit=token"' in text
    assert 'href="?sample=0&amp;unit=token"' in text


def test_words_of_all_texts_by_class_and_answer(as_alice, alice, make_upload):
    run = land_text(alice, make_upload)
    text = as_alice.get(f"/runs/{run.pk}/global/?target=positive&answer=right").content.decode()
    assert "Mean attribution of a word" in text
    assert "&lt;b&gt;" not in text
    everything = as_alice.get(f"/runs/{run.pk}/global/?target=negative").content.decode()
    assert "&lt;b&gt;not&lt;/b&gt;" in everything


@pytest.mark.parametrize("page_name", ["overview", "agreement", "report.html"])
def test_every_page_of_a_text_run_opens(as_alice, alice, make_upload, page_name):
    run = land_text(alice, make_upload)
    end = "" if "." in page_name else "/"
    assert as_alice.get(f"/runs/{run.pk}/{page_name}{end}").status_code == 200
