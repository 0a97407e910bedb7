"""The comparison of methods on what a language model wrote."""

from __future__ import annotations

import re

import numpy as np
import pyarrow.parquet as pq
import pytest

from tests.reports.text_run import write_story_run
from tests.web.landed_run import land_story
from xai.reports import walks
from xai.reports.bundle import write_bundle
from xai.reports.passages import Choices, passage

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(client, alice, make_upload, server_mode):
    client.force_login(alice)
    run = land_story(alice, make_upload)

    def get(query="", name="compare/"):
        answer = client.get(f"/runs/{run.pk}/{name}{query}")
        assert answer.status_code == 200
        return answer.content.decode()

    return get


def test_every_written_token_can_be_chosen(page):
    text = page()
    for place in range(3):
        assert f'id="out-{place}"' in text
    assert len(re.findall(r'<a id="out-[^>]*aria-current="true"', text)) == 1


def test_a_token_has_only_what_stands_before_it_as_context(page):
    first, last = page("?output=0&unit=token"), page("?output=2&until=2&unit=token")
    assert ">a</span>" in first  # of the prompt
    assert "> red</span>" not in first
    assert ">red</span>" in last


def test_every_method_has_a_map_of_context_by_output(page):
    text = page()
    assert text.count("data-map=") == 2
    assert 'data-columns="3"' in text


def test_a_span_adds_log_probabilities_and_averages_shares(tmp_path):
    results = write_story_run(tmp_path)
    choices = Choices(by_token=True, with_special=True)
    single = [passage(results, 0, choices, (i, i + 1)) for i in range(3)]
    span = passage(results, 0, choices, (0, 3))
    shared = len(single[0].pieces)
    for place, how in ((0, np.sum), (1, np.mean)):
        expected = how([one.strands[place].values[:shared] for one in single], axis=0)
        np.testing.assert_allclose(span.strands[place].values[:shared], expected, rtol=1e-5)
    assert span.target == "a red ball"


@pytest.mark.parametrize("name", ["overview/", "global/", "report.html"])
def test_every_page_opens(page, name):
    assert page(name=name)


def test_an_output_beyond_the_last_is_the_last(page):
    assert 'id="out-2"' in page("?output=99")


def test_words_tokens_and_sentences_can_be_coloured(page):
    for unit in ("word", "token", "sentence"):
        assert f'<option value="{unit}" selected>' in page(f"?unit={unit}")
    assert page("?unit=sentence&output=2").count('data-i="0"') > 0
    assert page("?unit=nonsense")


def test_a_sentence_ends_where_the_context_of_the_output_ends(tmp_path):
    results = write_story_run(tmp_path)
    first = passage(results, 0, Choices(by_sentence=True), (0, 1))
    last = passage(results, 0, Choices(by_sentence=True), (2, 3))
    assert [piece.units[-1] for piece in first.pieces] == [4]
    assert last.pieces[0].units[-1] == 6


def test_wider_spans_are_a_click_away(page):
    text = page("?output=1&until=1")
    assert "Everything written</a>" in text
    assert "output=0&amp;until=2" in text or "until=2" in text


@pytest.fixture
def walked(client, alice, make_upload, server_mode):
    client.force_login(alice)
    return land_story(alice, make_upload, slugs=("shapley", "reagent"))


def test_contributions_stand_beside_the_shares_with_their_error(client, walked):
    text = client.get(f"/runs/{walked.pk}/compare/?unit=token").content.decode()
    assert "ReAGent, contribution per step" in text
    assert "standard error over probes up to 0.12" in text
    assert "16 of 16 probes passed the stop test, 3 steps in the mean" in text
    assert "Replaced tokens were drawn." in text
    span = client.get(f"/runs/{walked.pk}/compare/?output=0&until=2").content.decode()
    assert "32 of 48 probes" in span


def test_probes_that_never_stop_are_reported_in_the_verdict(tmp_path):
    results = write_story_run(tmp_path, slugs=("reagent",))
    (said, replaced) = (*walks.sentences(results), *walks.replaced(results))
    assert said.text.startswith("32 of 96 probes of ReAGent never passed their stop test")
    assert "Of 2 written tokens none did" in said.text
    assert "Replaced tokens were drawn." in replaced.text


def test_the_source_s_share_of_places_is_told(tmp_path):
    results = write_story_run(tmp_path, slugs=("reagent",))
    method = results.method("reagent")
    assert "source used at 50 % of tokens" in walks.walk(method, 1).line((0, 1))
    assert "source" not in walks.walk(method, 0).line((0, 1))
    assert walks.walk(method, 9) is None


def test_the_bundle_holds_the_walks(tmp_path):
    results = write_story_run(tmp_path / "run", slugs=("shapley", "reagent"))
    write_bundle(results, tmp_path / "out")
    table = pq.read_table(tmp_path / "out/walks.parquet").to_pylist()
    assert [row["stopped"] for row in table] == [16, 16, 0] * 2
    assert {row["probes"] for row in table} == {16}
