"""Tokens, methods, examples, this installation."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils.timezone import now

from xai.errors import InvalidParameter
from xai.methods import catalogue
from xai.web import tokens
from xai.web.models import Token


def test_a_token_opens_the_door_until_it_is_revoked(program):
    (mine,) = program.get("/tokens").json()
    assert (mine["state"], mine["name"]) == ("valid", "in a test")
    assert mine["last_used"]
    assert "secret" not in mine
    assert program.ask("delete", f"/tokens/{mine['id']}").status_code == 204
    assert program.get("/tokens").status_code == 401


def test_a_token_makes_no_tokens_but_a_person_does(program, alice):
    refused = program.post("/tokens", {"name": "another"})
    assert (refused.status_code, refused.json()["detail"]) == (
        403,
        "A token cannot make tokens: make one on the page Tokens.",
    )
    program.client.force_login(alice)
    made = program.client.post(
        "/api/v1/tokens", {"name": "another", "days": 1}, content_type="application/json"
    )
    assert made.status_code == 201
    assert tokens.find(made.json()["secret"]).name == "another"


def test_only_the_hash_is_kept(alice):
    token, secret = tokens.make(alice, "mine")
    kept = " ".join(str(value) for value in Token.objects.filter(pk=token.pk).values_list()[0])
    assert secret not in kept
    assert secret[12:] not in kept
    assert len(secret) > 40


def test_an_expired_token_or_one_of_somebody_gone_opens_nothing(alice):
    token, secret = tokens.make(alice, "mine", days=1)
    assert tokens.find(secret) == token
    Token.objects.update(expires=now() - timedelta(seconds=1))
    assert tokens.find(secret) is None
    assert Token.objects.get().state == "expired"
    Token.objects.update(expires=None)
    alice.is_active = False
    alice.save()
    assert tokens.find(secret) is None


def test_the_last_use_is_noted_once_a_minute(alice, django_assert_num_queries):
    _, secret = tokens.make(alice, "mine")
    tokens.find(secret)
    with django_assert_num_queries(1):
        assert tokens.find(secret).last_used


@pytest.mark.parametrize("name", ["", "   ", "x" * 81, "\x00\x07"])
def test_a_token_has_a_name(alice, name):
    with pytest.raises(InvalidParameter, match="Give the token a name"):
        tokens.make(alice, name)


def test_tokens_have_their_limits(alice, monkeypatch):
    monkeypatch.setattr(tokens, "TOKENS_MOST", 1)
    for days in (0, 10**9):
        with pytest.raises(InvalidParameter, match="lasts from 1 to"):
            tokens.make(alice, "mine", days)
    tokens.make(alice, "mine", None)
    with pytest.raises(InvalidParameter, match="You have 1 tokens"):
        tokens.make(alice, "another")


def test_a_secret_that_cannot_be_one_is_not_looked_up(db, django_assert_num_queries):
    with django_assert_num_queries(0):
        for secret in ("", "x", "plx_" + "x" * 500, "\ud800"):
            assert tokens.find(secret) is None


@pytest.mark.parametrize("kind", catalogue.KINDS)
def test_the_methods_of_every_kind_are_told(program, kind):
    found = program.get(f"/methods/{kind}").json()
    assert [one["slug"] for one in found] == list(catalogue.of(kind))
    assert program.get("/methods/unknown").status_code == 404


def test_an_example_is_begun(program, bells):
    told = program.post("/examples/breast-cancer")
    assert told.status_code == 202
    assert told.json()["run"] is None
    assert {one["state"] for one in told.json()["files"]} == {"checking"}
    slugs = [one["slug"] for one in program.get("/examples").json()]
    assert "breast-cancer" in slugs
    assert program.post("/examples/none").status_code == 404


def test_limits_are_told(program, settings):
    told = program.get("/about").json()
    assert (told["user"], told["part_bytes"]) == ("alice", settings.PART_BYTES)
    assert told["used_files"] == 0
