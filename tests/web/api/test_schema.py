"""Every operation, asked with much of what its description allows, and of what it forbids."""

from __future__ import annotations

import os

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode, checks
from schemathesis.specs.openapi import checks as openapi

from tests.web.landed_run import land
from xai.web import tokens
from xai.web.api.site import api
from xai.web.models import Report

EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "8"))
"""Per operation and mode; 200 for the long version."""
CHECKS = [
    checks.not_a_server_error,
    openapi.status_code_conformance,
    openapi.content_type_conformance,
    openapi.response_headers_conformance,
    openapi.response_schema_conformance,
    openapi.negative_data_rejection,
]
MODES = {"allowed": GenerationMode.POSITIVE, "forbidden": GenerationMode.NEGATIVE}
SLOW = ("bundle.zip", "report.html", "/files", "/files/{name}")
"""Nothing to vary: a few examples are as good as many."""


def operations():
    return [
        (path, method)
        for path, methods in api.get_openapi_schema()["paths"].items()
        for method in methods
    ]


@pytest.fixture
def things(alice, make_upload, server_mode, monkeypatch):
    """Return a token of Alice's, and ids that are hers."""
    server_mode.RATES = dict.fromkeys(server_mode.RATES, "none")
    server_mode.QUOTA_FILES = server_mode.QUOTA_RUNS = 10**6
    monkeypatch.setattr(tokens, "TOKENS_MOST", 10**6)
    run = land(alice, make_upload, rows=3, features=2, methods=("shapley", "lime"))
    model, data = make_upload(alice), make_upload(alice, "dataset", name="people.csv")
    growing = make_upload(alice, state="uploading", received=0)
    spare, _ = tokens.make(alice, "spare")
    report = Report.objects.create(run=run, state="done", choices={"files": []})
    ids = {
        "runs": [run.pk], "uploads": [model.pk, data.pk, growing.pk], "tokens": [spare.pk],
        "reports": [report.pk],
    }  # fmt: skip
    chosen = {"model": str(model.pk), "dataset": data.sha256}
    return tokens.make(alice, "in a test")[1], ids, chosen


def answer(case, token, ids, chosen, draw):
    """Ask, every other time about things that are there."""
    if case.meta.generation.mode == GenerationMode.POSITIVE and draw.draw(st.booleans()):
        parts = case.operation.path.split("/")
        if "pk" in (case.path_parameters or {}):
            known = ids[parts[parts.index("{pk}") - 1]]
            case.path_parameters["pk"] = str(draw.draw(st.sampled_from(known)))
        if isinstance(case.body, dict) and {"model", "dataset"} <= set(case.body):
            case.body.update(chosen)
    headers = {"Authorization": f"Bearer {token}"}
    case.call_and_validate(headers=headers, checks=CHECKS)


# The client leaves a file unread that it was sent; a server closes it.
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("path", "method"), operations())
def test_an_operation_keeps_to_its_description(things, path, method, mode):
    schema = schemathesis.openapi.from_dict(api.get_openapi_schema())
    schema.app = get_wsgi_application()
    operation = schema[path][method.upper()]
    if mode == "forbidden" and not (operation.path_parameters or operation.query or operation.body):
        pytest.skip("nothing to forbid")

    @settings(
        max_examples=3 if path.endswith(SLOW) else EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=MODES[mode]), draw=st.data())
    def ask(case, draw):
        answer(case, *things, draw)

    ask()
