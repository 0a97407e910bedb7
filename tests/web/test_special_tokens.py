"""The switch of special tokens on the agreement page."""

from __future__ import annotations

import pytest

from tests.reports.test_words_of_kinds import compared
from tests.reports.text_run import write_story_run, write_text_run
from xai.web import overall
from xai.web.overall import View


@pytest.fixture
def results(tmp_path):
    return compared(write_text_run(tmp_path), tmp_path)


def cell(table, a, b):
    slugs = [slug for slug, _ in table["columns"]]
    (row,) = (cells for slug, _, cells in table["rows"] if slug == a)
    return row[slugs.index(b)]


def test_special_tokens_are_left_out_until_asked_for(results):
    usual, special = (overall.agreement(results, View(special=s)) for s in ("", "1"))
    assert (usual["has_special"], usual["is_special"]) == (True, False)
    assert special["is_special"]
    pair = ("shapley", "integrated_gradients")
    assert cell(usual, *pair) != cell(special, *pair)


def test_a_pair_is_drawn_only_of_what_single_texts_hold(results):
    chosen = {"a": "shapley", "b": "integrated_gradients"}
    assert overall.agreement(results, View(**chosen))["pair"]
    assert overall.agreement(results, View(special="1", **chosen))["pair"] is None


def test_stories_have_no_such_switch(tmp_path):
    results = compared(write_story_run(tmp_path), tmp_path)
    assert not overall.agreement(results, View(special="1"))["is_special"]
