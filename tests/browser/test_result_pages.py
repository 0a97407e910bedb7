"""The result pages in a real browser, under the real content policy."""

from __future__ import annotations

import os
import re
import shutil

import pytest

from tests.web.landed_run import land

sync_api = pytest.importorskip("playwright.sync_api")
axe = pytest.importorskip("axe_playwright_python.sync_playwright")
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
PAGES = ("overview", "compare", "global", "agreement")
KNOWN = "style-src-elem"
"""The one line that Plotly leaves: a style sheet for maps is refused; no map is drawn."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine"),
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture(scope="module", autouse=True)
def _database_beside_a_loop():
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright's loop runs in this thread.
    yield
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="module")
def chromium():
    with sync_api.sync_playwright() as playwright:
        options = {"args": ["--no-sandbox", "--disable-gpu"]}
        browser = playwright.chromium.launch(executable_path=CHROMIUM, **options)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium):
    opened = chromium.new_page(viewport={"width": 1280, "height": 900}, color_scheme="light")
    opened.heard = []
    opened.on("dialog", lambda dialog: (opened.heard.append(dialog.message), dialog.dismiss()))
    opened.on("pageerror", lambda error: opened.heard.append(str(error)))
    opened.on(
        "console",
        lambda line: line.type == "error" and KNOWN not in line.text
        and opened.heard.append(line.text),
    )  # fmt: skip
    yield opened
    opened.close()
    assert opened.heard == []


@pytest.fixture
def address(live_server, make_upload):
    from xai.web.middleware import local_owner

    run = land(local_owner(), make_upload, evil=True)
    return f"{live_server.url}/runs/{run.pk}"


def draw_all(page):
    for figure in page.query_selector_all("x-figure"):
        if figure.is_visible():
            figure.scroll_into_view_if_needed()
            sync_api.expect(page.locator("x-figure[aria-busy]")).to_have_count(0, timeout=30_000)
    page.wait_for_timeout(200)


@pytest.mark.parametrize("name", PAGES)
def test_every_figure_is_drawn_and_every_name_is_inert(page, address, name):
    page.goto(f"{address}/{name}/")
    page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
    draw_all(page)
    drawn = page.locator("x-figure svg.main-svg").count()
    assert drawn >= page.locator("x-figure").count()
    assert page.locator("main img, main script").count() == 0
    assert axe.Axe().run(page).response["violations"] == []


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
    sync_api.expect(page.locator("#compare h2").first).to_contain_text("Row 2")
    assert page.url.endswith("?sample=2&order=name")
    page.keyboard.press("ArrowLeft")
    sync_api.expect(page.locator("#compare h2").first).to_contain_text("Row 0")
    page.go_back()
    sync_api.expect(page.locator("#compare h2").first).to_contain_text("Row 2")


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
    sync_api.expect(page.locator("x-figure [role=alert]")).to_contain_text("answered 404")
    page.heard.clear()  # The browser itself logs the 404.
