"""Who may see what: every address of the site and of the API, as owner, stranger and nobody.

An address that is in no table fails `test_every_address_is_classified`; its message says how to
add it.
"""

from __future__ import annotations

import re
import uuid

from django.urls import NoReverseMatch, URLResolver, get_resolver, reverse

from tests.web.api.asking import ask, bearer
from xai.web.models import Token

PUBLIC = {"login", "logout", "healthz", "readyz", "metrics", "shared", "api:api-root"}
"""Open to anybody; shows nothing of anybody."""
ACCOUNT = {
    "home", "system", "models", "datasets", "runs", "run-new", "run-estimate",
    "upload-new", "upload-begin", "example", "example-status", "tokens", "api-docs",
    "invited",
}  # fmt: skip
"""Open to everybody with an account; shows only what is theirs."""
OWN_UPLOAD = {
    "upload", "upload-status", "upload-offset", "upload-parts", "upload-complete", "upload-delete",
}  # fmt: skip
OWN_RUN = {
    "run", "run-status", "run-cancel", "run-retry", "run-delete",
    "overview", "concepts", "compare", "global", "agreement", "faithfulness", "figure",
    "strategies", "attention", "two-models", "interactions", "simpler", "workflow", "data",
    "report", "bundle", "edit-begin", "edit", "reports", "people",
}  # fmt: skip
OWN_REPORT = {
    "report-show", "report-status", "report-file", "report-share", "report-revoke",
    "report-delete",
}  # fmt: skip
OWN_STUDY = {
    "study", "study-answers", "study-invite", "study-revoke", "study-close", "study-delete",
    "blind",
}  # fmt: skip
OWN_TOKEN = {"token-revoke"}
"""Open to the owner of the row; 404 for everybody else."""
API_ACCOUNT = {
    "about", "methods", "list_examples", "begin_example", "list_tokens", "make_token",
    "list_uploads", "begin_upload", "send_whole", "list_runs", "create_run", "estimate_run",
    "openapi",
}  # fmt: skip
API_UPLOAD = {"send_part", "complete_upload", "show_upload", "fits", "delete_upload"}
API_RUN = {
    "show_run", "cancel_run", "retry_run", "edit_run", "delete_run", "overview", "agreement",
    "faithfulness", "list_samples", "show_sample", "figure", "list_files", "show_file",
    "bundle", "report", "list_reports", "make_report",
}  # fmt: skip
API_REPORT = {
    "show_report", "show_report_file", "delete_report", "share_report", "revoke_link",
}  # fmt: skip
API_TOKEN = {"revoke_token"}
"""Operations of the API, by the name of their function; as above, with 401 for nobody."""

OWN = {"upload": OWN_UPLOAD, "run": OWN_RUN, "report": OWN_REPORT,
       "study": OWN_STUDY, "token": OWN_TOKEN}  # fmt: skip
API_OWN = {
    "upload": API_UPLOAD, "run": API_RUN, "report": API_REPORT, "token": API_TOKEN,
}  # fmt: skip
METHODS = ("get", "post", "put", "patch", "delete")
WORDS = {"name": "beeswarm", "sample": 0, "kind": "tabular", "token": "x", "link": 1}
HOW = """
{names} {is_are} in no table of tests/web/test_access.py. Decide who may see it, and add its name:
PUBLIC (nothing of anybody), ACCOUNT (anyone logged in; only what is theirs), or OWN_… (the owner of
the row in its address; give it `pk`, and 404 for others). Operations of the API: API_… likewise. A
row of another kind needs a table of its own in OWN, and a thing of Alice's in `things` (conftest).
"""


def pages(resolver=None, prefix=""):
    """Return every named address that is not the API's, by name."""
    found = {}
    for pattern in (resolver or get_resolver("xai.web.urls")).url_patterns:
        if isinstance(pattern, URLResolver):
            if pattern.namespace != "api":
                found |= pages(pattern, f"{prefix}{pattern.namespace or ''}:")
        else:
            found[f"{prefix}{pattern.name}"] = pattern
    return found


def operations():
    """Return method and address of every operation of the API, by the name of its function."""
    from xai.web.api.site import api

    found = {}
    for bound in api._get_bound_routers():
        for path, view in bound.path_operations.items():
            for one in view.operations:
                found[one.view_func.__name__] = (one.methods[0].lower(), f"/api/v1{path}")
    return found


def address_of(name, pk):
    routes = pages()[name].pattern.converters
    return reverse(name, kwargs={key: {"pk": pk, **WORDS}[key] for key in routes})


def api_address(path, pk):
    name = "manifest.json" if "/files/" in path else WORDS["name"]
    values = {"pk": pk, **WORDS, "name": name}
    return re.sub(r"{\w+:(\w+)}", lambda part: str(values[part[1]]), path)


