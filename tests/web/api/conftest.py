"""A program of Alice's: asks the API with her token."""

from __future__ import annotations

import pytest

from xai.web import tokens


class Program:
    """Asks as a program would; what it gets is JSON."""

    def __init__(self, client, token):
        self.client, self.headers = client, {"Authorization": f"Bearer {token}"}

    def ask(self, method, path, body=None, /, **query):
        address = f"/api/v1{path}"
        if query:
            address += "?" + "&".join(f"{name}={value}" for name, value in query.items())
        kind = "application/octet-stream" if isinstance(body, bytes) else "application/json"
        more = {} if body is None else {"data": body, "content_type": kind}
        return getattr(self.client, method)(address, headers=self.headers, **more)

    def get(self, path, /, **query):
        return self.ask("get", path, **query)

    def post(self, path, body=None):
        return self.ask("post", path, body)


@pytest.fixture
def program(client, alice, server_mode, data_dir):
    """Return Alice's program."""
    return Program(client, tokens.make(alice, "in a test")[1])


@pytest.fixture(autouse=True)
def bells(monkeypatch):
    """Collect the bells instead of ringing them."""
    from tasks import bells

    rung = []
    monkeypatch.setattr(bells, "_send", lambda *message: rung.append(message))
    return rung
