from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.urls import reverse

from tests.web.landed_run import land
from xai.web.landed import Landed
from xai.web.middleware import local_owner

QUERIES = {
    "bump": "",
    "beeswarm": "method=lime&target=yes",
    "dependence": "method=shapley&feature=feature+1&colour=feature+5",
    "waterfall": "method=grouped_shapley&sample=4",
    "dendrogram": "method=grouped_shapley",
    "pair": "measure=kendall&a=lime&b=shapley",
    "concordance": "",
}


@pytest.fixture
def run(make_upload):
    return land(local_owner(), make_upload)


@pytest.fixture
def get(client, run):
    def ask(name, query, **headers):
        return client.get(f"{reverse('figure', args=[run.pk, name])}?{query}", headers=headers)

    return ask


@pytest.mark.parametrize("name", QUERIES)
def test_every_figure_has_data_a_sentence_and_numbers(get, name):
    answer = get(name, QUERIES[name])
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/json"
    found = answer.json()
    assert found["data"]
    assert found["finding"].endswith(".")
    assert found["table"]["rows"]


def test_a_known_version_is_kept_for_ever(get, run):
    version = Landed(run, tuple(run.jobs.all())).version
    assert "immutable" in get("bump", f"v={version}")["Cache-Control"]
    assert get("bump", "v=old")["Cache-Control"] == "private, no-cache"


def test_the_browser_may_ask_whether_it_changed(get):
    first = get("bump", "")
    again = get("bump", "", **{"If-None-Match": first["ETag"]})
    assert again.status_code == 304
    assert not again.content
    assert get("bump", "target=yes")["ETag"] != first["ETag"]


def test_more_results_are_another_version(get, run):
    first = get("bump", "")["ETag"]
    run.jobs.filter(method="lime").update(state="running")
    assert get("bump", "")["ETag"] != first


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("nonsense", ""),
        ("beeswarm", ""),
        ("beeswarm", "method=agreement"),
        ("beeswarm", "method=permutation"),
        ("dependence", "method=shapley&feature=none"),
        ("dependence", "method=grouped_shapley&feature=feature+0+%2B+feature+1"),
        ("waterfall", "method=shapley&sample=1"),
        ("waterfall", "method=shapley&sample=x"),
        ("waterfall", "method=lime&sample=4"),
        ("dendrogram", "method=shapley"),
        ("pair", "measure=kendall&a=lime&b=lime"),
        ("pair", "measure=none&a=lime&b=shapley"),
        ("nearness", "measure=none"),
        ("curves", "way=none"),
    ],
)
def test_what_cannot_be_drawn_is_not_found(get, name, query):
    assert get(name, query).status_code == 404


def test_figures_of_strangers_are_not_found(client, run, bob, server_mode):
    client.force_login(bob)
    assert client.get(reverse("figure", args=[run.pk, "bump"])).status_code == 404


def test_categories_are_named_and_inert(get):
    found = get("dependence", "method=shapley&feature=feature+5").json()
    assert "&lt;b&gt;mid&lt;/b&gt;" in found["layout"]["xaxis"]["ticktext"]


def test_figures_of_many_rows_stay_small(client, make_upload):
    run = land(local_owner(), make_upload, rows=3000, features=8, methods=("shapley", "lime"))
    address = reverse("figure", args=[run.pk, "beeswarm"])
    assert len(client.get(f"{address}?method=lime").content) < 60_000


def test_no_picture_is_sent_to_a_foreign_server():
    source = (Path(__file__).parents[2] / "static/js/library.js").read_text()
    assert "showSendToCloud: false" in source
    assert 'plotlyServerURL: ""' in source
    assert "displaylogo: false" in source


def test_no_figure_needs_eval():
    for source in (Path(__file__).parents[2] / "xai/figures").glob("*.py"):
        assert not re.search(r"scattergl|parcoords|splom", source.read_text())
