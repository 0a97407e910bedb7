"""The door: limits before bodies, policies on every answer, one owner in local mode."""

from __future__ import annotations

import uuid

import pytest

from xai.web.middleware import LOCAL_NAME


def test_a_large_body_is_refused_by_its_declared_length(client, db):
    for address in ("/", "/login/", "/nowhere/", "/uploads/", f"/uploads/{uuid.uuid4()}/complete/"):
        answer = client.generic("POST", address, CONTENT_LENGTH=str(2 * 2**30))
        assert answer.status_code == 413, address


def test_a_part_may_have_eight_megabytes_and_no_more(client, db):
    address = f"/uploads/{uuid.uuid4()}/parts/?offset=0"
    assert client.put(address, b"", CONTENT_LENGTH=str(8 * 2**20)).status_code == 404
    assert client.put(address, b"", CONTENT_LENGTH=str(9 * 2**20)).status_code == 413


def test_a_body_without_a_length_is_refused(client, db):
    assert client.post("/uploads/", HTTP_TRANSFER_ENCODING="chunked").status_code == 411
    assert client.generic("POST", "/uploads/", CONTENT_LENGTH="many").status_code == 411


@pytest.mark.parametrize("address", ["/", "/nowhere/", "/uploads/new/"])
def test_every_page_carries_the_policies(client, db, address):
    headers = client.get(address).headers
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert "unsafe-eval" not in headers["Content-Security-Policy"]
    assert "script-src" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["X-Frame-Options"] == "DENY"
    assert "camera=()" in headers["Permissions-Policy"]


def test_local_mode_has_one_owner_without_a_password(client, db):
    user = client.get("/").wsgi_request.user
    assert user.username == LOCAL_NAME
    assert not user.has_usable_password()
    assert client.get("/").wsgi_request.user.pk == user.pk


def test_local_mode_answers_to_loopback_names_only(client, db, settings):
    from xai import settings as real

    settings.ALLOWED_HOSTS = real.ALLOWED_HOSTS
    assert client.get("/", HTTP_HOST="localhost:8000").status_code == 200
    assert client.get("/", HTTP_HOST="evil.example").status_code == 400


def test_server_mode_asks_for_a_login(client, server_mode, alice):
    assert client.get("/").headers["Location"] == "/login/?next=/"
    assert "Log in" in client.get("/login/").content.decode()
    wrong = client.post("/login/", {"username": "alice", "password": "no"})
    assert 'role="alert"' in wrong.content.decode()
    right = client.post("/login/", {"username": "alice", "password": "wonderland"})
    assert right.headers["Location"] == "/"
    assert "alice" in client.get("/").content.decode()
    assert client.post("/logout/").headers["Location"] == "/login/"


def test_a_form_without_its_token_is_refused_on_our_own_page(db):
    from django.test import Client

    answer = Client(enforce_csrf_checks=True).post("/uploads/", {})
    assert answer.status_code == 403
    assert "reload the page" in answer.content.decode()
