"""The page, the report and the bundle tell the same numbers: all three are read."""

from __future__ import annotations

import io
import json
import re
import zipfile
from html import unescape

import numpy as np
import pyarrow.parquet as pq
import pytest
from django.urls import reverse

from tests.web.landed_run import land
from xai.evaluation import catalogue
from xai.figures.parts import number, signed
from xai.reports.phrasing import two
from xai.web.middleware import local_owner

LOCAL = ("shapley", "occlusion", "lime", "random")
ROW = 4


@pytest.fixture
def read(client, make_upload):
    """Return a reader of the run's pages, and of the files of its bundle."""
    run = land(local_owner(), make_upload, methods=(*LOCAL, "permutation"))
    stream = client.get(reverse("bundle", args=[run.pk])).streaming_content
    archive = zipfile.ZipFile(io.BytesIO(b"".join(stream)))

    def reader(name, query=""):
        if name.endswith(".json"):
            return json.loads(archive.read(name))
        if name.endswith(".parquet"):
            return pq.read_table(io.BytesIO(archive.read(name))).to_pylist()
        if name == "report.html":
            return archive.read(name).decode()
        return client.get(reverse(name, args=[run.pk]) + query).content.decode()

    return reader


def rows_of(page, start, cell):
    """Return {head of row: cells} of the first table after `start`."""
    table = page[page.index(start) :]
    body = table[table.index("<tbody") : table.index("</table>")]
    found = {}
    for row in re.findall(r"<tr.*?</tr>", body, re.DOTALL):
        head = re.search(r'<th[^>]*scope="row".*?</th>', row, re.DOTALL)
        if head:
            found[words(head[0])] = [words(one) for one in re.findall(cell, row, re.DOTALL)]
    return found


def words(markup):
    without = re.sub(r"<small.*?</small>", "", markup, flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", without))).strip()


def amounts(page, start):
    pattern = r'<span[^>]*class="amount"[^>]*>.*?</span>'
    return rows_of(page, start, pattern)


def test_importance(read):
    page, report = read("global"), read("report.html")
    shown, written = amounts(page, 'id="importance"'), amounts(report, '<section id="importance"')
    kept = read("importance.parquet")
    features = {one["name"] for one in kept}
    order = [*[slug for slug in LOCAL if slug != "random"], "permutation", "random"]
    assert set(shown) == set(written) == features
    for feature in features:
        values = {one["method"]: one["value"] for one in kept if one["name"] == feature}
        told = [number(values[slug]) for slug in order]
        assert sorted(shown[feature]) == sorted(written[feature])
        assert sorted(shown[feature]) == sorted(told)


def test_the_bundle_s_importance_is_that_of_its_attributions(read):
    """To the last digit, bounds included: pages compute it from the same values."""
    kept = read("attributions.parquet")
    for one in read("importance.parquet"):
        of = [row for row in kept if row["method"] == one["method"]]
        if of:
            sizes = np.abs([row["values"][row["names"].index(one["name"])] for row in of])
            half = 1.96 * sizes.std(ddof=1) / np.sqrt(len(sizes))
            assert one["value"] == pytest.approx(sizes.mean(), rel=1e-12)
            assert one["low"] == pytest.approx(max(0.0, sizes.mean() - half), rel=1e-9, abs=1e-15)


def test_one_row_by_every_method(read):
    page, report = read("compare", f"?sample={ROW}"), read("report.html")
    shown = amounts(page, 'id="side"')
    kept = [one for one in read("attributions.parquet") if one["sample"] == ROW]
    assert {one["method"] for one in kept} == set(LOCAL)
    for feature, cells in shown.items():
        told = [signed(one["values"][one["names"].index(feature)]) for one in kept]
        assert sorted(cells) == sorted(told)
    disputed = int(re.search(r"<h3>Row (\d+), the most disputed</h3>", report)[1])
    written = amounts(report, f"<h3>Row {disputed}, the most disputed</h3>")
    kept = [one for one in read("attributions.parquet") if one["sample"] == disputed]
    for feature, cells in written.items():
        told = [signed(one["values"][one["names"].index(feature)]) for one in kept]
        assert sorted(cells) == sorted(told)


def test_agreement(read):
    page, report, kept = read("agreement"), read("report.html"), read("agreement.json")
    default = kept["default"]
    pairs = [one for one in kept["pairs"] if one["measure"] == default]
    between = [one for one in pairs if {one["a"], one["b"]} <= set(kept["methods"])]
    assert len(between) == 3
    title = catalogue.CATALOGUE[default].title
    assert title in page
    assert title in report
    for one in between:
        said = f"{two(one['low'])} to {two(one['high'])}"
        for text in (page, report):
            cells = re.findall(r"<td[^>]*class=\"cell step.*?</td>", text, re.DOTALL)
            same = [cell for cell in cells if said in words(cell.replace("small", "i"))]
            assert len(same) >= 2, said  # above and below the diagonal
            assert two(one["mean"]) in words(same[0])


def test_faithfulness(read):
    page, report, kept = read("faithfulness"), read("report.html"), read("faithfulness.json")
    best = [
        one for one in kept["league"]
        if (one["measure"], one["baseline"]) == (kept["default"], kept["baseline"])
    ]  # fmt: skip
    assert {one["method"] for one in best} >= set(LOCAL[:3])
    for text, start in ((page, 'id="league"'), (report, '<section id="faithfulness"')):
        part = text[text.index(start) :]
        for one in best:
            interval = f"{number(one['low'])} to {number(one['high'])}"
            assert number(one["mean"]) in words(part), one["method"]
            assert interval in unescape(part), one["method"]


def test_the_verdict_is_word_for_word_the_same(read):
    page, report = read("overview"), read("report.html")
    section = report[
        report.index('<section id="verdict"') : report.index('<section id="importance"')
    ]
    limits = report[report.index('<section id="limits"') :]
    said = re.findall(r'<li class="?[^>]*>(.*?)(?:<a |</li>)|<li>(.*?)(?:<a |</li>)', section)
    sentences = [words(one or other) for one, other in said]
    assert len(sentences) > 5
    for sentence in sentences:
        assert sentence in words(page), sentence
    assert "Agreement is not truth" in limits
    assert "Agreement is not truth" in page