def test_every_address_is_classified():
    known = PUBLIC | ACCOUNT | set.union(*OWN.values())
    # Features that are not in this checkout may stand in a table.
    missing = set(pages()) - known
    listed = API_ACCOUNT | set.union(*API_OWN.values())
    missing |= {f"API operation {name}" for name in set(operations()) - listed}
    names = ", ".join(sorted(missing))
    assert not missing, HOW.format(names=names, is_are="is" if len(missing) == 1 else "are")


def test_no_name_stands_in_two_tables():
    for tables in ([PUBLIC, ACCOUNT, *OWN.values()], [API_ACCOUNT, *API_OWN.values()]):
        assert sum(map(len, tables)) == len(set.union(*tables))


def own(things):
    known = pages()
    for thing, names in OWN.items():
        for name in sorted(names & set(known)):
            yield name, address_of(name, things[thing])


def api_own(things):
    known = operations()
    for thing, names in API_OWN.items():
        for name in sorted(names & set(known)):
            method, path = known[name]
            yield name, method, api_address(path, things[thing])


def nobody_has(things):
    return {thing: uuid.uuid4() for thing in things}


def test_a_stranger_is_told_that_nothing_is_there(client, bob, things):
    client.force_login(bob)
    for name, address in own(things):
        answers = {method: getattr(client, method)(address).status_code for method in METHODS}
        assert set(answers.values()) <= {404, 405}, name
        assert 404 in answers.values(), name


def test_a_stranger_cannot_tell_a_foreign_thing_from_none(client, bob, things):
    client.force_login(bob)
    pairs = zip(own(things), own(nobody_has(things)), strict=True)
    for (_, theirs), (_, none) in pairs:
        for method in METHODS:
            first = getattr(client, method)(theirs)
            second = getattr(client, method)(none)
            assert first.status_code == second.status_code
            assert len(first.content) == len(second.content)


def test_without_a_login_every_page_leads_to_it(client, things):
    addresses = [address for _, address in own(things)]
    addresses += [address_of(name, None) for name in sorted(ACCOUNT & set(pages()))]
    for address in addresses:
        for method in METHODS:
            answer = getattr(client, method)(address)
            assert answer.status_code == 302, (method, address)
            assert answer.headers["Location"].startswith("/login/"), address


def test_the_owner_gets_in(client, alice, things):
    client.force_login(alice)
    for name, address in own(things):
        answer = client.get(f"{address}?method=shapley")
        b"".join(answer)  # a file is open until it is read
        assert answer.status_code not in {301, 401, 403, 500}, name
        if name in {"upload", "run", "overview", "compare", "report", "bundle", "figure"}:
            assert answer.status_code == 200, name


def test_a_page_without_its_csrf_token_changes_nothing(alice, things):
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    known = operations()
    for name in sorted(API_ACCOUNT | set.union(*API_OWN.values())):
        method, path = known[name]
        if method != "get":
            answer = ask(client, name, method, api_address(path, things["run"]))
            assert answer.status_code == 403, name
    for name, address in own(things):
        if name.rpartition("-")[2] in {"cancel", "delete", "revoke"}:
            assert client.post(address).status_code == 403, name
    assert Token.objects.filter(revoked=None).exists()


def test_lists_hold_only_what_is_theirs(client, bob, things):
    client.force_login(bob)
    door = bearer(bob)
    seen = [client.get(reverse(name)) for name in sorted(ACCOUNT & set(pages())) if is_plain(name)]
    lists = ("list_uploads", "list_runs", "list_tokens", "list_examples", "about")
    seen += [client.get(operations()[name][1], headers=door) for name in lists]
    for page in seen:
        text = page.content.decode()
        assert "of Alice" not in text
        assert not any(str(pk) in text for pk in things.values())


def is_plain(name):
    try:
        reverse(name)
    except NoReverseMatch:
        return False
    return True


def test_a_stranger_cannot_ask_about_foreign_files(client, bob, things, alice):
    from xai.web.models import Run

    run = Run.objects.get(pk=things["run"])
    client.force_login(bob)
    chosen = {"model": run.model.pk, "dataset": run.dataset.pk}
    assert "Start the explanation" not in client.get("/runs/new/", chosen).content.decode()
    assert client.post("/runs/new/", chosen | {"methods": "shapley"}).status_code == 422
    assert client.post("/runs/new/estimate/", chosen).status_code == 204
    for named in (str(run.model.pk), run.model.sha256):
        asked = {"model": named, "dataset": str(run.dataset.pk)}
        answer = client.post(
            "/api/v1/runs", asked, content_type="application/json", headers=bearer(bob)
        )
        assert answer.status_code == 422
        assert "You have no model of this id" in answer.json()["detail"]
