"""What a person chooses is what the report holds."""

from __future__ import annotations

import re

import pytest

from tests.reports.picture_run import write_picture_run
from tests.reports.text_run import write_story_run, write_text_run
from xai.errors import InvalidParameter
from xai.reports.html import render
from xai.reports.outline import SAMPLES_MOST, SECTIONS, Outline, outline


def sections_of(page):
    return re.findall(r'<section id="([a-z]+)"', page)


def test_nothing_chosen_means_everything(results):
    assert outline("", (), "", results) == Outline()


def test_the_report_holds_the_chosen_sections_in_its_own_order(results):
    chosen = outline("", ("agreement", "verdict"), "", results)
    assert sections_of(render(results, chosen)) == ["verdict", "agreement"]


def test_no_link_leads_to_a_section_that_is_left_out(results):
    page = render(results, outline("", ("verdict", "reading"), "", results))
    assert set(re.findall(r'href="#([a-z]+)"', page)) <= {"verdict", "reading"}


@pytest.mark.parametrize("write", [write_text_run, write_story_run, write_picture_run])
def test_no_link_leads_to_a_section_that_has_nothing_to_say(tmp_path, write):
    page = render(write(tmp_path))
    assert set(re.findall(r'href="#([a-z]+)"', page)) <= set(sections_of(page))


def test_what_not_to_conclude_is_said_once(results):
    whole = render(results)
    assert whole.count("Agreement is not truth: ") == 1
    verdict = render(results, outline("", ("verdict",), "", results))
    assert verdict.count("Agreement is not truth: ") == 1


def test_the_limits_name_what_is_left_out(results):
    page = render(results, outline("", ("limits",), "", results))
    assert "Left out of this report by choice: What was asked, In words" in page


def test_the_title_is_the_person_s_and_inert(results):
    page = render(results, outline("  <b>For the board</b> ", (), "", results))
    assert "<title>&lt;b&gt;For the board&lt;/b&gt;</title>" in page
    assert "<b>For the board" not in page


def test_chosen_rows_are_shown_in_their_order(results):
    page = render(results, outline("", ("samples",), "6, 2:5, 2", results))
    assert re.findall(r"<h3>Row (\d+)</h3>", page) == ["6", "2", "4"]


def test_all_rows_are_at_most_a_hundred(results):
    assert len(outline("", (), "all", results).samples) == min(SAMPLES_MOST, 60)


@pytest.mark.parametrize(
    ("sections", "samples", "said"),
    [
        (("verdict", "horoscope"), "", "no section 'horoscope'"),
        ((), "1", "Row 1 is not among the explained rows"),
        ((), "500:600", "No row of 500:600"),
        ((), "first", "cannot be chosen by 'first'"),
    ],
)
def test_what_cannot_be_had_is_refused_in_a_sentence(results, sections, samples, said):
    with pytest.raises(InvalidParameter, match=said):
        outline("", sections, samples, results)


def test_every_section_has_a_writer():
    from xai.reports.html import IN_WORDS, WRITERS

    assert set(WRITERS) | set(IN_WORDS) == set(SECTIONS)
