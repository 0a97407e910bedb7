"""Who may ask the API what; its tables stand beside those of the pages, in `test_access`."""

from __future__ import annotations

import uuid

from tests.web.api.asking import ask, bearer
from tests.web.test_access import API_ACCOUNT, api_address, api_own, nobody_has, operations
from xai.web import tokens
from xai.web.models import Token


def test_programs_of_a_stranger_are_told_that_nothing_is_there(client, bob, things):
    door = bearer(bob)
    pairs = zip(api_own(things), api_own(nobody_has(things)), strict=True)
    for (name, method, theirs), (_, _, none) in pairs:
        first, second = (ask(client, name, method, one, **door) for one in (theirs, none))
        assert (first.status_code, second.status_code) == (404, 404), name
        assert first.content == second.content, name
        assert first.headers["Content-Type"] == "application/problem+json"


def test_programs_without_a_valid_token_are_told_to_bring_one(client, things, alice):
    _, lost = tokens.make(alice, "revoked")
    tokens.revoke(Token.objects.get(name="revoked"))
    doors = [{}, {"Authorization": f"Bearer {lost}"}, {"Authorization": "Bearer plx_x"},
             {"Authorization": "Basic YTpi"}]  # fmt: skip
    account = [(name, *operations()[name]) for name in sorted(API_ACCOUNT)]
    for name, method, path in [*account, *api_own(things)]:
        for door in doors:
            answer = ask(client, name, method, api_address(path, uuid.uuid4()), **door)
            assert answer.status_code == 401, (name, door)
            assert answer.headers["WWW-Authenticate"] == "Bearer"
            assert answer.json()["detail"].endswith((".", "…"))


MAY_REFUSE = {
    "show_sample", "edit_run", "send_part", "delete_upload", "faithfulness", "show_report_file",
    "revoke_link", "delete_report", "delete_run",
}  # fmt: skip
"""For a reason of their own: nothing there, shared by a link, in use."""


def test_programs_of_the_owner_get_in(client, alice, things):
    door = bearer(alice)
    last = {"delete_run", "delete_upload", "revoke_token", "delete_report"}
    for name, method, address in sorted(api_own(things), key=lambda one: one[0] in last):
        query = "?method=shapley" * (name == "figure")
        answer = ask(client, name, method, address + query, **door)
        b"".join(answer)
        assert answer.status_code not in {401, 403, 500}, name
        if name not in MAY_REFUSE:
            assert answer.status_code in {200, 201, 204}, name
