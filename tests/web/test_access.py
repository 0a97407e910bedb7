"""Who may see what: every address is in this table, or the test fails."""

from __future__ import annotations

import uuid

import pytest
from django.urls import get_resolver, reverse

from xai.web.models import Report, Study

PUBLIC = {"login", "logout", "healthz", "readyz", "metrics", "shared"}
"""Open to anybody."""
ACCOUNT = {
    "home", "system", "models", "datasets", "runs", "run-new", "run-estimate",
    "upload-new", "upload-begin", "example", "example-status", "invited",
}  # fmt: skip
"""Open to everybody with an account; shows only what is theirs."""
OWN_UPLOAD = {
    "upload", "upload-status", "upload-offset", "upload-parts", "upload-complete", "upload-delete",
}  # fmt: skip
OWN_RUN = {
    "run", "run-status", "run-cancel", "run-retry", "run-delete",
    "overview", "concepts", "compare", "global", "agreement", "faithfulness", "figure",
    "strategies", "attention", "two-models", "interactions", "simpler", "workflow", "report",
    "bundle",
    "edit-begin", "edit", "reports", "people",
}  # fmt: skip
OWN_REPORT = {
    "report-show", "report-status", "report-file", "report-share", "report-revoke",
    "report-delete",
}  # fmt: skip
OWN_STUDY = {
    "study", "study-answers", "study-invite", "study-revoke", "study-close", "study-delete",
    "blind",
}  # fmt: skip
"""Open to the owner of the row; 404 for everybody else."""

OWN = {"upload": OWN_UPLOAD, "run": OWN_RUN, "report": OWN_REPORT, "study": OWN_STUDY}
METHODS = ("get", "post", "put", "patch", "delete")


def patterns():
    return {p.name: p for p in get_resolver("xai.web.urls").url_patterns}


def address_of(name, pk):
    routes = patterns()[name].pattern.converters
    values = {"pk": pk, "name": "bars", "token": "x", "link": 1}
    return reverse(name, kwargs={key: values[key] for key in routes})


def test_every_address_is_in_the_table():
    assert set(patterns()) <= PUBLIC | ACCOUNT | set().union(*OWN.values())


@pytest.fixture
def things(alice, make_run, server_mode):
    """Return a thing of Alice's per table."""
    run = make_run(alice, state="done")
    report = Report.objects.create(run=run, state="done", choices={}, files={"bars": {}})
    study = Study.objects.create(run=run, title="t", methods=[], samples=[])
    return {"run": run.pk, "upload": run.model.pk, "report": report.pk, "study": study.pk}


def own(things):
    known = patterns()
    for thing, names in OWN.items():
        for name in sorted(names & set(known)):
            yield name, address_of(name, things[thing])


def test_a_stranger_is_told_that_nothing_is_there(client, bob, things):
    client.force_login(bob)
    for name, address in own(things):
        answers = {method: getattr(client, method)(address).status_code for method in METHODS}
        assert set(answers.values()) <= {404, 405}, name
        assert 404 in answers.values(), name


def test_a_stranger_cannot_tell_a_foreign_thing_from_none(client, bob, things):
    client.force_login(bob)
    nobody = {thing: uuid.uuid4() for thing in OWN}
    for (_, theirs), (_, none) in zip(own(things), own(nobody), strict=True):
        for method in METHODS:
            first = getattr(client, method)(theirs)
            second = getattr(client, method)(none)
            assert first.status_code == second.status_code
            assert len(first.content) == len(second.content)


def test_without_a_login_every_page_leads_to_it(client, things):
    addresses = [address for _, address in own(things)]
    addresses += [address_of(name, None) for name in sorted(ACCOUNT & set(patterns()))]
    for address in addresses:
        for method in METHODS:
            answer = getattr(client, method)(address)
            assert answer.status_code == 302, (method, address)
            assert answer.headers["Location"].startswith("/login/"), address


def test_the_owner_gets_in(client, alice, things):
    client.force_login(alice)
    for name in ("upload", "upload-status", "upload-offset"):
        assert client.get(address_of(name, things["upload"])).status_code == 200
    for name in ("run", "run-status"):
        assert client.get(address_of(name, things["run"])).status_code == 200


def test_lists_hold_only_what_is_theirs(client, bob, things):
    client.force_login(bob)
    for name in ("home", "runs", "models", "datasets", "run-new"):
        page = client.get(reverse(name)).content.decode()
        assert str(things["run"]) not in page
        assert str(things["upload"]) not in page


def test_a_stranger_cannot_ask_about_foreign_files(client, bob, alice, make_run, server_mode):
    run = make_run(alice)
    client.force_login(bob)
    chosen = {"model": run.model.pk, "dataset": run.dataset.pk}
    assert "Start the explanation" not in client.get("/runs/new/", chosen).content.decode()
    assert client.post("/runs/new/", chosen | {"methods": "shapley"}).status_code == 422
    assert client.post("/runs/new/estimate/", chosen).status_code == 204
