"""A language model from upload to faithfulness: a token, a span of them, another prompt."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tests.assets.folders import WORDS, tiny_language_model, tiny_masked_model
from tests.browser.reading import MINUTES, RUN, draw_all, expect, is_too_wide, send, violations

pytestmark = pytest.mark.slow

METHODS = ("reagent", "occlusion", "input_x_gradient", "attention_rollout", "random")
WRITTEN = 5
SHOTS = os.environ.get("PARALLAX_SHOTS", "")
"""A folder that pictures of every page go to, at every width, light and dark; without it none."""


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stories")
    tiny_language_model(folder / "stories.zip")
    tiny_masked_model(folder / "lender.zip")
    words = list(WORDS[:36])
    lines = [" ".join(words[(3 * i + 5 * j) % 36] for j in range(5)) for i in range(21)]
    lines[0] = "the girl and the dog . it was a day ."
    (folder / "prompts.csv").write_text("prompt\n" + "\n".join(lines) + "\n")
    return folder


@pytest.fixture(scope="module")
def run(tab, site, files):
    """Upload both models and the prompts, choose methods and lender, wait for the end."""
    with tab() as page:
        send(page, site, "model", files / "lender.zip")
        expect(page.locator("#status")).to_contain_text("masked language model")
        send(page, site, "model", files / "stories.zip")
        send(page, site, "dataset", files / "prompts.csv")
        fits = page.locator("section[aria-labelledby=fits]")
        expect(fits).to_contain_text("lends its words to ReAGent")
        page.click("text=Explain >> visible=true")
        expect(page.locator("select[name=text]")).to_have_value("prompt")
        page.fill("input[name=tokens]", str(WRITTEN))
        page.fill("input[name=temperature]", "0.5")
        lender = page.locator("select[name=replacer]")
        lender.select_option(label=lender.locator("option", has_text="lender.zip").inner_text())
        for box in page.locator("input[name=methods]:not(:disabled)").all():
            box.set_checked(box.get_attribute("value") in METHODS)
        page.locator("#m-reagent ~ div summary", has_text="Parameters").click()
        page.select_option("select[name=reagent-source]", "masked")
        page.click("text=Start the explanation")
        page.wait_for_url(RUN)
        expect(page.locator("#status")).to_contain_text("See the results", timeout=MINUTES)
        expect(page.locator("td .state.done")).to_have_count(
            page.locator(".jobs tbody tr").count(), timeout=MINUTES
        )
        return page.url.rstrip("/")


def at(page, run, query="?sample=0"):
    page.goto(f"{run}/compare/{query}")
    expect(page.locator("x-written[data-ready]")).to_be_visible()


def chosen(page):
    return page.locator(".written a[aria-current]")


def test_a_written_token_shows_its_context_in_every_method(page, run):
    at(page, run)
    expect(chosen(page)).to_have_count(1)
    page.click("#out-3")
    page.wait_for_url("**output=3**")
    expect(page.locator("#out-3[aria-current]")).to_be_visible()
    expect(page.locator(".strand", has_text="contribution per step")).to_have_count(1)
    expect(page.locator(".strand h3").first).to_contain_text("probes")
    expect(page.locator("body")).to_contain_text("masked language model")


def test_a_span_is_chosen_by_the_keyboard(page, run):
    at(page, run)
    page.locator("#out-1").focus()
    for _ in range(2):
        page.keyboard.press("Shift+ArrowRight")
    expect(page.locator(".written a.marked")).to_have_count(3)
    expect(page.locator("x-written .readout")).to_contain_text("Tokens 1 to 3")
    page.keyboard.press("Enter")
    page.wait_for_url("**output=1**until=3**")
    expect(chosen(page)).to_have_count(3)
    expect(page.locator("#out-3")).to_be_focused()  # the page is swapped, the keyboard stays


def test_a_span_is_chosen_by_the_mouse(page, run):
    at(page, run)
    first, last = page.locator("#out-1").bounding_box(), page.locator("#out-3").bounding_box()
    page.mouse.move(first["x"] + 3, first["y"] + 5)
    page.mouse.down()
    page.mouse.move(last["x"] + last["width"] / 2, last["y"] + 5, steps=8)
    page.mouse.up()
    page.wait_for_url("**until=3**")
    expect(chosen(page)).to_have_count(3)
    page.click("#out-2", modifiers=["Shift"])
    page.wait_for_url(re.compile("output=1.*until=2"))
    expect(chosen(page)).to_have_count(2)
    page.click("text=Everything written")
    expect(chosen(page)).to_have_count(page.locator(".written a").count())


def test_words_tokens_and_sentences(page, run):
    at(page, run, "?sample=0&output=3")
    words = page.locator(".strand").first.locator(".w").count()
    page.select_option("select[name=unit]", "sentence")
    page.wait_for_url("**unit=sentence**")
    expect(page.locator("a[rel=next]")).to_have_attribute("href", re.compile("unit=sentence"))
    assert 1 < page.locator(".strand").first.locator(".w").count() < words


def test_the_map_of_context_by_output_leads_to_a_token(page, run):
    at(page, run)
    matrix = page.locator("x-matrix canvas").first
    matrix.scroll_into_view_if_needed()
    box = matrix.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.99, box["y"] + 5)
    expect(page.locator("x-matrix .readout")).to_contain_text("→")
    page.mouse.click(box["x"] + box["width"] * 0.99, box["y"] + 5)
    last = page.locator(".written a").count() - 1
    page.wait_for_url(f"**output={last}**")


def test_the_prompt_is_edited_and_explained_again(page, run):
    at(page, run)
    page.click("#what-if summary")
    field = page.locator("#what-if textarea[name=text]")
    expect(field).to_have_value("the girl and the dog . it was a day .")
    field.fill("the boy and the cat")
    page.click("text=Explain this text")
    expect(page.locator("#edited .state.done")).to_be_visible(timeout=MINUTES)
    expect(page.locator("#edited .strand").first).to_contain_text("boy")
    page.click("text=Every token that was written after this prompt")
    expect(page.locator("x-written[data-ready]")).to_be_visible()


def test_faithfulness_is_measured_softly_too(page, run):
    page.goto(f"{run}/faithfulness/")
    expect(page.locator("#league")).to_be_visible()
    expect(page.locator("nav[aria-label=Baseline] a")).to_have_count(3)
    table = page.locator("table", has_text="Random values")
    expect(table.locator("thead")).to_contain_text("Soft-NC, shares")
    expect(table.locator("tbody.reference td").first).to_contain_text("0")
    page.goto(f"{run}/overview/")
    expect(page.locator("main")).to_contain_text("Softly measured")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_accessible_and_as_wide_as_its_window(tab, run, scheme):
    with tab(color_scheme=scheme) as page:
        for name in ("compare/?sample=0&output=1&until=3", "faithfulness/", "overview/"):
            page.goto(f"{run}/{name}")
            draw_all(page)
            assert violations(page) == [], name
            for width in (390, 1024, 1440):
                page.set_viewport_size({"width": width, "height": 900})
                assert not is_too_wide(page), (name, width)
                if SHOTS:
                    Path(SHOTS).mkdir(parents=True, exist_ok=True)
                    path = f"{SHOTS}/{name.partition('/')[0]}-{width}-{scheme}.png"
                    page.screenshot(path=path, full_page=True)
