"""One text and its methods side by side: the numbers on the page are those of the files."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.reports.text_run import table_of, write_text_run
from xai.methods import catalogue
from xai.reports.passages import KEPT, Choices, passage


@pytest.fixture
def results(tmp_path):
    return write_text_run(tmp_path)


def test_token_values_are_those_of_the_file(results):
    found = passage(results, 3, Choices(by_token=True, with_special=True))
    (row,) = [row for row in table_of(results, "shapley") if row["sample"] == 3]
    assert row["names"] == [piece.text for piece in found.pieces]
    np.testing.assert_allclose(found.strands[0].values, row["values"], rtol=1e-6)
    assert found.strands[0].total == pytest.approx(sum(row["values"]))


def test_words_add_up_to_their_tokens(results):
    by_word = passage(results, 3, Choices(with_special=True))
    by_token = passage(results, 3, Choices(by_token=True, with_special=True))
    for words, tokens in zip(by_word.strands, by_token.strands, strict=True):
        assert words.values.sum() == pytest.approx(tokens.values.sum())


def test_signed_methods_share_one_scale_and_controls_do_not_stretch_it(results):
    found = {s.slug: s for s in passage(results, 0, Choices()).strands}
    largest = max(np.abs(found[s].values).max() for s in ("shapley", "integrated_gradients"))
    assert found["shapley"].end == found["random"].end == pytest.approx(largest)
    assert found["attention_last"].end == pytest.approx(found["attention_last"].values.max())


def test_each_method_may_have_its_own_scale(results):
    for strand in passage(results, 0, Choices(own_scale=True)).strands:
        assert strand.end == pytest.approx(np.abs(strand.values).max())


def test_dispute_is_the_spread_of_places_without_controls(results):
    found = passage(results, 0, Choices())
    votes = np.array([s.places for s in found.strands if not s.is_control])
    expected = (votes.max(axis=0) - votes.min(axis=0)) / (len(found.pieces) - 1)
    np.testing.assert_allclose(found.dispute, expected)


def test_errors_are_shown_for_single_tokens_only(results):
    assert passage(results, 3, Choices(by_token=True)).strands[0].error is not None
    assert passage(results, 3, Choices()).strands[0].error is None


def test_an_unknown_sample_is_a_key_error(results):
    with pytest.raises(KeyError):
        passage(results, 1, Choices())


def test_many_methods_that_disagree_keep_few_pieces_each_methods_strongest_among_them(tmp_path):
    text = " ".join(f"word{i}" for i in range(512))
    methods = [s for s, card in catalogue.of(catalogue.TEXT).items() if card.scope == "local"][:10]
    found = passage(write_text_run(tmp_path, (text,), methods), 0, Choices())
    kept = found.matters()
    assert len(kept) == KEPT
    voters = [strand for strand in found.strands if not strand.is_control]
    assert len(voters) >= 9
    assert {int(np.abs(strand.values).argmax()) for strand in voters} <= set(kept)


def test_a_method_that_says_nothing_unfolds_nothing(results):
    found = passage(results, 0, Choices())
    silent = [replace(strand, values=0 * strand.values) for strand in found.strands]
    assert replace(found, strands=silent).matters() == []
