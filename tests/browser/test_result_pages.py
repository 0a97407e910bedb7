"""The result pages in a real browser, under the real content policy."""

from __future__ import annotations

import re

import pytest

from tests.browser.reading import draw_all, expect, violations
from tests.web.landed_run import land

PAGES = ("overview", "compare", "global", "agreement", "faithfulness")

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def address(live_server, make_upload):
    from xai.web.middleware import local_owner

    run = land(local_owner(), make_upload, evil=True)
    return f"{live_server.url}/runs/{run.pk}"


@pytest.mark.parametrize("name", PAGES)
def test_every_figure_is_drawn_and_every_name_is_inert(page, address, name):
    page.goto(f"{address}/{name}/")
    page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
    draw_all(page)
    drawn = page.locator("x-figure svg.main-svg").count()
    assert drawn >= page.locator("x-figure").count()
    assert page.locator("main img, main script").count() == 0
    assert violations(page) == []


@pytest.mark.parametrize("width", [390, 1024])
@pytest.mark.parametrize("name", PAGES)
def test_no_page_is_wider_than_its_window(page, address, name, width):
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{address}/{name}/")
    draw_all(page)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_arrow_keys_go_to_the_next_sample_and_the_address_follows(page, address):
    page.goto(f"{address}/compare/?order=name")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#compare h2").first).to_contain_text("Row 2")
    assert page.url.endswith("?sample=2&order=name")
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#compare h2").first).to_contain_text("Row 0")
    page.go_back()
    expect(page.locator("#compare h2").first).to_contain_text("Row 2")


def test_a_feature_lights_up_with_its_group(page, address):
    page.goto(f"{address}/compare/?order=column")
    page.locator("tbody th[tabindex='0']").focus()
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.parentElement.dataset.feature") == "1"
    assert page.locator("tr.lit").count() == 2


def test_figures_take_the_colours_of_the_scheme(page, address):
    page.goto(f"{address}/agreement/")
    draw_all(page)
    ink = "getComputedStyle(document.querySelector('x-figure .xtick text')).fill"
    light = page.evaluate(ink)
    page.select_option("#theme", "dark")
    page.wait_for_timeout(500)
    assert page.evaluate(ink) != light


def test_a_figure_that_fails_says_so(page, address):
    page.route(re.compile("/figures/"), lambda route: route.fulfill(status=404, body="no"))
    page.goto(f"{address}/agreement/")
    expect(page.locator("x-figure [role=alert]")).to_contain_text("answered 404")
    page.heard.clear()  # The browser itself logs the 404.
