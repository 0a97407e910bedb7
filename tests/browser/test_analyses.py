"""A person asks what stands beside the explanations: other data, a simpler model, odd labels."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.analyses.found import NAMES, files, frame
from tests.browser.reading import MINUTES, RUN, draw_all, expect, is_too_wide, send, violations

pytestmark = pytest.mark.slow
PAGES = ("workflow", "simpler", "data")


def option(page, select, name):
    """Choose the option that begins with a name, and wait for what it brings."""
    value = page.locator(f"{select} option", has_text=name).first.get_attribute("value")
    page.select_option(select, value)


@pytest.fixture(scope="module")
def asked(tab, site, tmp_path_factory):
    """Upload a model and three datasets; ask for every analysis; return the address of the run."""
    paths = files()
    lacking = tmp_path_factory.mktemp("lacking") / "lacking.csv"
    frame().drop(columns=NAMES[1]).to_csv(lacking, index=False)
    with tab() as page:
        for path in (lacking, Path(paths["other.csv"]), Path(paths["data.csv"])):
            send(page, site, "dataset", path)
        send(page, site, "model", Path(paths["model.skops"]))
        page.goto(f"{site}/runs/new/")
        option(page, "#id_model", "model.skops")
        option(page, "#id_dataset", "data.csv")
        expect(page.locator("#ask")).to_be_visible()
        for slug in ("external", "simpler", "peers", "data"):
            page.check(f"#a-{slug}")
        option(page, "#external", "lacking.csv")
        page.click("text=Start the explanation")
        expect(page.get_by_role("alert").first).to_contain_text("cannot start")
        assert "lacking.csv, does not fit" in page.inner_text("main")
        assert all("422" in line for line in page.heard)  # the refusal itself, and nothing else
        page.heard.clear()
        option(page, "#external", "other.csv")
        page.click("text=Start the explanation")
        page.wait_for_url(RUN)
        expect(page.locator("#status[hx-get]")).to_have_count(0, timeout=MINUTES)
        expect(page.locator("#status > .row .state.done")).to_be_visible()
        return page.url


@pytest.mark.parametrize("width", [1440, 1024, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_are_whole_at_every_width(tab, asked, width, scheme):
    with tab(viewport={"width": width, "height": 900}, color_scheme=scheme) as page:
        for name in PAGES:
            page.goto(f"{asked}{name}/")
            draw_all(page)
            assert not is_too_wide(page)
            assert violations(page) == []


def test_a_hard_row_leads_to_its_neighbours(page, asked):
    page.goto(f"{asked}data/")
    second = page.locator("#hard ~ .scroll tbody tr").nth(1).locator("th a")
    number = second.inner_text()
    second.click()
    expect(page.locator("#row")).to_contain_text(f"Row {number}")
    expect(page.get_by_role("region", name="Distance")).to_be_visible()


def test_the_verdict_says_what_the_analyses_found(page, asked):
    page.goto(f"{asked}overview/")
    for title in ("What other data say", "Would a simpler model do", "Which rows deserve a look"):
        expect(page.get_by_role("heading", name=title)).to_be_visible()
    page.get_by_role("link", name="Simpler model →").first.click()
    expect(page.locator("h1")).to_contain_text("A simpler model")
