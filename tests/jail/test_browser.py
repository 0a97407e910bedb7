"""A report is printed by a browser that reaches nothing but the report."""

from __future__ import annotations

import base64
import socket
import threading

import pytest

from xai.errors import NotApplicable
from xai.jail import browser

there = pytest.mark.skipif(browser.find() is None, reason="no Chromium on this machine")
alone = pytest.mark.skipif(not browser.can_confine(), reason="this kernel has no Landlock")


@pytest.fixture
def page(tmp_path):
    def write(body):
        path = tmp_path / "page.html"
        path.write_text(f"<!doctype html><title>x</title>{body}", encoding="utf-8")
        return path

    return write


def test_without_a_browser_the_sentence_says_what_to_do(page, tmp_path, monkeypatch):
    monkeypatch.setenv("PARALLAX_CHROMIUM", "no-such-browser")
    with pytest.raises(NotApplicable, match="print it from your browser"):
        browser.print_pdf(page("a"), tmp_path / "a.pdf")


def test_a_browser_that_fails_is_named_and_nothing_is_left_running(page, tmp_path, monkeypatch):
    monkeypatch.setenv("PARALLAX_CHROMIUM", "false")
    with pytest.raises(NotApplicable, match="did not print the report"):
        browser.print_pdf(page("a"), tmp_path / "a.pdf")


def test_a_browser_that_does_not_end_is_stopped(page, tmp_path, monkeypatch):
    script = tmp_path / "slow"
    script.write_text("#!/bin/sh\nexec sleep 60\n")
    script.chmod(0o755)
    monkeypatch.setenv("PARALLAX_CHROMIUM", str(script))
    with pytest.raises(NotApplicable, match="took longer than 1 s"):
        browser.print_pdf(page("a"), tmp_path / "a.pdf", seconds=1)


@there
@pytest.mark.slow
def test_a_page_becomes_a_pdf(page, tmp_path):
    browser.print_pdf(page("<h1>Report</h1>"), tmp_path / "a.pdf")
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF-")


@there
@alone
@pytest.mark.slow
def test_it_reaches_no_address(page, tmp_path):
    called = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(30)
        port = server.getsockname()[1]

        def listen():
            try:
                called.append(server.accept())
            except OSError:
                return

        threading.Thread(target=listen, daemon=True).start()
        script = f"new Image().src='http://127.0.0.1:{port}/b'"
        body = f'<img src="http://127.0.0.1:{port}/a"><script>{script}</script>'
        browser.print_pdf(page(body), tmp_path / "a.pdf")
    assert called == []


@there
@alone
@pytest.mark.slow
def test_it_reads_no_other_file(page, tmp_path):
    circles = "".join(f'<circle cx="{i}" cy="{i}" r="9"/>' for i in range(0, 500, 7))
    drawing = f'<svg xmlns="http://www.w3.org/2000/svg" width="600" height="600">{circles}</svg>'
    foreign = tmp_path / "foreign.svg"
    foreign.write_text(drawing)
    within = f"data:image/svg+xml;base64,{base64.b64encode(drawing.encode()).decode()}"
    sizes = {}
    for address in (within, foreign.as_uri(), (tmp_path / "missing.svg").as_uri()):
        made = tmp_path / f"{len(sizes)}.pdf"
        browser.print_pdf(page(f'<img src="{address}" width="600" height="600">'), made)
        sizes[address] = made.stat().st_size
    drawn, refused, missing = sizes.values()
    assert refused == missing < drawn
