"""The example: one press, two files made by a worker, one run; and what may go wrong on the way."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tasks import examples
from tasks.inspect import inspect
from tests.conftest import DATA_FACTS, MODEL_FACTS
from xai.errors import LimitExceeded
from xai.methods import catalogue
from xai.reports.results import Results
from xai.runner import examples as known
from xai.runner import session
from xai.web import files
from xai.web.models import Run, Upload
from xai.workbench.example_stories import COLOURS, FRIENDS, TOYS

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
    housekeeping.reap()
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


@pytest.mark.parametrize(
    ("slug", "kind"),
    [("reviews", catalogue.TEXT), ("stories", catalogue.GENERATION), ("shapes", catalogue.IMAGES)],
)
def test_an_example_asks_for_methods_that_there_are(slug, kind):
    facts = {"kind": kind, "capabilities": ["gradient", "attention", "layers", "convolution"]}
    files = {"sha256": "s", "facts": facts}, {"sha256": "d", "facts": {"rows": 200}}
    recipe = known.recipe_of(known.EXAMPLES[slug], *files)
    assert {choice.slug for choice in recipe.methods} == set(known.EXAMPLES[slug].methods)


# Few rows, and the cheapest methods that each kind of page wants: the whole journey in seconds.
SHORT = {
    "breast-cancer": {"rows": "sample:4"},
    "reviews": {"rows": "sample:40", "methods": {"occlusion": {}, "input_x_gradient": {}}},
    "stories": {
        "rows": "sample:8",
        "methods": {"occlusion": {}, "input_x_gradient": {}},
    },
    "shapes": {"rows": "all", "methods": {"gradcam": {}, "occlusion": {}}},
}


def turns_are_read(found):
    assert np.mean(found.predictions.correct) >= 0.9


def names_come_back(found):
    """What a story named first is what the model names again."""
    again = []
    for sample in found.samples.values():
        prompt = "".join(sample["tokens"][1 : sample["prompt_units"]])
        words = [piece.strip() for piece in sample["outputs"]]
        again += [word in prompt for word in words if word in {*FRIENDS, *COLOURS, *TOYS}]
    assert len(again) >= 16
    assert np.mean(again) >= 0.9


def the_cross_misleads(found):
    """A shape that is no square is told, unless it carries the cross."""
    told = {True: [], False: []}
    for row, sample in found.samples.items():
        place = found.sample_index(row)
        if found.predictions.labels[place] != "square":
            told["marked" in sample["name"]].append(found.predictions.correct[place])
    assert np.mean(told[False]) >= 0.8
    assert np.mean(told[True]) <= 0.3


LEARNT = {"reviews": turns_are_read, "stories": names_come_back, "shapes": the_cross_misleads}


@pytest.mark.slow
@pytest.mark.parametrize("slug", known.EXAMPLES)
def test_the_real_example_is_explained_to_the_end(site, drain, monkeypatch, slug):
    example = replace(known.EXAMPLES[slug], **SHORT[slug])
    monkeypatch.setitem(known.EXAMPLES, slug, example)
    site.post(f"/examples/{slug}/")
    inspect_all()
    assert [one.refusal for one in Upload.objects.filter(state="refused")] == []
    run = Run.objects.get()
    drain()
    run.refresh_from_db()
    assert run.state == "done", [(job.method, job.error) for job in run.jobs.all()]
    assert examples.run_of(run.owner, example) == run
    assert site.get(f"/runs/{run.pk}/overview/").status_code == 200
    assert max(run.model.size, run.dataset.size) < 2_000_000
    found = Results.gather({}, {"predictions": files.results(run.jobs.get(role="predictions").key)})
    if slug in LEARNT:
        LEARNT[slug](found)
