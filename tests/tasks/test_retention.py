"""What the rules of retention remove, and what they leave because something needs it."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils.timezone import now

from tasks import housekeeping, retention
from tests.web.landed_run import land
from xai.web import files
from xai.web.models import Report, Run, Upload

LONG_AGO = now() - timedelta(days=100)


@pytest.fixture(autouse=True)
def rules(settings):
    """Explanations go after 60 days, files after 30."""
    settings.KEEP_RUNS_DAYS, settings.KEEP_FILES_DAYS = 60, 30
    return settings


def age(*rows):
    for row in rows:
        field = "finished" if isinstance(row, Run) else "changed"
        type(row).objects.filter(pk=row.pk).update(**{field: LONG_AGO})


def gone(**choices):
    return {one.name for one in retention.apply(**choices) if not one.is_kept}


def test_an_old_explanation_goes_with_its_results(alice, make_upload, data_dir):
    run = land(alice, make_upload, rows=3, features=2, methods=("shapley",))
    folders = [files.results(job.result) for job in run.jobs.all()]
    assert gone() == set()
    age(run)
    assert gone(is_dry=True) == {str(run.pk)}
    assert Run.objects.exists()
    assert gone() == {str(run.pk)}
    assert not Run.objects.exists()
    assert not any(folder.exists() for folder in folders)


def test_an_explanation_that_a_report_was_made_of_stays(alice, make_run):
    run = make_run(alice, state="done")
    Report.objects.create(run=run, choices={})
    age(run)
    assert gone() == set()
    Report.objects.all().delete()
    assert gone() == {str(run.pk)}


def test_work_under_way_stays(alice, make_run):
    run = make_run(alice, state="running")
    parent = make_run(alice, state="done")
    edit = make_run(alice, state="running", parent=parent)
    age(run, parent, edit)
    assert gone() == set()


def test_files_that_an_explanation_needs_stay_in_whatever_part(alice, make_upload, make_run):
    run = make_run(alice)
    beside, lender, unused = (make_upload(alice, "dataset", name=f"{i}.csv") for i in range(3))
    Run.objects.filter(pk=run.pk).update(external=beside, replacer=lender)
    age(run.model, run.dataset, beside, lender, unused)
    assert gone() == {"2.csv"}
    assert not files.stored(unused.sha256).exists()
    assert files.stored(beside.sha256).exists()


def test_a_refusal_is_told_for_a_month(alice, make_upload):
    refused = make_upload(alice, state="refused", name="virus.pkl")
    fresh = make_upload(alice, state="refused")
    age(refused)
    assert gone() == {"virus.pkl"}
    assert Upload.objects.get() == fresh


def test_without_rules_nothing_of_anybody_goes(rules, alice, make_run, make_upload):
    rules.KEEP_RUNS_DAYS = rules.KEEP_FILES_DAYS = 0
    age(make_run(alice, state="done"), make_upload(alice))
    assert gone() == set()


def test_the_command_says_what_would_go_and_housekeeping_does_it(alice, make_run, data_dir):
    run = make_run(alice, state="done")
    age(run)
    said = StringIO()
    call_command("retain", "--dry-run", stdout=said)
    assert f"explanation  alice  {run.pk}" in said.getvalue()
    assert "1 things would go." in said.getvalue()
    housekeeping.sweep()
    assert not Run.objects.exists()
