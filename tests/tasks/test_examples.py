"""The example: one press, two files made by a worker, one run; and what may go wrong on the way."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tasks import examples
from tasks.inspect import inspect
from tests.conftest import DATA_FACTS, MODEL_FACTS
from xai.errors import LimitExceeded
from xai.runner import examples as known
from xai.runner import session
from xai.web import files
from xai.web.models import Run, Upload

PAGE = "/examples/breast-cancer/"


@pytest.fixture
def made(monkeypatch):
    """Put files of a few bytes and their facts in the place of the jailed child's."""

    def make(example, purpose, name, scratch):
        path = scratch / name
        path.write_text(f"{example} {purpose}")
        return path

    facts = {"model": MODEL_FACTS, "dataset": DATA_FACTS}
    monkeypatch.setattr(session, "make_example", make)
    monkeypatch.setattr(session, "inspect", lambda path, name, purpose, scratch: facts[purpose])
    return facts


@pytest.fixture
def site(client, db, data_dir):
    """Return a visitor in local mode."""
    return client


def inspect_all():
    for upload in Upload.objects.filter(state="checking"):
        inspect(str(upload.pk))


def test_one_press_leads_to_one_run(site, made):
    assert site.post(PAGE).headers["Location"] == PAGE
    assert "breast_cancer_forest.skops" in site.get(PAGE).content.decode()
    assert "HX-Redirect" not in site.get(PAGE + "status/").headers
    inspect_all()
    run = Run.objects.get()
    address = run.get_absolute_url()
    assert site.get(PAGE).headers["Location"] == address
    assert site.get(PAGE + "status/").headers["HX-Redirect"] == address
    assert run.model.size == len("breast-cancer model")
    assert files.stored(run.model.sha256).read_text() == "breast-cancer model"
    assert run.recipe.label == "diagnosis"
    assert "shapley" in {choice.slug for choice in run.recipe.methods}


def test_an_impatient_press_makes_nothing_twice(site, made):
    site.post(PAGE)
    site.post(PAGE)
    assert Upload.objects.count() == 2
    inspect_all()
    assert Run.objects.count() == 1
    again = site.post(PAGE)
    assert Run.objects.count() == 2
    assert again.headers["Location"] == Run.objects.first().get_absolute_url()
    assert Upload.objects.count() == 2


def test_a_lost_bell_is_rung_again(site, made, at, monkeypatch):
    from tasks import bells, housekeeping

    site.post(PAGE)
    rung = []
    monkeypatch.setattr(bells, "ring_inspection", rung.append)
    with at(60):
        housekeeping.reap()
    assert set(rung) == set(Upload.objects.values_list("pk", flat=True))


def test_a_failure_is_said_and_can_be_tried_again(site, made, monkeypatch):
    def fail(*_):
        raise LimitExceeded("It took too long.")

    with monkeypatch.context() as patch:
        patch.setattr(session, "make_example", fail)
        site.post(PAGE)
        inspect_all()
    page = site.get(PAGE).content.decode()
    assert "It took too long." in page
    assert "hx-trigger" not in page.split('id="status"')[1]
    site.post(PAGE)
    inspect_all()
    assert Run.objects.count() == 1


def test_a_full_quota_is_a_sentence(site, made, settings):
    settings.QUOTA_FILES = 1
    assert "which is the limit" in site.post(PAGE, follow=True).content.decode()
    assert not Upload.objects.exists()


def test_there_is_no_other_example(site):
    assert site.post("/examples/magic/").status_code == 404


@pytest.mark.slow
def test_the_real_example_is_explained_to_the_end(site, drain, monkeypatch):
    example = known.EXAMPLES["breast-cancer"]
    monkeypatch.setitem(known.EXAMPLES, "breast-cancer", replace(example, rows="sample:4"))
    site.post(PAGE)
    inspect_all()
    run = Run.objects.get()
    drain()
    run.refresh_from_db()
    assert run.state == "done", [(job.method, job.error) for job in run.jobs.all()]
    assert examples.run_of(run.owner, example) == run
    assert site.get(f"/runs/{run.pk}/overview/").status_code == 200
