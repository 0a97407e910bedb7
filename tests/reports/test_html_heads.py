"""The report on attention heads: the strongest first, their maps, labels beside words."""

from __future__ import annotations

import re

import pytest

from tests.reports.text_run import write_text_run
from xai.reports.html_heads import found


@pytest.mark.parametrize("attended", [False, True])
def test_the_heads_that_the_score_would_miss_most_come_first(tmp_path, attended):
    text = found(write_text_run(tmp_path, heads={"effect": True, "attended": attended}))
    rows = re.findall(r'<th scope="row">(.+?)</th><td class="number">(.+?)</td>', text)
    assert rows[0] == ("layer 2, head 3", "+0.625")
    assert [head for head, _ in rows][-1] == "layer 1, head 1"
    assert text.count("data:image/png;base64,") == 6
    assert "by cosine" in text
    assert ("attends to, by the model" in text) is attended


def test_without_effects_the_most_focused_come_first(tmp_path):
    text = found(write_text_run(tmp_path, heads={"effect": False}))
    rows = re.findall(r'<th scope="row">(.+?)</th><td class="number">(.+?)</td>', text)
    assert {said for _, said in rows} == {"–"}
    assert [head for head, _ in rows][-1] == "layer 2, head 3"
    assert "none could be left out" in text


def test_a_run_without_heads_has_no_such_section(tmp_path):
    assert found(write_text_run(tmp_path)) == ""
