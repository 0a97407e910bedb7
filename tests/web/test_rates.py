"""Knocking too often: at the login, with files, at the API; on a server, over all its processes."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.tasks.installation import Installation
from xai.web import rates, tokens


@pytest.fixture
def few(server_mode):
    """Allow three knocks a minute at every door."""
    server_mode.RATES = dict.fromkeys(server_mode.RATES, "3 per minute")
    return server_mode


def log_in(client, password="wrong", **more):
    return client.post("/login/", {"username": "alice", "password": password}, **more)


def test_a_password_is_not_guessed_for_ever(client, alice, few):
    assert [log_in(client).status_code for _ in range(3)] == [200] * 3
    for password in ("wrong", "wonderland"):  # not even the right one
        answer = log_in(client, password)
        assert answer.status_code == 429
        assert 0 < int(answer.headers["Retry-After"]) <= 60
        assert "Too many requests. Try again in" in answer.content.decode()
    elsewhere = log_in(client, "wonderland", REMOTE_ADDR="10.0.0.9")
    assert elsewhere.status_code == 302


def test_one_address_does_not_try_many_names(client, db, few):
    answers = [
        client.post("/login/", {"username": f"name{i}", "password": "x"}).status_code
        for i in range(4)
    ]
    assert answers == [200, 200, 200, 429]


def test_behind_a_proxy_the_address_is_what_the_proxy_saw(rf, few):
    forged = rf.get("/", HTTP_X_FORWARDED_FOR="1.1.1.1, 10.0.0.7", REMOTE_ADDR="127.0.0.1")
    assert rates.address_of(forged) == "127.0.0.1"
    few.BEHIND_PROXY = True
    assert rates.address_of(forged) == "10.0.0.7"


def test_uploads_have_their_rate_on_pages_and_in_the_api(client, alice, few, data_dir):
    client.force_login(alice)
    asked = {"name": "a.csv", "size": 3, "purpose": "dataset"}
    send = lambda: client.post("/uploads/", asked, content_type="application/json")  # noqa: E731
    assert [send().status_code for _ in range(3)] == [201] * 3
    refused = send()
    assert refused.status_code == 429
    assert refused.headers["Retry-After"]
    headers = {"Authorization": f"Bearer {tokens.make(alice, 'mine')[1]}"}
    api = client.post("/api/v1/uploads", asked, content_type="application/json", headers=headers)
    assert api.status_code == 429
    assert api.headers["Content-Type"] == "application/problem+json"
    file = SimpleUploadedFile("a.csv", b"a")
    page = client.post("/uploads/new/", {"purpose": "dataset", "file": file})
    assert (page.status_code, "Too many requests" in page.content.decode()) == (422, True)


def test_a_program_and_a_guesser_of_tokens_are_slowed(client, alice, few):
    headers = {"Authorization": f"Bearer {tokens.make(alice, 'mine')[1]}"}
    answers = [client.get("/api/v1/about", headers=headers) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert int(answers[-1].headers["Retry-After"]) >= 1
    guess = {"Authorization": "Bearer plx_guess"}
    assert [client.get("/api/v1/about", headers=guess).status_code for _ in range(4)] == [
        401, 401, 401, 429,
    ]  # fmt: skip


def test_on_a_laptop_nobody_counts(client, db, settings):
    settings.RATES = dict.fromkeys(settings.RATES, "1 per minute")
    assert [client.get("/api/v1/about").status_code for _ in range(3)] == [200] * 3


def test_two_processes_count_together_in_the_broker(few, tmp_path):
    installation = Installation(tmp_path, None)
    installation.start_broker()
    try:
        few.CELERY_BROKER_URL = installation.url
        rates.check("login", "somebody")
        rates.forget()  # as another process, which remembers nothing
        rates.check("login", "somebody")
        rates.check("login", "somebody")
        rates.forget()
        with pytest.raises(rates.TooMany):
            rates.check("login", "somebody")
    finally:
        installation.stop()
    # Without the broker each counts for itself.
    rates.check("login", "somebody")
