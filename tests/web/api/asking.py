"""What asks the API in the tests of who may ask what."""

from __future__ import annotations

from xai.web import tokens

BODIES = {
    "make_report": {"title": "t"},
    "share_report": {"days": "7"},
    "edit_run": {"text": "fine"},
    "create_run": {"model": "0" * 64, "dataset": "0" * 64},
    "estimate_run": {"model": "0" * 64, "dataset": "0" * 64},
    "begin_upload": {"name": "a.csv", "size": 3, "purpose": "dataset"},
    "make_token": {"name": "mine"},
}


def ask(client, name, method, address, **headers):
    if name in {"send_part", "send_whole"}:
        query = "?offset=0" if name == "send_part" else "?name=a.csv&purpose=dataset"
        kind = "application/octet-stream"
        return client.put(address + query, b"a,b", content_type=kind, headers=headers)
    body = BODIES.get(name)
    return getattr(client, method)(
        address, body, content_type="application/json", headers=headers
    ) if body else getattr(client, method)(address, headers=headers)  # fmt: skip


def bearer(user):
    return {"Authorization": f"Bearer {tokens.make(user, 'in a test')[1]}"}
