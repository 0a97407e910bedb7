"""Words of a masked language model in place of a causal model's tokens, aligned by letters."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.assets.folders import tiny_language_model, tiny_masked_model
from tests.workbench.test_generation import RECIPE, ROWS, payload  # noqa: F401 - a fixture
from xai.errors import InvalidParameter
from xai.methods.perturbation import reagent
from xai.methods.perturbation.reagent_source import placed, replacement
from xai.workbench import generation
from xai.workbench.continued import Writing, continued
from xai.workbench.language import Language, open_language
from xai.workbench.language_lender import Lender, lent, open_lender
from xai.workbench.language_problem import problem
from xai.workbench.language_scores import Sources

PIECES = (
    "▁the",
    "▁dog",
    "▁is",
    "▁play",
    "▁walk",
    "▁jump",
    "ing",
    "ed",
    "▁now",
    "▁cat",
    ".",
    "▁Dog",
)


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """A causal and a masked model with the same words, numbered differently."""
    folder = tmp_path_factory.mktemp("pair")
    language = open_language(str(tiny_language_model(folder / "m.zip")))
    return language, open_lender(str(tiny_masked_model(folder / "l.zip")))


def pieces_tokenizer():
    """Return a tokenizer of word pieces that know their spaces, as Llama's."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    letters = [c for c in "abcdefghijklmnopqrstuvwxyzD▁" if c not in PIECES]
    vocab = [("<unk>", -20.0), *((p, -1.0) for p in PIECES), *((c, -10.0) for c in letters)]
    made = Tokenizer(models.Unigram(vocab, unk_id=0))
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    made.decoder = decoders.Metaspace()
    return PreTrainedTokenizerFast(tokenizer_object=made, unk_token="<unk>", model_max_length=64)


def pieces_language():
    from transformers import LlamaConfig, LlamaForCausalLM

    tokenizer = pieces_tokenizer()
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=16, max_position_embeddings=64,
    )  # fmt: skip
    return Language(LlamaForCausalLM(config).eval().requires_grad_(False), tokenizer)


