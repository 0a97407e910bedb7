"""An edited text: a run of its own, unseen in the lists, gone after a day."""

from __future__ import annotations

from datetime import timedelta

import pyarrow.parquet as pq
import pytest
from django.utils.timezone import now

from tasks import edits
from tests.web.landed_run import land_text
from xai.errors import InvalidParameter
from xai.methods import catalogue
from xai.methods.card import Card
from xai.web import files
from xai.web.models import Run, Upload

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def some_method(monkeypatch):
    card = Card(
        slug="shapley", title="Shapley values", family="Shapley values", summary="", source="",
        module="", cost="", evaluations=lambda _given, size: size.rows,
    )  # fmt: skip
    for slug in ("shapley", "integrated_gradients", "attention_last", "random"):
        monkeypatch.setitem(catalogue.KINDS[catalogue.TEXT], slug, card)


@pytest.fixture
def run(alice, make_upload):
    return land_text(alice, make_upload)


def test_an_edit_asks_the_same_of_another_text(run):
    edit = edits.begin(run, "a dull = day")
    assert edit.parent == run
    assert edit.recipe.rows == "all"
    assert [c.slug for c in edit.recipe.methods] == [c.slug for c in run.recipe.methods]
    stored = pq.read_table(files.stored(edit.dataset.sha256)).to_pylist()
    assert stored == [{"text": "a dull = day"}]
    assert edit.jobs.count() > 2


def test_an_edit_is_in_no_list(run):
    edit = edits.begin(run, "a dull day")
    assert edit not in Run.objects.for_user(run.owner).listed()
    assert edit.dataset not in Upload.objects.for_user(run.owner).listed()


@pytest.mark.parametrize(("text", "why"), [(" \n", "no text left"), ("x" * 30_000, "at most")])
def test_what_cannot_be_explained_is_refused_in_a_sentence(run, text, why):
    with pytest.raises(InvalidParameter, match=why):
        edits.begin(run, text)
    assert Run.objects.count() == 1


def test_edits_of_yesterday_are_forgotten(run):
    edit = edits.begin(run, "a dull day")
    yesterday = now() - timedelta(days=2)
    Run.objects.filter(pk=edit.pk).update(created=yesterday, state="done")
    Upload.objects.filter(pk=edit.dataset.pk).update(created=yesterday)
    edits.forget()
    assert list(Run.objects.all()) == [run]
    assert not Upload.objects.filter(is_scratch=True).exists()


def test_a_refusal_is_shown_on_the_page(client, run, server_mode):
    client.force_login(run.owner)
    answer = client.post(f"/runs/{run.pk}/edit/", {"text": " "})
    assert "There is no text left to explain." in answer.content.decode()


def test_the_page_watches_an_edit(client, run, server_mode):
    client.force_login(run.owner)
    answer = client.post(f"/runs/{run.pk}/edit/", {"text": "a fine day"}).content.decode()
    edit = Run.objects.exclude(parent=None).get()
    assert f'hx-get="/edits/{edit.pk}/"' in answer
    assert client.get(f"/edits/{edit.pk}/").status_code == 200
    assert client.get(f"/edits/{run.pk}/").status_code == 404
