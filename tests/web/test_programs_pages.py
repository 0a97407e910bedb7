"""The pages for those who write programs."""

from __future__ import annotations

import json
import re

import pytest

from xai.web import tokens
from xai.web.models import Token


@pytest.fixture
def browser(client, alice, server_mode):
    client.force_login(alice)
    return client


def test_a_secret_is_shown_once(browser):
    page = browser.post("/tokens/", {"name": "nightly <b>", "days": "30"})
    secret = re.search(r'id="secret">(plx_[\w-]+)<', page.content.decode())[1]
    assert "no-store" in page.headers["Cache-Control"]
    assert tokens.find(secret).name == "nightly <b>"
    later = browser.get("/tokens/").content.decode()
    assert secret not in later
    assert "nightly &lt;b&gt;" in later
    assert secret[:9] in later


def test_what_is_wrong_with_a_token_is_said(browser):
    for given in ({"name": "", "days": "30"}, {"name": "x", "days": "many"}):
        page = browser.post("/tokens/", given)
        assert page.status_code == 422
        assert 'role="alert"' in page.content.decode()
    assert not Token.objects.exists()


def test_a_token_is_revoked_on_the_page(browser, alice):
    token, secret = tokens.make(alice, "mine", None)
    assert browser.post(f"/tokens/{token.pk}/revoke/").status_code == 302
    assert tokens.find(secret) is None
    assert "is revoked" in browser.get("/tokens/").content.decode()


def test_the_page_of_the_api_shows_every_operation_and_nothing_foreign(browser):
    page = browser.get("/api/v1/docs").content.decode()
    schema = json.loads(browser.get("/api/v1/openapi.json").content)
    shown = set(re.findall(r'<details class="card operation" id="(\w+)"', page))
    told = {one["operationId"] for path in schema["paths"].values() for one in path.values()}
    assert shown == told
    assert len(told) > 30
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', page)
    assert "<script src" in page
    assert not re.search(r"<script(?! src)", page)


def test_every_refusal_is_described(browser):
    schema = json.loads(browser.get("/api/v1/openapi.json").content)
    for path, operations in schema["paths"].items():
        for method, one in operations.items():
            described = set(one["responses"])
            assert {"401", "422", "429"} <= described, (method, path)
            assert ("403" in described) == (method != "get"), (method, path)
            assert one["summary"]
            assert one["tags"]
