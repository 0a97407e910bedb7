"""Things of Alice's, one per table of who may see what."""

from __future__ import annotations

import pytest

from tests.web.landed_run import land
from xai.web import tokens
from xai.web.models import Report, Study


@pytest.fixture
def things(alice, make_upload, server_mode):
    """Return a thing of Alice's per table."""
    run = land(alice, make_upload, rows=3, features=2, methods=("shapley", "lime"))
    token, _ = tokens.make(alice, "of Alice")
    report = Report.objects.create(run=run, state="done", choices={}, files={"bars": {}})
    study = Study.objects.create(run=run, title="t", methods=[], samples=[])
    return {"run": run.pk, "upload": run.model.pk, "token": token.pk, "report": report.pk,
            "study": study.pk}  # fmt: skip
