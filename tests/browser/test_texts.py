"""A text classifier from upload to report: coloured words, an edited text, words of all texts."""

from __future__ import annotations

import csv
import re

import pytest

from tests.assets.folders import tiny_text_classifier
from tests.browser.reading import (
    MINUTES,
    RUN,
    draw_all,
    expect,
    is_too_wide,
    picture,
    send,
    violations,
)

pytestmark = pytest.mark.slow

METHODS = ("shapley", "occlusion", "integrated_gradients", "attention_rollout", "random")
TEXTS = [
    ("the film was not good", "negative"),
    ("a lovely story , very funny and sad", "positive"),
    ("boring plot and awful actor , no end", "negative"),
    ("the dog and the cat play with a great ball", "positive"),
]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mood")
    tiny_text_classifier(folder / "mood.zip")
    with (folder / "reviews.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("text", "label"))
        writer.writerows(TEXTS * 3)
    return folder


@pytest.fixture(scope="module")
def run(tab, site, files):
    """Upload model and texts, choose the methods, wait for the end."""
    with tab() as page:
        send(page, site, "model", files / "mood.zip")
        expect(page.locator("#status")).to_contain_text("Bert text classifier")
        send(page, site, "dataset", files / "reviews.csv")
        expect(page.locator("#fits")).to_be_visible()
        page.click("text=Explain >> visible=true")
        expect(page.locator("select[name=text]")).to_have_value("text")
        for box in page.locator("input[name=methods]:not(:disabled)").all():
            box.set_checked(box.get_attribute("value") in METHODS)
        page.click("text=Start the explanation")
        page.wait_for_url(RUN)
        expect(page.locator("#status")).to_contain_text("See the results", timeout=MINUTES)
        expect(page.locator("td .state.done")).to_have_count(page.locator(".jobs tbody tr").count())
        return page.url.rstrip("/")


def test_pointing_at_a_word_tells_its_value_and_place_in_every_method(page, run):
    page.goto(f"{run}/compare/?sample=0")
    expect(page.locator("x-passage[data-ready]")).to_be_visible()
    word = page.locator(".strand .w", has_text="good").first
    word.hover()
    expect(page.locator(".strand .w.here")).to_have_count(6)  # five methods and the dispute
    expect(page.locator(".readout dd")).to_have_count(5)
    expect(page.locator(".readout")).to_contain_text("place")
    picture(page, "texts", 900)


def test_the_keyboard_goes_through_words(page, run):
    page.goto(f"{run}/compare/?sample=0")
    expect(page.locator("x-passage[data-ready]")).to_be_visible()
    page.locator(".passage[tabindex]").first.focus()
    for _ in range(2):
        page.keyboard.press("ArrowDown")
    expect(page.locator(".readout p")).to_have_text("“film”")


def test_tokens_and_special_ones_on_demand(page, run):
    page.goto(f"{run}/compare/?sample=0")
    page.select_option("select[name=unit]", "token")
    page.wait_for_url("**unit=token**")
    # The page is swapped after its address: a link of the new one tells that it is there.
    expect(page.locator("a[rel=next]")).to_have_attribute("href", re.compile("unit=token"))
    page.check("input[name=special]")
    page.wait_for_url("**special=1**")
    expect(page.locator(".w.special").first).to_have_text("[CLS]")
    assert "unit=token" in page.url


def test_a_text_is_edited_and_explained_again_on_the_page(page, run):
    page.goto(f"{run}/compare/?sample=0")
    page.click("#what-if summary")
    page.fill("#what-if textarea[name=text]", "the film was good")
    page.click("text=Explain this text")
    expect(page.locator("#edited .state.done")).to_be_visible(timeout=MINUTES)
    expect(page.locator("#edited .strand").first).to_contain_text("good")
    assert page.url.startswith(f"{run}/compare/")


def test_the_words_of_all_texts_and_the_agreement_over_words(page, run):
    page.goto(f"{run}/global/")
    expect(page.locator(".lexicon")).to_contain_text("Shapley values")
    page.goto(f"{run}/agreement/")
    expect(page.locator(".matrix").first).to_be_visible()


def test_the_report_opens_without_a_network(page, tab, run, tmp_path):
    page.goto(f"{run}/overview/")
    with page.expect_download() as download:
        page.click("text=Report (.html)")
    kept = tmp_path / "report.html"
    download.value.save_as(kept)
    with tab(offline=True) as reader:
        reader.goto(kept.as_uri())
        assert reader.locator(".strand .w").count() > 20
        assert violations(reader) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_accessible_and_as_wide_as_its_window(tab, run, scheme):
    with tab(color_scheme=scheme) as page:
        for name in ("compare/?sample=0", "global/", "overview/", "agreement/"):
            page.goto(f"{run}/{name}")
            draw_all(page)
            assert violations(page) == [], name
            for width in (390, 1024, 1440):
                page.set_viewport_size({"width": width, "height": 900})
                assert not is_too_wide(page), (name, width)
