"""What is asked beside the explanations: boxes of the form, pages, report."""

from __future__ import annotations

import json
import re

import pytest

from tests.analyses.found import found_of, write
from tests.web.landed_run import land
from tests.web.test_forms import answers
from xai.analyses.catalogue import ANALYSES
from xai.web import files
from xai.web.forms import RunForm
from xai.web.models import Job

pytestmark = pytest.mark.django_db


def add(run, slug):
    """Land an analysis in a run."""
    key = f"{slug}{run.pk.hex}"
    write(slug, files.results(key))
    Job.objects.create(
        run=run, position=run.jobs.count(), role="analysis", method=slug, key=key, result=key,
        state="done",
    )  # fmt: skip


@pytest.fixture
def run(client, alice, make_upload, server_mode):
    client.force_login(alice)
    found = land(alice, make_upload)
    for slug in ANALYSES:
        add(found, slug)
    return found


@pytest.fixture
def form_of(alice, make_upload):
    model, data = make_upload(alice), make_upload(alice, "dataset", name="people.csv")

    def make(*slugs, **more):
        sent = answers(**more)
        sent.setlist("analyses", slugs)
        return RunForm(sent, model=model, dataset=data)

    return make


def test_what_is_ticked_is_asked(form_of):
    form = form_of("simpler")
    assert form.is_valid(), form.errors
    assert form.recipe().analyses == ("simpler",)
    none = form_of()
    assert none.is_valid(), none.errors
    assert none.recipe().analyses == ()


def test_an_analysis_without_the_truth_is_refused_in_a_sentence(form_of):
    form = form_of("simpler", label="")
    assert not form.is_valid()
    assert "needs the truth" in str(form.errors)


def test_what_is_unknown_is_not_asked(form_of):
    assert form_of("magic").further.slugs == ()


@pytest.mark.parametrize("page", sorted({card.page for card in ANALYSES.values()}))
def test_every_page_shows_its_sentences_and_figures(client, run, page):
    answer = client.get(f"/runs/{run.pk}/{page}/")
    assert answer.status_code == 200
    text = answer.content.decode()
    assert "<b>income" not in text
    assert f'id="tab-{page}"' in text
    for src in re.findall(r'<x-figure class="figure" src="([^"]+)"', text):
        drawn = client.get(src.replace("&amp;", "&"))
        assert drawn.status_code == 200, src
        assert drawn.json()["finding"]


def test_a_run_without_analyses_has_no_such_page(client, alice, make_upload, server_mode):
    client.force_login(alice)
    plain = land(alice, make_upload)
    assert client.get(f"/runs/{plain.pk}/simpler/").status_code == 404
    assert "tab-simpler" not in client.get(f"/runs/{plain.pk}/overview/").content.decode()


def test_the_page_the_report_and_the_bundle_say_the_same(client, run, tmp_path):
    import io
    import zipfile

    number = f"{100 * found_of('simpler')['learners'][0]['mean']:.0f}"
    page = client.get(f"/runs/{run.pk}/simpler/").content.decode()
    answer = client.get(f"/runs/{run.pk}/bundle.zip")
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as bundle:
        inside = {name.rsplit("/", 1)[-1]: name for name in bundle.namelist()}
        for slug in ANALYSES:
            assert json.loads(bundle.read(inside[f"{slug}.json"])) == found_of(slug)
        report = bundle.read(inside["report.html"]).decode()
    for text in (page, report):
        assert f"{number} %" in text
    assert 'id="simpler"' in report
    assert "<b>income" not in report
