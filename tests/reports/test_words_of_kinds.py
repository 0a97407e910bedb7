"""The verdict for texts, stories and pictures: their own words, a number and a place for each."""

from __future__ import annotations

import re

import pytest

from tests.reports.picture_run import write_picture_run
from tests.reports.text_run import SENTENCES, write_story_run, write_text_run
from xai.reports.words import TITLES, sentences
from xai.runner import agreement
from xai.web.urls import urlpatterns

PAGES = {getattr(pattern, "name", None) for pattern in urlpatterns}


def compared(results, folder):
    """Return the results with the agreement of their methods."""
    job = {"role": "agreement", "method": "", "params": {}, "seed": 0, "key": "k" * 64}
    agreement.evaluate(results.folders, folder / "agreement", job)
    return type(results).gather(
        results.manifest, results.folders | {"agreement": folder / "agreement"}
    )


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """Return the sentences of a run of each kind."""
    folder = tmp_path_factory.mktemp("kinds")
    texts = write_text_run(folder / "texts", sentences=SENTENCES * 8)
    stories = write_story_run(folder / "stories", prompts=("once upon a time",) * 4)
    pictures = write_picture_run(folder / "pictures")
    return {
        "text": sentences(compared(texts, folder / "texts")),
        "word": sentences(compared(stories, folder / "stories")),
        "picture": sentences(pictures),
    }


def about(found, kind, topic):
    return " ".join(s.text for s in found[kind] if s.topic == topic)


@pytest.mark.parametrize("kind", ["text", "word", "picture"])
def test_every_sentence_has_a_number_and_a_place_that_exists(found, kind):
    for sentence in found[kind]:
        assert sentence.topic in TITLES
        assert sentence.page in PAGES, sentence.text
        if sentence.topic != "notes":
            assert re.search(r"\d", sentence.text), sentence.text


@pytest.mark.parametrize("kind", ["text", "word", "picture"])
def test_rows_and_features_are_words_of_tables(found, kind):
    text = " ".join(s.text for s in found[kind] if s.topic != "notes")
    assert not re.search(r"\b(rows?|features?)\b", text), text


def test_what_a_picture_rests_on_is_told_by_concepts_and_places(found):
    text = about(found, "picture", "relies")
    assert "By CRAFT concepts, what speaks most for “" in text
    assert re.search(r"concept \d+ \(", text)


def test_what_a_story_rests_on_is_told_by_words_and_share_of_the_prompt(found):
    text = about(found, "word", "relies")
    assert "raise the log-probability of what is written most" in text
    assert re.search(r"[\d.]+ % of the strength lies on the prompt \(95 % interval", text)


def test_a_story_is_explained_token_by_token(found):
    assert "each of 12 tokens that follow 4 prompts" in about(found, "word", "caution")


def test_attention_that_is_the_same_for_every_class_is_to_distrust(found):
    text = about(found, "text", "distrust")
    assert "Raw attention (1 of 3 methods) is not class-specific" in text


def test_agreement_is_told_in_texts_and_words(found):
    text = about(found, "text", "agreement")
    assert "On single texts the 3 methods put the words" in text
    assert "differ most on text " in text


def test_few_texts_are_a_caution(found):
    assert "Only 24 texts are explained" in about(found, "text", "caution")
