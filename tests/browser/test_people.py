"""A blind comparison in a real browser, by keyboard: invited, asked, counted."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.browser.reading import expect, is_too_wide, violations
from tests.web import landed_run
from xai.web.middleware import local_owner
from xai.web.models import Ballot, Study

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

LOOK = os.environ.get("PARALLAX_LOOK", "")
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


def fits(page, name):
    assert violations(page) == []
    for width in (390, 1024, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        assert not is_too_wide(page), width
        looked_at(page, f"{name}-{width}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_kind_is_asked_by_keyboard_alone(tab, live_server, run, kind, scheme):
    results = landed_run.results_of(run)
    methods = [method.slug for method in results.local_methods()]
    rows = [int(results.predictions.samples[0])]
    study = Study.objects.create(run=run, title="Which one?", methods=methods, samples=rows)
    with tab(color_scheme=scheme) as page:
        page.goto(f"{live_server.url}/blind/{study.pk}/")
        expect(page.locator("h1")).to_have_text("What should matter here?")
        page.locator("x-marks[data-ready] input").first.focus()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Space")
        fits(page, f"mark-{kind}-{scheme}")
        page.locator("button:has-text('These should matter')").press("Enter")
        expect(page.locator("h1")).to_have_text("Which explanation makes sense?")
        page.locator("input[name=picked]").first.focus()
        page.keyboard.press("Space")
        fits(page, f"pick-{kind}-{scheme}")
        page.keyboard.press("Enter")
        expect(page.locator("h1")).to_have_text("That was all")
    marks, pick = Ballot.objects.all()
    assert marks.marks == [1]
    assert pick.picked == pick.shown[0]


@pytest.mark.parametrize("kind", ["tables"], indirect=True)
def test_the_owner_asks_answers_and_reads_the_tally(page, live_server, run):
    page.goto(f"{live_server.url}/runs/{run.pk}/overview/")
    page.click("#tab-people")
    page.fill("input[name=rows]", "0,2")
    looked_at(page, "people-form")
    page.click("text=Make the comparison")
    page.click("text=Make a link")
    assert "/invited/" in page.locator("#invitations input[readonly]").input_value()
    page.click("text=Answer yourself")
    for _ in range(2):
        page.locator("input[name=marks]").first.check()
        page.click("text=These should matter")
        page.locator("input[name=picked]").first.check()
        page.click("text=This is my answer")
    page.click("text=See what people said")
    expect(page.locator("#marks")).to_be_visible()
    expect(page.locator("#picks")).to_be_visible()
    fits(page, "study")
