from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.assets.folders import WORDS, tiny_language_model
from xai.errors import XaiError
from xai.workbench.continued import Writing, continued
from xai.workbench.language import Language, batches, open_language
from xai.workbench.language_problem import problem

PROMPTS = (
    "the girl and the dog",
    "it was a very good day and the boy was not sad .",
    "a cat",
)


@pytest.fixture(scope="module")
def language(tmp_path_factory):
    return open_language(str(tiny_language_model(tmp_path_factory.mktemp("model") / "m.zip")))


@pytest.fixture(scope="module")
def posed(language):
    samples = [
        continued(language, prompt, None, Writing(4 + row, 0.0, 0), row)
        for row, prompt in enumerate(PROMPTS)
    ]
    counts = np.bincount(np.concatenate([one.ids for one in samples]), minlength=language.size)
    return problem(
        language, samples, np.arange(3), 0, np.where(language.ordinary, counts, 0)
    ), samples


def plain(language, ids):
    """Log-probabilities at every place by one plain call."""
    with torch.inference_mode():
        answer = language.network(input_ids=torch.tensor(np.asarray(ids))[None])
    return answer.logits[0].double().log_softmax(-1).numpy()


def test_it_writes_what_the_library_writes(language):
    for row, prompt in enumerate(PROMPTS):
        ids = torch.tensor([language.tokenizer(prompt)["input_ids"]])
        written = language.network.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            max_new_tokens=8,
            do_sample=False,
            pad_token_id=0,
        )[0].tolist()
        mine = continued(language, prompt, None, Writing(8, 0.0, 0), row)
        assert mine.ids.tolist() == written
        assert mine.prompt == ids.shape[1]


def test_drawn_continuations_depend_on_seed_and_row_alone(language):
    def drawn(seed, row):
        return continued(language, PROMPTS[0], None, Writing(12, 1.0, seed), row).ids.tolist()

    assert drawn(0, 0) == drawn(0, 0)
    assert len({tuple(drawn(seed, row)) for seed in range(3) for row in range(3)}) > 5


def test_drawing_follows_the_model(language):
    ids = language.tokenizer("the dog")["input_ids"]
    shares = np.exp(plain(language, ids)[-1])
    firsts = [
        continued(language, "the dog", None, Writing(1, 1.0, 0), row).ids[-1] for row in range(800)
    ]
    seen = np.bincount(firsts, minlength=len(shares)) / 800
    assert np.abs(seen - shares).max() < 0.06


def test_a_given_continuation_is_read_not_written(language):
    one = continued(language, "the girl", "and the dog .", Writing(3, 0.0, 0), 0)
    assert one.ids.tolist() == language.tokenizer("the girl and the dog")["input_ids"]
    assert one.pieces[one.prompt :] == (" and", " the", " dog")


def test_pieces_are_parts_of_the_text_and_words_count_them(language):
    one = continued(language, PROMPTS[1], "the end", Writing(9, 0.0, 0), 0)
    assert "".join(p for p, s in zip(one.pieces, one.special, strict=True) if not s) == one.text
    assert [one.text[a:b] for a, b in one.spans][1:] == list(one.pieces[1:])
    assert one.pieces[0] == "<s>"
    assert one.words.tolist() == [-1, *range(len(one.ids) - 1)]


def test_letters_of_several_tokens_and_words_of_several_tokens():
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    inner = Tokenizer(models.BPE({letter: i for i, letter in enumerate(alphabet)}, []))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=inner, model_max_length=64)
    config = GPT2Config(
        vocab_size=256,
        n_positions=64,
        n_embd=8,
        n_layer=1,
        n_head=1,
        bos_token_id=None,
        eos_token_id=None,
    )
    language = Language(GPT2LMHeadModel(config).eval().requires_grad_(False), tokenizer)
    one = continued(language, "so 漢 it", "is", Writing(9, 0.0, 0), 0)
    assert one.text == "so 漢 it is"
    assert one.spans[5] == (3, 4)
    assert one.spans[3] == (3, 3)
    assert one.words.tolist() == [0, 0, 1, 1, 1, 1, 2, 2, 2, 3, 3, 3]


def test_a_prompt_that_is_too_long_loses_its_beginning(language):
    long = " ".join(WORDS) + " "
    one = continued(language, long * 4, None, Writing(8, 0.0, 0), 0)
    assert len(one.ids) <= language.most
    assert one.cut == 1 + 4 * len(WORDS) - (language.most - 8)
    assert one.ids[0] == language.tokenizer.bos_token_id
    whole = language.tokenizer(long * 4)["input_ids"]
    assert one.ids[1 : one.prompt].tolist() == whole[-(one.prompt - 1) :]


