"""Concepts and strategies in the report: the same numbers as in the results, crops inside."""

from __future__ import annotations

import pytest

from tests.reports.fixtures import write_run
from tests.reports.picture_run import write_picture_run
from xai.figures.parts import signed
from xai.reports import concepts, strategies
from xai.reports.explained import methods_of
from xai.reports.html import render
from xai.reports.html_concepts import found, graph


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    return write_picture_run(tmp_path_factory.mktemp("pictures"), name="<b>bird</b>.jpg")


def test_the_strongest_concepts_stand_with_their_numbers_and_crops(pictures):
    text, method = found(pictures), concepts.method_of(pictures)
    target = concepts.classes_of(method)[0]
    first = concepts.top_of(method, target)[0]
    assert f"{first['name']}: {signed(first['importance'])}" in text
    assert text.count("<svg viewBox=") >= len(first["crops"][:4])
    assert "data:image/jpeg;base64," in text


def test_the_whole_report_holds_them_and_no_markup_of_names(pictures):
    text = render(pictures)
    assert 'id="concepts"' in text
    assert "<b>bird</b>" not in text


def test_tables_have_strategies_but_no_concepts(tmp_path):
    results = write_run(tmp_path)
    assert found(results) == ""
    text = graph(results)
    drawn = strategies.of(results, methods_of(results)[0])
    assert drawn is None or text.count("<tr>") == len(drawn.clusters) + 1
