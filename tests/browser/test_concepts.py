"""The concepts page in a real browser: class, picture, map, parts, curves."""

from __future__ import annotations

import re

import pytest

from tests.browser.reading import draw_all, expect, is_too_wide, picture, violations
from tests.web.landed_run import land_pictures

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def address(live_server, make_upload):
    from xai.web.middleware import local_owner

    run = land_pictures(local_owner(), make_upload)
    return f"{live_server.url}/runs/{run.pk}/concepts/"


def painted(page, place):
    """Return the colours of one map."""
    canvas = page.locator(".layer canvas").nth(place)
    return canvas.evaluate(
        "c => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data].join()"
    )


def test_a_class_a_picture_and_the_map_of_a_concept_in_it(page, address):
    page.goto(address)
    expect(page.locator("h1")).to_contain_text("Concepts")
    page.locator("nav.choices a", has_text="green things").click()
    expect(page.locator("#concepts")).to_contain_text("green things")
    expect(page.locator("x-overlay[data-ready]")).to_be_visible()
    first = painted(page, 0)
    assert set(first.split(",")) != {"0"}
    page.locator(".strip-of a").nth(4).click()
    page.wait_for_url(re.compile("sample="))
    expect(page.locator("#concepts")).to_contain_text("green things")
    expect(page.locator("x-overlay[data-ready]")).to_be_visible()
    assert painted(page, 0) != first
    page.locator(".layer .canvas").nth(1).hover()
    expect(page.locator(".layer .cross")).to_have_count(4)
    expect(page.locator(".layer output").first).to_contain_text("here")
    picture(page, "concepts", 900)


def test_a_composite_concept_opens_its_parts_and_crops_lead_to_their_picture(page, address):
    page.goto(address)
    parts = page.locator("details.parts").first
    expect(parts.locator(".part").first).to_be_hidden()
    parts.locator("summary").click()
    expect(parts.locator(".part")).to_have_count(3)
    expect(parts.locator(".crops svg").first).to_be_visible()
    page.locator(".concepts > li").first.locator(".crops a").first.click()
    page.wait_for_url(re.compile("/compare/.*sample="))


def test_the_curves_are_drawn_and_the_masks_are_held_against(page, address):
    page.goto(address)
    draw_all(page)
    expect(page.locator("section[aria-labelledby=many] .scatterlayer .trace").first).to_be_visible()
    expect(page.locator("#annotated")).to_be_visible()
    expect(page.locator("#compared")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_accessible_and_as_wide_as_its_window(tab, address, scheme):
    with tab(color_scheme=scheme) as page:
        page.goto(address)
        for one in page.locator("details > summary").all():
            one.click()
        draw_all(page)
        assert violations(page) == []
        for width in (390, 1024, 1440):
            page.set_viewport_size({"width": width, "height": 900})
            assert not is_too_wide(page), width
