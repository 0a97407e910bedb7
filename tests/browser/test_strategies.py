"""The strategies page in a real browser: a cluster by a click, a free selection by a lasso."""

from __future__ import annotations

import re

import pytest

from tests.browser.reading import draw_all, expect, is_too_wide, picture, violations
from tests.web.landed_run import land, land_pictures
from tests.web.test_strategies import plant

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def address(live_server, make_upload):
    """Land a run of which fourteen samples are decided by one feature, and wrongly."""
    from xai.web.middleware import local_owner

    made = land(local_owner(), make_upload, rows=84, features=5, methods=("occlusion", "random"))
    return f"{live_server.url}/runs/{plant(made).pk}/strategies/"


def opened(page, address):
    page.goto(address)
    expect(page.get_by_role("button", name="Select freely")).to_be_visible()


def middle(page, place):
    """Return where one point of the graph lies in the window."""
    box = page.locator("x-strategies .points path.point").nth(place).bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_a_click_on_a_point_opens_its_cluster(page, address):
    opened(page, address)
    page.mouse.click(*middle(page, 0))
    page.wait_for_url(re.compile(r"cluster=\d"))
    expect(page.locator("#chosen")).to_contain_text("Cluster:")
    rows = page.get_by_role("region", name="Mean explanation").locator("tbody tr")
    assert rows.count() > 1
    expect(page.locator(".members li").first).to_be_visible()
    page.get_by_text("Clear the selection").click()
    expect(page.locator("#chosen")).to_have_count(0)


def test_a_lasso_opens_what_it_holds(page, address):
    page.set_viewport_size({"width": 1280, "height": 1400})
    opened(page, address)
    page.get_by_role("button", name="Select freely").click()
    box = page.locator("x-strategies .nsewdrag").bounding_box()
    left, top = box["x"] + 2, box["y"] + 2
    right, bottom = box["x"] + box["width"] / 2, box["y"] + box["height"] - 2
    page.mouse.move(left, top)
    page.mouse.down()
    for x, y in ((right, top), (right, bottom), (left, bottom), (left, top)):
        page.mouse.move(x, y, steps=8)
    page.mouse.up()
    page.wait_for_url(re.compile("around="))
    expect(page.locator("#chosen")).to_have_text("The selected samples")
    said = page.locator("section[aria-labelledby=chosen] p").first.text_content()
    assert 0 < int(re.match(r"\s*(\d+) sample", said)[1]) < 84


def test_a_mostly_wrong_cluster_is_flagged_and_opens(page, address):
    opened(page, address)
    notice = page.locator(".notice.warn")
    expect(notice).to_contain_text("A shortcut may be at work")
    picture(page, "strategies", 900)
    notice.get_by_text("Look at them").click()
    expect(page.locator("#chosen")).to_contain_text("feature 3")
    assert page.locator(".members .state.failed").count() > 10
    page.locator(".members a").first.click()
    page.wait_for_url(re.compile("/compare/.*sample="))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_accessible_and_as_wide_as_its_window(tab, address, scheme):
    with tab(color_scheme=scheme) as page:
        page.goto(f"{address}?cluster=2")
        draw_all(page)
        assert violations(page) == []
        for width in (390, 1024, 1440):
            page.set_viewport_size({"width": width, "height": 900})
            assert not is_too_wide(page), width


def test_pictures_of_a_cluster_are_shown(page, live_server, make_upload):
    from xai.web.middleware import local_owner

    made = land_pictures(local_owner(), make_upload)
    page.goto(f"{live_server.url}/runs/{made.pk}/strategies/?cluster=0")
    expect(page.locator(".members img").first).to_be_visible()
