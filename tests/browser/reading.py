"""How a test reads a page: figures drawn, rules of accessibility, width."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")
expect = sync_api.expect

MINUTES = 180_000
RUN = re.compile(r"/runs/[0-9a-f-]{36}/$")

TOUR = os.environ.get("PARALLAX_TOUR", "")
"""A folder that the pictures of the tour go to; without it none are taken."""


def draw_all(page):
    """Scroll through the page until every figure that can be seen is drawn."""
    for figure in page.query_selector_all("x-figure"):
        if figure.is_visible():
            figure.scroll_into_view_if_needed()
            figure.wait_for_selector(".waiting", state="detached", timeout=30_000)
            expect(page.locator("x-figure[aria-busy]")).to_have_count(0, timeout=30_000)
    page.wait_for_timeout(200)


def violations(page):
    """Return the rules of accessibility that the page breaks, with the place."""
    found = axe.Axe().run(page).response["violations"]
    return [(one["id"], [node["target"] for node in one["nodes"]]) for one in found]


def is_too_wide(page):
    return page.evaluate("document.documentElement.scrollWidth - innerWidth") > 0


def picture(page, name, height=800):
    """Keep what the window shows as a picture of the tour, if a tour is asked for."""
    if TOUR:
        Path(TOUR).mkdir(parents=True, exist_ok=True)
        clip = {"x": 0, "y": 0, "width": page.viewport_size["width"], "height": height}
        page.evaluate("scrollTo(0, 0)")
        page.screenshot(path=f"{TOUR}/{name}.png", clip=clip, caret="initial")


def send(page, site, purpose, path):
    """Upload a file and wait for its inspection."""
    page.goto(f"{site}/uploads/new/")
    page.set_input_files(f"x-upload[data-purpose={purpose}] input", path)
    expect(page.locator("h1")).to_have_text(path.name, timeout=30_000)
    expect(page.locator("#status[hx-get]")).to_have_count(0, timeout=MINUTES)
