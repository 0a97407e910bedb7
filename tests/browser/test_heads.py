"""The attention page in a real browser: maps painted, the page within its window."""

from __future__ import annotations

import pytest

from tests.browser.reading import violations
from tests.web.landed_run import land_text

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
PAINTED = """() => [...document.querySelectorAll('main canvas')].every(canvas =>
    canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
    .data.some(value => value > 0))"""


@pytest.mark.parametrize("width", [390, 1024, 1440])
def test_heads_are_painted_and_a_click_shows_one_large(page, live_server, make_upload, width):
    from xai.web.middleware import local_owner

    run = land_text(local_owner(), make_upload, heads={"effect": True})
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{live_server.url}/runs/{run.pk}/attention/")
    page.wait_for_selector("x-overlay[data-ready]")
    page.wait_for_selector("x-matrix[data-ready]")
    assert page.evaluate(PAINTED)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    page.get_by_label("Layer 1, head 2").click()
    page.wait_for_selector("h2:text('Layer 1, head 2')")
    assert "layer=1&head=2" in page.url
    page.locator("x-matrix canvas").hover(position={"x": 5, "y": 5})
    assert "“[CLS]” → “[CLS]”: attention 1.0" in page.locator(".readout").text_content()
    assert violations(page) == []
