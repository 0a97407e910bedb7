"""Tokens to words, values to colours, long texts folded."""

from __future__ import annotations

import numpy as np
import pytest

from tests.reports.text_run import sample_of
from xai.figures.tokens import STEPS, folded, pieces, places, steps, values_of

SAMPLE = sample_of("unbelievably dull , and long")


def texts(**choices):
    return [
        p.text for p in pieces(SAMPLE, **({"by_token": False, "with_special": False} | choices))
    ]


def test_sub_tokens_are_merged_into_the_words_of_the_text():
    assert texts() == ["unbelievably", "dull", ",", "and", "long"]


def test_tokens_are_shown_as_the_model_reads_them():
    assert texts(by_token=True)[:3] == ["unbel", "ievably", "dull"]
    assert texts(by_token=True, with_special=True)[0] == "[CLS]"


def test_a_word_has_the_sum_of_its_tokens():
    found = pieces(SAMPLE, by_token=False, with_special=False)
    values = np.arange(len(SAMPLE["tokens"]), dtype=float)
    assert values_of(found, values).tolist() == [1 + 2, 3, 4, 5, 6]


def test_words_of_a_pair_are_told_apart():
    pair = {
        "text": "go on", "pair": "stop", "tokens": ["go", "on", "stop"], "words": [0, 1, 2],
        "special": [False] * 3, "spans": [[0, 2], [3, 5], [0, 4]], "fields": [0, 0, 1],
    }  # fmt: skip
    found = pieces(pair, by_token=False, with_special=False)
    assert [(p.text, p.is_second) for p in found][1:] == [("on", False), ("stop", True)]


def test_without_spans_tokens_speak_for_themselves():
    bare = {"tokens": ["he", "llo", "you"], "words": [0, 0, 1], "text": "hello you"}
    assert [p.text for p in pieces(bare, by_token=False, with_special=True)] == ["hello", "you"]


def test_gaps_are_those_of_the_text():
    sample = sample_of("a b")
    sample["text"], sample["spans"] = "a\nb", [None, [0, 1], [2, 3], None]
    assert [p.gap for p in pieces(sample, by_token=False, with_special=False)] == [" ", "\n"]


def test_the_ends_of_the_scale_have_the_last_step():
    assert steps(np.array([-2.0, -1.0, 0.0, 0.01, 0.5, 1.0]), 1.0).tolist() == [
        -STEPS, -STEPS, 0, 0, STEPS // 2, STEPS,
    ]  # fmt: skip


@pytest.mark.parametrize("end", [0.0, float("nan")])
def test_a_scale_without_an_end_has_no_colour(end):
    assert steps(np.zeros(3), end).tolist() == [0, 0, 0]


def test_equal_values_share_the_best_place():
    assert places(np.array([0.5, -2.0, 0.5, 0.0])).tolist() == [2, 1, 2, 4]


def test_a_long_text_is_folded_around_what_matters():
    assert folded([0, 20, 22], 100) == [(0, 5), (16, 27)]
    assert folded([], 10) == []


def sentences(*tokens, **more):
    count = len(tokens)
    sample = {"tokens": tokens, "words": list(range(count)), "special": [False] * count} | more
    found = pieces(sample, by_token=False, by_sentence=True, with_special=True)
    return ["".join(tokens[unit] for unit in piece.units) for piece in found]


def test_words_are_joined_to_sentences():
    assert sentences("The", " dog", " ran", ".", " It", " costs", " 3.14", "!", " so") == [
        "The dog ran.", " It costs 3.14!", " so",
    ]  # fmt: skip
    assert sentences("One", ".\n", "Two", "\n", "three") == ["One.\n", "Two\n", "three"]


def test_a_quotation_mark_stays_with_its_sentence():
    assert sentences("“Go", "!", "”", " she", " said", ".") == ["“Go!”", " she said."]


def test_special_tokens_and_the_second_text_begin_anew():
    special = [True, False, False, True, False]
    assert sentences("[CLS]", "a", " b", "[SEP]", "c", special=special, fields=[0, 0, 0, 0, 1]) == [
        "[CLS]", "a b", "[SEP]", "c",
    ]  # fmt: skip
    assert sentences("a", " b", fields=[0, 1]) == ["a", " b"]


def test_the_value_of_a_sentence_is_the_sum_of_its_words():
    found = pieces(SAMPLE, by_token=False, by_sentence=True, with_special=False)
    values = np.arange(len(SAMPLE["tokens"]), dtype=float)
    inside = [unit for unit, special in enumerate(SAMPLE["special"]) if not special]
    assert values_of(found, values).tolist() == [values[inside].sum()]