def test_no_room_for_the_answer_is_one_sentence(language):
    with pytest.raises(XaiError, match="at most 128 tokens"):
        continued(language, "a", None, Writing(127, 0.0, 0), 0)
    with pytest.raises(XaiError, match="Row 7 has an empty continuation"):
        continued(language, "a", "", Writing(5, 0.0, 0), 7)


def test_the_whole_context_scores_what_the_model_says(language, posed):
    found, samples = posed
    players = max(found.player_counts)
    scores = found.score(np.ones((3, players), dtype=bool), np.arange(3))
    for row, one in enumerate(samples):
        logs = plain(language, one.ids)
        expected = logs[one.causes - 1, one.ids[one.causes]]
        np.testing.assert_allclose(scores[row, : len(expected)], expected, atol=1e-5)
        assert np.isnan(scores[row, len(expected) :]).all()


def test_a_removed_token_is_seen_by_nobody(language, posed):
    found, samples = posed
    one = samples[1]
    removed = 3
    kept = np.ones((2, found.player_counts[1]), dtype=bool)
    kept[1, removed] = False
    before = found.score(kept, np.ones(2, dtype=int))
    other = one.ids.copy()
    other[removed + 1] = (other[removed + 1] + 5) % language.size
    swapped = type(one)(
        other, one.prompt, 0, one.text, one.pieces, one.spans, one.words, one.special
    )
    again = problem(language, [swapped], np.arange(1), 0, found.extras["next_tokens"].frequencies)
    after = again.score(kept[1:], np.zeros(1, dtype=int))
    np.testing.assert_allclose(after[0], before[1, : after.shape[1]], atol=1e-6)
    assert np.abs(before[0] - before[1]).max() > 1e-3


def test_scores_do_not_depend_on_what_else_is_asked(language, posed):
    found, _ = posed
    draw = np.random.default_rng(0)
    kept = draw.random((40, max(found.player_counts))) < 0.5
    of = draw.integers(0, 3, 40)
    together = found.score(kept, of)
    for row in (0, 7, 39):
        alone = found.score(kept[row : row + 1], of[row : row + 1])[0]
        np.testing.assert_allclose(alone, together[row, : len(alone)], atol=1e-5)


def test_ranks_and_log_probabilities_are_those_of_a_plain_call(language, posed):
    found, _ = posed
    access = found.extras["next_tokens"]
    draw = np.random.default_rng(1)
    ids = draw.integers(3, language.size, (30, 9))
    places = draw.integers(-1, 9, (30, 4))
    targets = draw.integers(0, language.size, (30, 4))
    values, ranks = access.read(ids, places, targets)
    for row in range(30):
        logs = plain(language, ids[row])
        for column, place in enumerate(places[row]):
            if place < 0:
                assert np.isnan(values[row, column])
                continue
            target = targets[row, column]
            assert values[row, column] == pytest.approx(logs[place, target], abs=1e-5)
            order = np.argsort(-logs[place], kind="stable")
            assert ranks[row, column] == order.tolist().index(target)


def test_likely_tokens_are_those_the_model_expects(language, posed):
    found, samples = posed
    tokens, shares = found.extras["next_tokens"].likely(1, 5)
    logs = plain(language, samples[1].ids[:-1])
    assert (shares[0] == 0).all()
    for place in range(1, len(tokens)):
        order = np.argsort(-logs[place - 1])[:5]
        assert tokens[place].tolist() == order.tolist()
        np.testing.assert_allclose(shares[place], np.exp(logs[place - 1][order]), atol=1e-5)


def test_batches_hold_every_row_once_and_few_tokens():
    draw = np.random.default_rng(0)
    last = draw.integers(-1, 700, 300)
    parts = list(batches(last, 1000))
    assert sorted(np.concatenate(parts)) == np.flatnonzero(last >= 0).tolist()
    assert all(len(p) == 1 or len(p) * (last[p].max() + 1) <= 2048 for p in parts)


def test_models_with_a_bias_instead_of_a_mask_are_read_too():
    from transformers import BloomConfig, BloomForCausalLM, LlamaConfig, LlamaForCausalLM

    class Words:
        model_max_length = 64

    torch.manual_seed(0)
    bloom = BloomForCausalLM(BloomConfig(vocab_size=50, hidden_size=32, n_layer=2, n_head=4))
    assert not Language(bloom.eval(), Words()).can_hide
    llama = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=50,
            hidden_size=32,
            num_hidden_layers=2,
            num_attention_heads=4,
            intermediate_size=32,
            attn_implementation="eager",
        )
    )
    assert Language(llama.eval(), Words()).can_hide
