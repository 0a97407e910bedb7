"""A text of 512 tokens under ten methods in a real browser: folded, unfolded, pointed at."""

from __future__ import annotations

import pytest

from tests.browser.reading import expect, is_too_wide, violations
from tests.web.landed_run import land_text
from xai.methods import catalogue

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

TOKENS = 512
METHODS = [s for s, card in catalogue.of(catalogue.TEXT).items() if card.scope == "local"][:10]
TEXT = " ".join(f"w{i % 300}" for i in range(TOKENS))
LINES = len(METHODS) + 1  # the dispute


@pytest.fixture
def address(live_server, make_upload):
    from xai.web.middleware import local_owner

    run = land_text(local_owner(), make_upload, sentences=(TEXT, "a short one"), methods=METHODS)
    return f"{live_server.url}/runs/{run.pk}/compare/"


def open_at(page, address):
    page.goto(address)
    expect(page.locator("x-passage[data-ready]")).to_be_visible()


def test_it_begins_folded_around_what_matters_and_can_be_unfolded(page, address):
    open_at(page, address)
    folded = page.locator(".w[data-i]").count()
    assert 0 < folded < 0.3 * TOKENS * LINES
    page.click(f"text=Show all {TOKENS} words")
    expect(page.locator(".w[data-i]")).to_have_count(TOKENS * LINES)
    page.click("text=Show what matters only")
    expect(page.locator(".w[data-i]")).to_have_count(folded)


@pytest.mark.parametrize("query", ["?all=1", "?all=1&unit=token&special=1"])
def test_every_word_answers_the_pointer_and_the_keyboard(page, address, query):
    open_at(page, address + query)
    for place in (0, 255, 511):
        word = page.locator(f'.strand .w[data-i="{place}"]').first
        word.scroll_into_view_if_needed()
        word.hover()
        expect(page.locator(f'.w.here[data-i="{place}"]')).to_have_count(LINES)
        expect(page.locator(".w.here")).to_have_count(LINES)
        expect(page.locator(".readout dd")).to_have_count(len(METHODS))
        expect(page.locator(".readout p")).to_have_text(f"“{word.text_content()}”")
    page.locator(".passage[tabindex]").first.focus()
    page.keyboard.press("ArrowUp")
    expect(page.locator('.w.here[data-i="510"]')).to_have_count(LINES)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_its_window_and_is_accessible(tab, address, scheme):
    with tab(color_scheme=scheme) as page:
        for query in ("", "?all=1"):
            open_at(page, address + query)
            for width in (390, 1024, 1440):
                page.set_viewport_size({"width": width, "height": 900})
                assert not is_too_wide(page), (query, width)
            assert violations(page) == []
