"""The report: one file, one script of ours, nothing fetched, every name inert."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest

from tests.reports.fixtures import EVIL, MODEL_SHA, NAMES, write_run
from xai.reports.html import policy, render
from xai.reports.markup import Html, name, tag
from xai.reports.outline import SECTIONS


class Reader(HTMLParser):
    """Elements, attributes, and whether what was opened is closed in order."""

    VOID = {"meta", "col", "br"}

    def __init__(self, text):
        super().__init__()
        self.elements, self.attributes, self.open, self.words = [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append(tag)
        self.attributes += attrs
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


@pytest.fixture(scope="module")
def page(results):
    return render(results)


@pytest.fixture(scope="module")
def evil(tmp_path_factory):
    found = write_run(
        tmp_path_factory.mktemp("evil"), names=(*EVIL, *NAMES[3:]),
        model_name="<svg onload=x>.json",
        errors={"builtin": "It stopped at </td><script>alert(3)</script>."},
    )  # fmt: skip
    return render(found)


def test_it_is_well_formed(page):
    reader = Reader(page)
    assert reader.open == []
    ids = [value for key, value in reader.attributes if key == "id"]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("which", ["page", "evil"])
def test_it_holds_no_script_but_ours_and_fetches_nothing(which, request):
    reader = Reader(request.getfixturevalue(which))
    assert reader.elements.count("script") == 1
    forbidden = {"img", "iframe", "link", "object", "embed", "form", "base", "image"}
    assert forbidden.isdisjoint(reader.elements)
    names = {key for key, _value in reader.attributes}
    assert not {key for key in names if key.startswith("on")} | (names & {"src", "style", "srcset"})
    assert all(value.startswith("#") for key, value in reader.attributes if key == "href")


def test_its_policy_allows_its_own_style_and_script_and_nothing_else(page):
    assert f'<meta http-equiv="Content-Security-Policy" content="{policy()}">' in page
    for element in ("style", "script"):
        source = re.search(f"<{element}>(.*?)</{element}>", page, re.DOTALL).group(1)
        digest = base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
        assert f"{element}-src 'sha256-{digest}'" in policy()
    assert "unsafe" not in policy()
    assert page.index("Content-Security-Policy") < page.index("<style>")


def test_its_style_fetches_nothing(page):
    style = re.search(r"<style>(.*)</style>", page, re.DOTALL).group(1)
    assert "url(" not in style
    assert "@import" not in style
    assert "</" not in style


def test_names_of_the_data_are_words(evil):
    words = " ".join(Reader(evil).words)
    assert "<script>alert(1)</script>" in words
    assert '<img src=x onerror="alert(1)">' in words
    assert "<svg onload=x>.json" in words
    assert "</td><script>alert(3)</script>" in words
    assert "\u202e" not in evil


def test_links_lead_to_sections_that_are_there(page):
    reader = Reader(page)
    ids = {value for key, value in reader.attributes if key == "id"}
    assert {v[1:] for k, v in reader.attributes if k == "href"} <= ids
    # Each asks for more than this run has.
    asked_for = {"concepts", "heads", "workflow", "simpler", "data", "people"}
    assert set(SECTIONS) - asked_for <= ids


def test_it_names_hashes_versions_seeds_and_the_command(page):
    words = " ".join(Reader(page).words)
    for fact in (MODEL_SHA, "3.2.0", "0, again with 1", "samples 2000", "12,345", "full",
                 "python manage.py explain credit.json people.csv", "--rows 0:60"):  # fmt: skip
        assert fact in words


def test_it_shows_reference_rows_and_disputed_rows(results, page):
    words = " ".join(Reader(page).words)
    assert "Random order" in words
    assert "Itself, another seed" in words
    worst = results.agreement["samples"][0]["sample"]
    assert f"Row {worst}, the most disputed" in words


def test_the_same_results_give_the_same_file(results, page):
    assert render(results) == page


@pytest.mark.parametrize(
    "choices",
    [
        {"methods": ()},
        {"methods": ("permutation",)},
        {"methods": ("shapley",), "rows": 1},
        {"methods": ("grouped_shapley", "lime"), "rows": 2},
        {"problem": "regression", "labels": False},
        {"names": ("only",), "methods": ("shapley", "lime")},
    ],
)
def test_it_is_written_for_runs_of_every_kind(tmp_path, choices):
    if choices.get("names") == ("only",):
        choices["methods"] = ("shapley", "occlusion")
    reader = Reader(render(write_run(tmp_path, **({"rows": 5} | choices))))
    assert reader.open == []
    assert "nan" not in " ".join(reader.words).lower().split()


def test_ten_thousand_rows_and_thirty_features_stay_under_a_megabyte(tmp_path):
    names = tuple(f"feature {i}" for i in range(30))
    found = write_run(tmp_path, rows=10_000, names=names)
    assert len(render(found).encode()) < 1_000_000


def test_markup_escapes_what_is_not_markup():
    made = tag("p", "<b>", Html("<i>x</i>"), class_='"', title="a\nb", hidden=True, id=None)
    assert made == '<p class="&quot;" title="ab" hidden>&lt;b&gt;<i>x</i></p>'
    assert name("") == "<bdi>(no name)</bdi>"


def test_results_of_an_earlier_version_are_read_without_the_measures_it_did_not_know(tmp_path):
    found = write_run(tmp_path)
    pairs = found.agreement["pairs"]
    found.agreement["pairs"] = [pair for pair in pairs if pair["measure"] != "pearson"]
    page = render(found)
    assert "Spearman" in page
    assert "Pearson" not in page.partition('<section id="agreement"')[2].partition("</section>")[0]
