"""From a run to two models side by side, in a real browser."""

from __future__ import annotations

import pytest

from tests.browser.reading import expect, is_too_wide, picture, violations
from tests.web.landed_run import land

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def runs(make_upload):
    """Land two runs by two models on one dataset, with names that try to be markup."""
    from xai.web.middleware import local_owner

    first, second = (land(local_owner(), make_upload, seed=s, evil=True) for s in (0, 3))
    second.dataset = first.dataset
    second.save()
    second.model.name = "<b>second</b>.json"
    second.model.save()
    return first, second


def test_a_run_is_put_beside_another_one(page, live_server, runs):
    first, second = runs
    page.goto(f"{live_server.url}/runs/{first.pk}/")
    page.click("#two-models")
    page.get_by_role("link", name="<b>second</b>.json").click()
    expect(page.locator("#performance")).to_have_text("How right each is")
    expect(page.locator("section[aria-labelledby=alike] tbody tr")).to_have_count(4)
    page.get_by_role("link", name="second model").first.click()
    assert str(second.pk) in page.url
    assert "/compare/" in page.url


@pytest.mark.parametrize("width", [390, 1024, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_two_models_fit_every_window_and_break_no_rule(tab, live_server, runs, width, scheme):
    first, second = runs
    size = {"width": width, "height": 900}
    with tab(viewport=size, color_scheme=scheme) as page:
        page.goto(f"{live_server.url}/runs/{first.pk}/models/?with={second.pk}")
        assert not is_too_wide(page)
        assert page.locator("main img, main script, main b b").count() == 0
        assert violations(page) == []
        picture(page, f"two-models-{width}-{scheme}", 900)
