"""A real browser, and a real installation for it to visit."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager

import pytest

from tests.browser.reading import sync_api
from tests.tasks.started import Started, free_port

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
]
"""A page that needs anything from outside must fail here, not look fine."""
KNOWN = ("style-src-elem", "vendor/plotly.min.js")
"""The one line that Plotly leaves: a style sheet for maps is refused; no map is drawn."""


PATIENCE_MS = 30_000
"""How long a page may take to show what is expected: a busy machine must not fail a test."""


@pytest.fixture(scope="session")
def chromium():
    """Start the browser."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    with sync_api.sync_playwright() as playwright:
        # Its loop runs in this thread for as long as it lives, and other tests use the database.
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
        sync_api.expect.set_options(timeout=PATIENCE_MS)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="session")
def tab(chromium):
    """Return a context manager that opens a tab; on leaving, nothing may have gone wrong in it."""

    @contextmanager
    def open_tab(**options):
        usual = {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"}
        context = chromium.new_context(**usual | options)
        page = context.new_page()
        page.heard = []
        _listen(page)
        try:
            yield page
        finally:
            context.close()
        assert page.heard == []

    return open_tab


@pytest.fixture
def page(tab):
    """Open a tab for one test."""
    with tab() as opened:
        yield opened


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """Start a whole installation: broker, worker, website; return its address."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    started = Started(tmp_path_factory.mktemp("installation"), free_port())
    try:
        started.open()
        yield started.url.rstrip("/")
    finally:
        started.stop()


def _listen(page):
    page.on("dialog", lambda dialog: (page.heard.append(dialog.message), dialog.dismiss()))
    page.on("pageerror", lambda error: page.heard.append(str(error)))
    page.on("console", lambda line: _hear(page, line))


def _hear(page, line):
    policy, script = KNOWN
    is_known = policy in line.text and line.location["url"].endswith(script)
    if line.type == "error" and not is_known:
        page.heard.append(line.text)
