"""Reports in a real browser: made by a worker, read offline and by a link, printed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tasks import reports
from tests.browser.reading import expect, is_too_wide, violations
from tests.web import landed_run
from xai.jail import browser
from xai.web import files
from xai.web.middleware import local_owner
from xai.web.models import Report, ReportLink
from xai.web.models.reports import BUNDLE, HTML, PDF

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

LOOK = os.environ.get("PARALLAX_LOOK", "")
"""A folder that pictures of the pages go to, for whoever wants to look at them."""
KINDS = {
    "tables": landed_run.land,
    "texts": landed_run.land_text,
    "stories": landed_run.land_story,
    "pictures": landed_run.land_pictures,
}


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


@pytest.fixture
def run(kind, make_upload):
    return KINDS[kind](local_owner(), make_upload)


def looked_at(page, name):
    if LOOK:
        Path(LOOK).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{LOOK}/{name}.png", full_page=True)


def made(run, **choices):
    asked = {"sections": [], "samples": "", "files": [PDF, BUNDLE]} | choices
    report = reports.ask(run, "", asked)
    reports.make(str(report.pk))
    report.refresh_from_db()
    assert report.error == ""
    return report


def test_a_report_of_every_kind_opens_offline_and_is_printed(tab, run, kind, tmp_path):
    report = made(run)
    folder = files.results(report.result)
    if browser.find():
        assert (folder / PDF).read_bytes().startswith(b"%PDF-")
        assert report.missing == {}
    kept = tmp_path / "report.html"
    kept.write_bytes((folder / HTML).read_bytes())
    for scheme in ("light", "dark"):
        with tab(offline=True, color_scheme=scheme) as page:
            page.goto(kept.as_uri())
            assert page.locator("main > section").count() >= 6
            assert violations(page) == []
            for width in (390, 1024, 1440):
                page.set_viewport_size({"width": width, "height": 900})
                assert not is_too_wide(page), width
                looked_at(page, f"report-{kind}-{scheme}-{width}")
    if LOOK and browser.find():
        (Path(LOOK) / f"{kind}.pdf").write_bytes((folder / PDF).read_bytes())


def test_without_a_script_everything_can_be_read(tab, run, tmp_path):
    kept = tmp_path / "report.html"
    kept.write_bytes((files.results(made(run).result) / HTML).read_bytes())
    texts = []
    for script in (True, False):
        with tab(offline=True, java_script_enabled=script) as page:
            page.goto(kept.as_uri())
            texts.append({one.strip() for one in page.locator("p, td, li").all_inner_texts()})
    with_script, without = texts
    assert without <= with_script


@pytest.mark.parametrize("kind", ["tables"], indirect=True)
def test_a_table_sorts_by_its_columns_and_back(tab, run, tmp_path):
    kept = tmp_path / "report.html"
    kept.write_bytes((files.results(made(run).result) / HTML).read_bytes())
    with tab(offline=True) as page:
        page.goto(kept.as_uri())
        head = page.locator("#importance thead th").nth(1)
        amounts = page.locator("#importance tbody td:nth-child(2) .amount")
        head.click()
        rising = [float(text) for text in amounts.all_inner_texts()]
        assert rising == sorted(rising)
        head.press("Enter")
        assert [float(text) for text in amounts.all_inner_texts()] == rising[::-1]


@pytest.mark.parametrize("kind", ["tables"], indirect=True)
def test_one_row_at_a_time(tab, run, tmp_path):
    kept = tmp_path / "report.html"
    kept.write_bytes((files.results(made(run, samples="0,2,4").result) / HTML).read_bytes())
    with tab(offline=True) as page:
        page.goto(kept.as_uri())
        page.select_option("#samples select", "1")
        expect(page.locator("#samples .sample:visible h3")).to_have_text(["Row 2"])


@pytest.mark.parametrize("kind", ["tables"], indirect=True)
def test_a_person_makes_shares_and_revokes_a_report(page, tab, live_server, run):
    page.goto(f"{live_server.url}/runs/{run.pk}/overview/")
    page.click("text=Make a report")
    page.fill("input[name=title]", "For the board")
    page.uncheck("input[value=strategies]")
    looked_at(page, "form")
    assert violations(page) == []
    page.click("button:has-text('Make the report')")
    expect(page.locator("#status progress")).to_be_visible()
    reports.make(str(Report.objects.get().pk))
    expect(page.locator("#read")).to_be_visible()
    page.click("text=Make a link")
    address = page.locator("#links input[readonly]").input_value()
    looked_at(page, "show")
    for width in (390, 1024, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        assert not is_too_wide(page), width
    assert violations(page) == []
    with tab() as reader:
        reader.goto(address)
        expect(reader.locator("h1")).to_contain_text("For the board")
        assert reader.locator("#strategies").count() == 0
        reader.locator("#importance thead th").nth(1).click()
        expect(reader.locator("#importance th[aria-sort=ascending]")).to_have_count(1)
    page.click("button:has-text('Revoke')")
    expect(page.locator(".link.closed")).to_have_count(1)
    assert not ReportLink.objects.get().is_valid
    with tab() as reader:
        reader.goto(address)
        expect(reader.locator("h1")).to_have_text("Nothing is here")
        reader.heard.clear()  # The browser itself logs the 404.
    page.goto(f"{live_server.url}/runs/{run.pk}/reports/")
    looked_at(page, "list")
