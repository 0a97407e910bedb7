"""The comparison of methods on what a language model wrote."""

from __future__ import annotations

import re

import numpy as np
import pytest

from tests.reports.text_run import write_story_run
from tests.web.landed_run import land_story
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
