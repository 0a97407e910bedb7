"""An image classifier from upload to a map over every picture, in a real installation."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest

from tests.assets.folders import CLASSES, tiny_image_classifier
from tests.browser.reading import (
    MINUTES,
    RUN,
    draw_all,
    expect,
    is_too_wide,
    picture,
    send,
    violations,
)

pytestmark = pytest.mark.slow

METHODS = ("shapley", "gradcam", "rise", "random")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    from PIL import Image

    folder, draw = tmp_path_factory.mktemp("ships"), np.random.default_rng(0)
    tiny_image_classifier(folder / "ships.zip", kind="mobilenet")
    with zipfile.ZipFile(folder / "photos.zip", "w") as archive:
        for i, label in enumerate(CLASSES * 2):
            stream = io.BytesIO()
            pixels = draw.integers(0, 255, (48, 64, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(stream, "PNG")
            archive.writestr(f"{label}/{i}.png", stream.getvalue())
    return folder


@pytest.fixture(scope="module")
def run(tab, site, files):
    """Upload model and pictures, choose the methods, wait for the end."""
    with tab() as page:
        send(page, site, "model", files / "ships.zip")
        send(page, site, "dataset", files / "photos.zip")
        expect(page.locator("#fits")).to_be_visible()
        page.click("text=Explain >> visible=true")
        for box in page.locator("input[name=methods]:not(:disabled)").all():
            box.set_checked(box.get_attribute("value") in METHODS)
        page.click("text=Start the explanation")
        page.wait_for_url(RUN)
        expect(page.locator("#status")).to_contain_text("See the results", timeout=MINUTES)
        expect(page.locator("td .state.done")).to_have_count(
            page.locator(".jobs tbody tr").count(), timeout=MINUTES
        )
        return page.url.rstrip("/")


def test_every_method_has_a_map_and_one_cross_hair_is_in_all(page, run):
    page.goto(f"{run}/compare/")
    expect(page.locator("x-overlay[data-ready]")).to_be_visible()
    expect(page.locator(".layer canvas")).to_have_count(len(METHODS))
    sharp = page.locator(".layer canvas").first.evaluate("c => getComputedStyle(c).imageRendering")
    assert sharp == "pixelated"
    page.locator(".layer .canvas").nth(1).hover()
    expect(page.locator(".layer .cross")).to_have_count(len(METHODS) + 1)
    expect(page.locator(".layer output").first).to_contain_text("here")
    picture(page, "pictures", 900)


def test_the_gallery_leads_to_a_picture(page, run):
    page.goto(f"{run}/global/")
    expect(page.locator(".gallery img")).to_have_count(6)
    page.locator(".gallery a").nth(2).click()
    expect(page.locator("x-overlay[data-ready]")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_accessible_and_as_wide_as_its_window(tab, run, scheme):
    with tab(color_scheme=scheme) as page:
        for name in ("compare/", "global/", "overview/", "agreement/", "faithfulness/"):
            page.goto(f"{run}/{name}")
            draw_all(page)
            assert violations(page) == [], name
            for width in (390, 1024, 1440):
                page.set_viewport_size({"width": width, "height": 900})
                assert not is_too_wide(page), (name, width)