def lender_that_says(words):
    """Return a masked model of whole words that expects these everywhere, with these shares."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertForMaskedLM, PreTrainedTokenizerFast

    special = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
    known = ("the", "a", "dog", "is", "now", ".", "jumping", *words)
    names = list(dict.fromkeys((*special, *known)))
    made = Tokenizer(models.WordLevel({n: i for i, n in enumerate(names)}, unk_token="[UNK]"))
    made.normalizer = normalizers.Lowercase()
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=made, unk_token="[UNK]", pad_token="[PAD]", cls_token="[CLS]",
        sep_token="[SEP]", mask_token="[MASK]", model_max_length=32,
    )  # fmt: skip
    config = BertConfig(
        vocab_size=len(names), hidden_size=8, num_hidden_layers=1, num_attention_heads=1,
        intermediate_size=8, max_position_embeddings=32,
    )  # fmt: skip
    network = BertForMaskedLM(config).eval().requires_grad_(False)
    for weight in network.parameters():
        torch.nn.init.zeros_(weight)
    bias = torch.full((len(names),), -30.0)
    for word, share in words.items():
        bias[names.index(word)] = np.log(share)
    network.cls.predictions.decoder.bias.data = bias
    network.cls.predictions.bias.data = bias
    return Lender(network, tokenizer)


def told(language, lender, text, written=1):
    sample = continued(language, text, None, Writing(written, 0.0, 0), 0)
    ids, shares = lent(language, lender, sample, 50)
    return sample, [
        {
            language.tokenizer.convert_ids_to_tokens(int(t)): s
            for t, s in zip(*row, strict=True)
            if s
        }
        for row in zip(ids, shares, strict=True)
    ]


def test_each_place_gets_what_the_masked_model_says_there(pair):
    language, lender = pair
    text = "the girl and the dog was very good ."
    _, found = told(language, lender, text)
    words = text.split()
    for place, word in enumerate(words):
        given = [*words[:place], "[MASK]", *words[place + 1 :]]
        ids = lender._tokenizer(" ".join(given))["input_ids"]
        with torch.no_grad():
            logits = lender._network(input_ids=torch.tensor([ids])).logits[0, place + 1]
        shares = logits.double().softmax(-1)
        names = lender._tokenizer.convert_ids_to_tokens(range(len(shares)))
        expected = {
            name: share.item() for name, share in zip(names, shares, strict=True)
            if name not in lender._tokenizer.all_special_tokens and name != word
        }  # fmt: skip
        assert found[1 + place].keys() == expected.keys()
        for name, share in expected.items():
            assert found[1 + place][name] == pytest.approx(share, rel=1e-5)
    assert found[0] == {}, "the token that starts a text stays"


def test_a_word_of_several_pieces_is_replaced_by_words_of_as_many():
    language = pieces_language()
    lender = lender_that_says({"playing": 0.5, "walked": 0.3, "cat": 0.2})
    sample, found = told(language, lender, "the dog is jumping now")
    assert sample.pieces[:6] == ("the", " dog", " is", " jump", "ing", " now")
    assert found[3] == pytest.approx({"▁play": 0.5, "▁walk": 0.3})
    assert found[4] == pytest.approx({"ed": 0.3}), "the ending of playing is the same"
    assert found[1] == pytest.approx({"▁cat": 0.2}), "the others have two pieces"


def test_a_first_letter_keeps_its_case_where_the_lender_knows_none():
    lender = lender_that_says({"dog": 1.0})
    language = pieces_language()
    _, found = told(language, lender, "Dog is now")
    assert found[0] == {}, "the same word in another case is no other word"
    assert lender.lowers
    words = list(_fitting(lender, "The is", 0, 3, [(" dog", 1.0)]))
    assert words == [("Dog", 1.0)]


def _fitting(lender, text, start, stop, words):
    from xai.workbench.language_lender import Gap, _fitting

    return _fitting(lender, text, Gap(start, stop, (), 0), words)


def test_a_word_needs_the_space_that_is_there():
    lender = lender_that_says({"dog": 1.0})
    fits = lambda text, start, word: bool(  # noqa: E731 - three lines would say less
        list(_fitting(lender, text, start, len(text), [(word, 1.0)]))
    )
    assert fits("a dog", 2, " cat")
    assert not fits("a dog", 2, "ing")
    assert fits("a dog.", 5, " !"), "a mark stands behind a word without a space"
    assert not fits("playing", 4, " cat")
    assert fits("playing", 4, "ed")


def test_what_was_written_later_tells_nothing_of_what_stood_before(pair):
    language, lender = pair
    given = ("the girl and the dog", "was very good .")
    other = "is a sad day !"
    samples = [
        continued(language, given[0], text, Writing(5, 0.0, 0), 0) for text in (given[1], other)
    ]
    (ids, shares), (more, others) = (lent(language, lender, one, 50) for one in samples)
    prompt = samples[0].prompt
    np.testing.assert_array_equal(ids[:prompt], more[:prompt])
    np.testing.assert_allclose(shares[:prompt], others[:prompt], rtol=1e-4)
    # A written token is told from what stands before it: the third one differs in both texts.
    cut = continued(language, *given, Writing(2, 0.0, 0), 0)
    first = lent(language, lender, cut, 50)
    np.testing.assert_allclose(first[1][prompt], shares[prompt], rtol=1e-4)


def test_a_long_text_is_read_through_a_window():
    lender = lender_that_says({"cat": 1.0})
    language = pieces_language()
    text = " ".join(["the dog is now"] * 12)
    gap = lender.gap(text, 4, 7)
    assert len(gap.ids) <= 32
    assert gap.ids[gap.place] == lender._tokenizer.mask_token_id
    last = lender.gap(text, len(text) - 3, len(text))
    assert len(last.ids) <= 32
    assert last.ids[last.place] == lender._tokenizer.mask_token_id
    _, found = told(language, lender, text)
    assert all(one == pytest.approx({"▁cat": 1.0}) for one in found[:40])


class Counting:
    """A lender that counts how often it is asked."""

    def __init__(self, lender):
        self.lender, self.asked, self.lowers = lender, 0, lender.lowers
        self.gap = lender.gap

    def guesses(self, gaps, count):
        self.asked += 1
        return self.lender.guesses(gaps, count)


def posed(pair, lender=None, seed=0):
    language, own = pair
    samples = [
        continued(language, prompt, None, Writing(3, 0.0, 0), row)
        for row, (prompt, _) in enumerate(ROWS)
    ]
    even = language.ordinary.astype(float)
    sources = Sources(lambda: np.full(language.size, -1), lambda: lender or own)
    return problem(language, samples, np.arange(len(samples)), seed, even, sources)


def test_replacements_follow_the_shares_and_never_are_the_token_itself(pair):
    task = posed(pair)
    access = task.extras["next_tokens"]
    tokens = access.tokens[0][:-1]
    uniform = np.random.default_rng(0).random((20_000, len(tokens)))
    draws = replacement(access, 0, "masked")(uniform)
    ids, shares = access.lent(0, 50)
    for place in range(1, 7):
        assert (draws[:, place] != tokens[place]).all()
        known = shares[place] > 0
        expected = shares[place][known] / shares[place].sum()
        found = [(draws[:, place] == token).mean() for token in ids[place][known]]
        np.testing.assert_allclose(found, expected, atol=0.015)


def test_words_are_asked_for_once_per_context(pair):
    counting = Counting(pair[1])
    task = posed(pair, counting)
    found = reagent.attribute(task, reagent.Params(source="masked", probes=2, steps=2))
    reagent.attribute(task, reagent.Params("published", "masked", probes=2, limit=2))
    assert counting.asked == len(ROWS)
    assert all(0 < share <= 1 for share in found.per_sample["placed"])
    assert found.notes["replacements"].startswith("Replaced tokens were drawn from the 50 best")


def test_places_without_a_word_are_counted_and_drawn_from_the_data(pair):
    task = posed(pair, lender_that_says({"unheard": 1.0}))
    assert not placed(task.extras["next_tokens"], 0, "masked").any()
    uniform = np.full((1, len(task.names[0])), 0.3)
    draws = replacement(task.extras["next_tokens"], 0, "masked")(uniform)
    common = replacement(task.extras["next_tokens"], 0, "unigrams")(uniform)
    np.testing.assert_array_equal(draws, common)


def test_without_a_masked_model_the_source_is_refused_in_a_sentence(payload):  # noqa: F811
    task = generation.pose(payload, RECIPE, 0, 0, 1)
    with pytest.raises(InvalidParameter, match="needs a masked language model"):
        reagent.attribute(task, reagent.Params(source="masked"))


def test_a_run_reads_the_masked_model_that_it_is_given(payload, tmp_path):  # noqa: F811
    both = payload | {"replacer": str(tiny_masked_model(tmp_path / "l.zip"))}
    task = generation.pose(both, RECIPE, 0, 0, 2)
    found = reagent.attribute(task, reagent.Params(source="masked", probes=4, steps=4))
    assert all(np.isfinite(values).all() for values in found.values)
    again = generation.pose(both, RECIPE, 0, 1, 2)
    part = reagent.attribute(again, reagent.Params(source="masked", probes=4, steps=4))
    np.testing.assert_allclose(part.values[0], found.values[1], atol=1e-6)
