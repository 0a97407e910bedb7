"""From upload to report, as a person goes: a real installation, real workers, a real browser."""

from __future__ import annotations

import pickle
import re

import pytest

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
from xai.jail import browser

pytestmark = pytest.mark.slow

METHODS = ("shapley", "occlusion", "lime", "random")


@pytest.fixture(scope="module")
def wine(tmp_path_factory):
    """Train a forest on wines of three cultivars; keep a third of the rows, with the truth."""
    from sklearn.datasets import load_wine
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.model_selection import train_test_split
    from skops.io import dump

    bunch = load_wine(as_frame=True)
    truth = bunch.target.map({0: "Barolo", 1: "Grignolino", 2: "Barbera"})
    data = bunch.data.rename(columns={"od280/od315_of_diluted_wines": "od280/od315"})
    fit, test, learnt, held = train_test_split(data, truth, test_size=0.34, random_state=0)
    folder = tmp_path_factory.mktemp("wine")
    forest = RandomForestClassifier(60, max_depth=6, random_state=0)
    dump(forest.fit(fit, learnt.to_numpy(dtype="U10")), folder / "wine_forest.skops")
    test.assign(cultivar=held).to_csv(folder / "wine_test.csv", index=False)
    return folder


@pytest.fixture(scope="module")
def run(tab, site, wine):
    """Upload model and data, choose three methods and the control, wait for the end."""
    with tab() as page:
        send(page, site, "model", wine / "wine_forest.skops")
        expect(page.locator("#status")).to_contain_text("Barbera")
        picture(page, "model", 720)
        send(page, site, "dataset", wine / "wine_test.csv")
        expect(page.locator("#fits")).to_be_visible()
        page.click("text=Explain >> visible=true")
        for box in page.locator("input[name=methods]:not(:disabled)").all():
            box.set_checked(box.get_attribute("value") in METHODS)
        expect(page.locator("#estimate")).to_contain_text("4 methods")
        picture(page, "ask", 900)
        page.click("text=Start the explanation")
        page.wait_for_url(RUN)
        expect(page.locator("#status")).to_contain_text("See the results", timeout=MINUTES)
        expect(page.locator("td .state.done")).to_have_count(page.locator(".jobs tbody tr").count())
        picture(page, "run", 640)
        return page.url.rstrip("/")


def test_the_overview_says_in_words_what_was_found(page, run):
    page.goto(f"{run}/overview/")
    expect(page.locator(".verdict").first).to_contain_text("the model relies most on")
    picture(page, "overview", 900)


def test_a_row_is_explained_by_every_method_side_by_side(page, run):
    page.goto(f"{run}/compare/?by=dispute")
    for name in ("Shapley values", "Occlusion", "LIME", "Random values"):
        expect(page.locator(".lanes thead")).to_contain_text(name)
    draw_all(page)
    picture(page, "compare", 900)


def test_the_keyboard_alone_goes_through_rows_and_the_address_follows(page, run):
    page.goto(f"{run}/compare/?by=dispute&scale=own")
    expect(page.locator("x-compare[data-ready]")).to_be_visible()
    first = page.locator("#compare h2").first.inner_text()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#compare h2").first).to_contain_text("2 of")
    assert re.search(r"\?sample=\d+&scale=own&by=dispute$", page.url)
    second, address = page.locator("#compare h2").first.inner_text(), page.url
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#compare h2").first).to_have_text(first)
    page.goto(address)
    assert page.locator("#compare h2").first.inner_text() == second


def test_pointing_at_a_feature_lights_it_up_in_every_method(page, run):
    page.goto(f"{run}/compare/")
    row = page.locator(".lanes tbody tr").nth(2)
    row.locator("td.entry").last.hover()
    expect(row).to_have_class("lit")
    assert row.locator("td.entry .amount").count() == 4
    weights = row.locator("td.entry .amount").evaluate_all(
        "cells => cells.map(cell => getComputedStyle(cell).fontWeight)"
    )
    assert set(weights) == {"700"}


def test_agreement_shows_every_pair_and_another_measure_on_demand(page, run):
    page.goto(f"{run}/agreement/")
    draw_all(page)
    assert page.locator(".matrix tbody:first-of-type .cell a").count() == 6
    picture(page, "agreement", 900)
    page.click("text=Sign agreement")
    expect(page.locator(".choices [aria-current]")).to_have_text("Sign agreement")
    assert "measure=" in page.url


def test_a_worker_makes_a_report_with_its_pdf(page, run):
    page.goto(f"{run}/reports/")
    page.fill("input[name=title]", "For the board")
    page.click("button:has-text('Make the report')")
    expect(page.locator("#read")).to_be_visible(timeout=MINUTES)
    expect(page.locator("table th >> text=PDF")).to_have_count(1 if browser.find() else 0)
    page.click("#read")
    expect(page.locator("h1")).to_contain_text("For the board")


def test_the_report_is_downloaded_and_opens_without_a_network(page, tab, run, tmp_path):
    page.goto(f"{run}/overview/")
    with page.expect_download() as download:
        page.click("text=Report (.html)")
    kept = tmp_path / download.value.suggested_filename
    download.value.save_as(kept)
    asked = []
    with tab(offline=True) as reader:
        reader.on("request", lambda request: asked.append(request.url))
        reader.goto(kept.as_uri())
        expect(reader.locator("h1")).to_contain_text("wine_forest.skops")
        assert reader.locator("svg.bar").count() > 50
        assert violations(reader) == []
        picture(reader, "report", 900)
    assert asked == [kept.as_uri()]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_accessible_and_as_wide_as_its_window(tab, site, run, scheme):
    own = [f"{run}/{name}" for name in ("", "overview/", "compare/", "global/", "agreement/")]
    others = [f"{site}/{name}" for name in (
        "", "uploads/new/", "models/", "datasets/", "runs/", "runs/new/", "system/")]  # fmt: skip
    with tab(color_scheme=scheme) as page:
        page.goto(f"{site}/models/")
        others.append(site + page.locator("tbody a").first.get_attribute("href"))
        for address in own + others:
            page.set_viewport_size({"width": 1280, "height": 900})
            page.goto(address)
            draw_all(page)
            assert violations(page) == [], address
            for width in (390, 1024, 1440):
                page.set_viewport_size({"width": width, "height": 900})
                assert not is_too_wide(page), (address, width)


def test_a_pickle_is_refused_in_a_sentence_that_says_how_to_convert_it(page, site, tmp_path):
    kept = tmp_path / "model.joblib"
    kept.write_bytes(pickle.dumps({"a": 1}))
    send(page, site, "model", kept)
    expect(page.locator("#status [role=alert]")).to_contain_text("skops.io.dump")
    assert violations(page) == []


def test_the_example_goes_from_one_button_to_its_results(page, site):
    page.goto(site)
    page.click("text=Run the example")
    page.wait_for_url(RUN, timeout=MINUTES)
    expect(page.locator("#results")).to_have_text("See the results", timeout=2 * MINUTES)
    page.click("#results")
    expect(page.locator("h1")).to_contain_text("breast_cancer_forest.skops")
    expect(page.locator(".verdict").first).to_contain_text("the model relies most on")
    draw_all(page)
    assert violations(page) == []
