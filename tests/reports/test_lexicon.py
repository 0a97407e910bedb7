"""The words of all texts: means, counts and filters against sums by hand."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest

from tests.reports.text_run import table_of, write_text_run
from xai.reports.findings_texts import reliance
from xai.reports.html import render
from xai.reports.lexicon import Filter, lexicon
from xai.reports.words import sentences

SENTENCES = ("good film", "bad film", "Good good unbelievably film", "bad film", "good bad film")


@pytest.fixture
def results(tmp_path):
    return write_text_run(tmp_path, sentences=SENTENCES)


def by_hand(results, slug, rows):
    """Sum the tokens of each place of a word, then average over its places."""
    places = defaultdict(list)
    for row in table_of(results, slug):
        if row["sample"] not in rows:
            continue
        facts = results.samples[row["sample"]]
        at = defaultdict(float)
        for unit, word in enumerate(facts["words"]):
            if word >= 0:
                at[word] += row["values"][unit]
        for word, text in enumerate(facts["text"].split(" ")):
            places[text.casefold()].append(at[word])
    return places


@pytest.mark.parametrize("slug", ["shapley", "attention_last"])
def test_means_are_those_of_all_places(results, slug):
    found = lexicon(results, Filter())
    words = next(one for one in found.methods if one.slug == slug)
    expected = by_hand(results, slug, {0, 3, 6, 9, 12})
    assert dict(zip(found.words, found.counts, strict=True)) == {
        word: len(values) for word, values in expected.items()
    }
    for i, word in enumerate(found.words):
        assert words.mean[i] == pytest.approx(np.mean(expected[word]), rel=1e-5)
        assert words.size[i] == pytest.approx(np.mean(np.abs(expected[word])), rel=1e-5)


def test_only_samples_of_the_filter_count(results):
    predictions = results.predictions
    right = {int(s) for s, c in zip(predictions.samples, predictions.correct, strict=True) if c}
    found = lexicon(results, Filter(answer="right"))
    assert found.samples == len(right)
    expected = by_hand(results, "shapley", right)
    assert set(found.words) == set(expected)


def test_a_word_in_one_place_has_no_interval(results):
    found = lexicon(results, Filter())
    at = found.words.index("unbelievably")
    assert np.isnan(found.methods[0].low[at])
    assert np.isfinite(found.methods[0].low[found.words.index("film")])


def test_no_sample_left_is_empty_not_an_error(results):
    found = lexicon(results, Filter(target="nothing"))
    assert found.samples == 0
    assert found.words == []


def test_every_sentence_about_words_has_its_number(results):
    for sentence in reliance(results):
        assert any(sign.isdigit() for sign in sentence.text)
    assert sentences(results)


def test_the_report_shows_words_and_texts(results):
    text = render(results)
    assert "unbelievably" in text
    assert 'class="w' in text
    assert "Words for" in text
