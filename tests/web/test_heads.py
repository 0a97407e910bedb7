"""The attention page: every head with entropy and effect, one large, labels beside words."""

from __future__ import annotations

import base64
import html
import json
import re

import numpy as np
import pytest

from tests.reports.fixtures import EVIL
from tests.reports.text_run import SENTENCES
from tests.web.landed_run import land_text
from xai.reports.heads import smaller
from xai.web import heads

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(client, alice, make_upload, server_mode):
    client.force_login(alice)
    usual = land_text(alice, make_upload, heads={"effect": True})

    def get(query="", of=usual):
        answer = client.get(f"/runs/{of.pk}/attention/{query}")
        assert answer.status_code == 200
        return answer.content.decode()

    return get


def test_every_head_has_a_map_an_entropy_and_an_effect(page):
    text = page()
    assert len(re.findall(r'aria-label="Layer \d, head \d"', text)) == 6
    cells = re.findall(r"<small>(\S+?) ?<b>(\S+?)</b></small>", text.replace("\u202f", ""))
    assert [spread for spread, _ in cells] == ["0%", "0%", "100%"] * 2
    assert cells[4][1] == "+0.500"


def test_the_address_chooses_text_and_head(page):
    text = page("?sample=3&layer=1&head=3")
    assert '<h2 id="large">Layer 1, head 3</h2>' in text
    assert text.count('aria-current="true"') == 2
    tokens = json.loads(html.unescape(re.search(r'data-contexts="([^"]+)"', text)[1]))
    data = re.search(r'data-title="attention" data-map="([^"]+)"', text)[1]
    drawn = np.frombuffer(base64.b64decode(data), dtype=np.int8)
    assert tokens[1] == "unbel"
    assert len(drawn) == len(tokens) ** 2
    assert set(drawn) == {round(127 / len(tokens))}


def test_what_an_address_cannot_mean_is_the_usual(page):
    assert '<h2 id="large">Layer 2, head 3</h2>' in page("?sample=x&layer=99999&head=-1")


def test_words_are_shaded_by_their_likeness_to_a_labels_name(page):
    text = page()
    assert '<span class="shade-0" title="special or unknown"><bdi>[CLS]</bdi>' in text
    assert '<span class="shade-6" title="cosine 1.00"><bdi>journey</bdi>' in text
    assert '<span class="shade-0" title="cosine −1.00"><bdi>a</bdi>' in text
    assert "no words that the model knows: <bdi>negative</bdi>." in text


def test_without_effects_the_page_says_so(page, alice, make_upload):
    text = page(of=land_text(alice, make_upload, heads={"effect": False}))
    assert "no head could be left out" in text
    assert "<b>" not in re.search(r"<x-overlay.*?</x-overlay>", text, re.DOTALL)[0]


def test_the_tab_is_there_where_heads_are(page, client, alice, make_upload):
    assert re.search(r'id="tab-attention" href="[^"]+" aria-current="page"', page())
    other = land_text(alice, make_upload)
    assert 'id="tab-attention"' not in client.get(f"/runs/{other.pk}/overview/").content.decode()
    assert client.get(f"/runs/{other.pk}/attention/").status_code == 404


def test_the_other_pages_stand_beside_heads(client, alice, make_upload, server_mode):
    client.force_login(alice)
    run = land_text(alice, make_upload, heads={"effect": True})
    for name in ("overview", "compare", "global", "report.html", "bundle.zip"):
        address = f"/runs/{run.pk}/{name}" + ("" if "." in name else "/")
        answer = client.get(address)
        assert answer.status_code == 200, name
        answer.close()


def test_tokens_are_shown_as_text(page, alice, make_upload):
    evil = next(one for one in EVIL if "<" in one)
    text = page(
        of=land_text(alice, make_upload, sentences=(evil, *SENTENCES), heads={"effect": True})
    )
    assert "<script>alert" not in text
    assert "<img" not in text


def test_small_maps_keep_the_strongest_of_a_long_text():
    one = np.zeros((100, 100))
    one[57, 99] = 0.9
    small = smaller(one, heads.THUMBNAIL)
    assert small.shape == (25, 25)
    assert small[14, 24] == 0.9
    assert small.sum() == 0.9


def test_a_labels_own_attention_stands_beside_where_the_model_shows_it(page, alice, make_upload):
    assert 'id="attended"' not in page()
    text = page(of=land_text(alice, make_upload, heads={"attended": True}))
    shown = text[text.index('id="attended"') :]
    assert "<h3><bdi>negative</bdi></h3>" in shown
    assert '<span class="shade-6" title="attention 1.00"><bdi>a</bdi>' in shown
    assert '<span class="shade-0" title="attention 0"><bdi>journey</bdi>' in shown


def test_entropy_says_what_it_is_a_share_of(page):
    assert "log<sub>2</sub> of the number of tokens" in page()
