"""Which columns hold texts, by their names and lengths."""

from __future__ import annotations

from xai.assets.text_columns import guess_prompt_columns, guess_text_columns, text_columns


def facts(**lengths):
    return {
        "columns": [
            {"name": name, "kind": "number" if length is None else "category",
             "mean_length": length}
            for name, length in lengths.items()
        ]
    }  # fmt: skip


def test_numbers_are_no_texts():
    assert text_columns(facts(age=None, text=80.0)) == ("text",)


def test_a_telling_name_wins_over_length():
    assert guess_text_columns(facts(notes=300.0, Sentence=40.0)) == ("Sentence", "")


def test_without_a_name_the_longest_words_are_the_text():
    assert guess_text_columns(facts(city=9.0, story=200.0)) == ("story", "")
    assert guess_text_columns(facts(city=9.0)) == ("", "")


def test_two_texts_are_a_pair():
    assert guess_text_columns(facts(premise=60.0, hypothesis=30.0)) == ("premise", "hypothesis")


def test_a_lone_second_name_is_the_text():
    assert guess_text_columns(facts(answer=60.0, id=8.0)) == ("answer", "")


def test_a_prompt_and_its_continuation():
    assert guess_prompt_columns(facts(prompt=60.0, reference=90.0)) == ("prompt", "reference")
    assert guess_prompt_columns(facts(text=60.0)) == ("text", "")
