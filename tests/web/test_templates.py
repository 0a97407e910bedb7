"""Rules for templates, styles and scripts that the content policy and the style guide rest on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
STYLES = [p for p in sorted((ROOT / "static" / "css").glob("*.css")) if p.name != "tokens.css"]
SCRIPTS = sorted((ROOT / "static" / "js").glob("*.js"))
OFFLINE = {"reports"}
"""Folders whose pages are files to keep: they carry their styles with them."""

FORBIDDEN = {
    "an inline style sheet": r"<style",
    "an inline style": r"\sstyle=",
    "an inline handler": r"\son\w+=",
    "script in an htmx attribute": r"hx-on|hx-vals=.js:|js:",
    "a script without an address": r"<script(?![^>]*\ssrc=)",
    "a foreign address": r"(?:src|href)=[\"'](?:https?:)?//",
    "unescaped output": r"\|safe\b|autoescape off",
}


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_template_keeps_the_rules(path):
    text = path.read_text()
    if OFFLINE.isdisjoint(path.relative_to(ROOT / "templates").parts):
        for what, pattern in FORBIDDEN.items():
            assert not re.search(pattern, text), f"{path.name} holds {what}"
    limit = 30 if path.name.startswith("_") else 60
    assert len(text.splitlines()) <= limit


@pytest.mark.parametrize("path", STYLES, ids=lambda p: p.name)
def test_only_the_tokens_name_colours_lengths_and_fonts(path):
    text = re.sub(r"/\*.*?\*/|@media[^{]*", "", path.read_text(), flags=re.DOTALL)
    assert not re.search(r"#[0-9a-fA-F]{3,8}\b|rgba?\(|hsla?\(|oklch\(", text)
    assert not re.search(r"(?<![\w.-])\d*\.?\d+(?:px|rem|pt)\b", text)
    assert not re.search(r"font-family:(?!\s*var)", text)
    assert "@layer" in text


def test_every_token_that_is_used_is_there():
    tokens = set(re.findall(r"(--[\w-]+):", (ROOT / "static/css/tokens.css").read_text()))
    for path in STYLES:
        text = path.read_text()
        local = set(re.findall(r"(--[\w-]+):", text))
        used = set(re.findall(r"var\((--[\w-]+)\)", text))
        assert used <= tokens | local, path.name


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda p: p.name)
def test_a_script_is_short_and_evaluates_no_text(path):
    text = path.read_text()
    assert len(text.splitlines()) <= 80
    assert not re.search(r"\beval\(|new Function|innerHTML|insertAdjacentHTML|outerHTML", text)
    assert not re.search(r"[\"'`](?:https?:)?//", text)
