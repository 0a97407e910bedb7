"""The strategies page: the planted shortcut stands alone, is flagged, and opens its samples."""

from __future__ import annotations

import html
import re

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.evaluation.test_strategies import planted
from tests.web.landed_run import EVIL, land, land_pictures, land_story, land_text
from xai.runner import strategies
from xai.web import files
from xai.web.models import Job

pytestmark = pytest.mark.django_db


def plant(run):
    """Let the explanations of a run be those of three ways to decide, the last mostly wrong."""
    vectors, _way, correct = planted()
    told = [None if np.isnan(one) else bool(one) for one in correct]
    for job in run.jobs.all():
        folder = files.results(job.result)
        if job.method == "occlusion":
            lists = pa.array(vectors.astype(np.float32).tolist(), pa.list_(pa.float32()))
            _set(folder / "attributions.parquet", "values", lists)
        elif job.role == Job.Role.PREDICTIONS:
            _set(folder / "predictions.parquet", "correct", pa.array(told, pa.bool_()))
    look_back(run)
    return run


def look_back(run):
    """Make the graphs again, as the last step of a run does."""
    folders = {job.method or job.role: files.results(job.result) for job in run.jobs.all()}
    target = folders.pop("strategies")
    strategies.evaluate(folders, target, {"role": "strategies", "method": ""})


def _set(path, name, column):
    table = pq.read_table(path)
    pq.write_table(table.set_column(table.column_names.index(name), name, column), path)


@pytest.fixture
def run(client, alice, make_upload, server_mode):
    client.force_login(alice)
    return plant(land(alice, make_upload, rows=84, features=5, methods=("occlusion", "random")))


def cells_of(text):
    return " ".join(rows_of(text, "Table of clusters"))


@pytest.fixture
def page(client, run):
    def get(query="", of=run):
        answer = client.get(f"/runs/{of.pk}/strategies/{query}")
        assert answer.status_code == 200
        return answer.content.decode()

    return get


def rows_of(text, label):
    table = re.search(rf'aria-label="{label}".*?</table>', text, re.DOTALL)[0]
    return [re.sub(r"<[^>]+>", " ", row) for row in re.findall(r"<tr>.*?</tr>", table, re.DOTALL)]


def test_the_planted_shortcut_is_a_cluster_of_its_own_and_flagged(page):
    text = page()
    clusters = rows_of(text, "Table of clusters")[1:]
    assert [f" {size} " in row for row, size in zip(clusters, (40, 30, 14), strict=True)] == [
        True
    ] * 3
    assert ["a shortcut may be at work" in row for row in clusters] == [False, False, True]
    assert "7.1 %" in clusters[2]
    assert text.count("notice warn") == 1


def test_the_figure_says_it_too(client, page):
    first = html.unescape(re.findall(r'x-figure class="figure" src="([^"]+)"', page())[0])
    figure = client.get(first).json()
    assert "84 samples fall into 3 clusters" in figure["finding"]
    assert "Mostly wrong: feature 3." in figure["finding"]


def test_a_cluster_opens_its_samples_and_what_drives_it(page):
    text = page("?cluster=2")
    assert "Cluster: <bdi>feature 3</bdi>" in text
    assert "14 samples, 7.1 % right" in text
    assert "feature 3" in rows_of(text, "Mean explanation")[1]
    assert re.findall(r"/compare/\?sample=(\d+)", text) == [str(2 * i) for i in range(70, 84)]


def test_a_free_selection_opens_what_it_holds(page):
    everything = "-99,-99;99,-99;99,99;-99,99"
    text = page(f"?around={everything}")
    assert "84 samples" in text
    assert "The selected samples" in text
    assert "Page 1 of 3" in text


@pytest.mark.parametrize("query", ["?cluster=99", "?cluster=x", "?around=1,2", "?around=a;b;c",
                                   "?method=none", "?page=7", "?around=nan,1;2,3;4,5"])  # fmt: skip
def test_an_address_that_names_nothing_selects_nothing(page, query):
    assert 'id="chosen"' not in page(query)


def test_a_figure_of_no_method_is_not_there(client, run):
    for query in ("?method=none", "?method=random", ""):
        assert client.get(f"/runs/{run.pk}/figures/strategies/{query}").status_code == 404


def test_words_of_texts_have_a_graph(client, page, alice, make_upload):
    sentences = ("good and good", "bad and dull", "good film", "dull dull film", "good end")
    run = land_text(alice, make_upload, sentences=sentences, methods=("shapley",))
    assert "<bdi>good film</bdi>" in page("?cluster=0", of=run)
    assert 'id="tab-strategies"' in client.get(f"/runs/{run.pk}/overview/").content.decode()


def test_concepts_of_pictures_have_a_graph(page, alice, make_upload):
    text = page("?cluster=0", of=land_pictures(alice, make_upload))
    assert "things: Concept 1" in text
    assert "data:image/jpeg" in text


def test_pictures_without_concepts_have_a_graph_of_places(page, client, alice, make_upload):
    plain = land_pictures(alice, make_upload, concepts=False)
    text = page("?cluster=0", of=plain)
    assert "row " in cells_of(text)
    assert "data:image/jpeg" in text
    assert 'id="tab-strategies"' in client.get(f"/runs/{plain.pk}/overview/").content.decode()


def test_written_texts_have_a_graph_of_words(page, alice, make_upload):
    prompts = ("the red dog", "the dog", "a red ball", "the ball")
    text = page("?cluster=0", of=land_story(alice, make_upload, prompts=prompts))
    assert "4 samples" in text
    assert "<bdi>the red dog</bdi>" in text


def test_before_all_methods_have_finished_the_page_says_so(page, run):
    run.jobs.filter(role="strategies").update(state="waiting")
    assert "when all methods have finished" in page()


def test_an_older_run_is_told_how_to_get_its_graph(page, run):
    run.jobs.filter(role="strategies").delete()
    assert "Start the explanation again" in page()


def test_names_are_shown_as_text(page, alice, make_upload):
    text = page("?cluster=0", of=land(alice, make_upload, evil=True, methods=("occlusion",)))
    assert "&lt;script&gt;alert(1)" in text
    assert "<script>alert" not in text
    assert EVIL[1] not in text


def test_too_few_samples_are_said(page, alice, make_upload):
    assert "at least 4" in page(of=land(alice, make_upload, rows=3, methods=("occlusion",)))
