"""Attention heads of a tiny BERT: entropy by hand, effects by zeroed weights, labels by loops."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from tests.assets.folders import tiny_text_classifier
from xai.errors import XaiError
from xai.methods import catalogue
from xai.methods.attention import heads
from xai.vocabulary import Recipe
from xai.workbench import texts
from xai.workbench.classifier import Classifier, open_classifier
from xai.workbench.explained import Explained
from xai.workbench.text_heads import label_attention
from xai.workbench.tokenized import tokenized

LINES = ("a very good film", "the plot was awful , but the actor is funny .", "good unheard !")


@pytest.fixture(scope="module")
def payload(tmp_path_factory):
    folder = tmp_path_factory.mktemp("heads")
    model = tiny_text_classifier(folder / "model.zip", labels=("bad", "very good", "zzz"))
    rows = "\n".join(f'"{line}"' for line in LINES)
    (folder / "data.csv").write_text(f"text\n{rows}\n")
    return {"model": str(model), "dataset": str(folder / "data.csv")}


@pytest.fixture(scope="module")
def posed(payload):
    recipe = Recipe("", "", (), rows="all", text="text", kind=catalogue.TEXT)
    return texts.pose(payload, recipe, 0, 0, len(LINES))


@pytest.fixture(scope="module")
def found(posed):
    return heads.explain(posed, heads.Params())


def test_entropy_of_a_map_made_by_hand():
    one_place, everywhere = np.eye(4), np.full((4, 4), 0.25)
    two = np.array([[0.5, 0.5, 0, 0]] * 4)
    np.testing.assert_allclose(heads.entropy(np.stack([[one_place, everywhere, two]])),
                               [[0, 1, 0.5]])  # fmt: skip
    assert np.isnan(heads.entropy(np.ones((1, 2, 1, 1)))).all()


def test_entropy_of_a_model_is_that_of_its_maps(found, posed):
    for i in range(len(LINES)):
        for layer, head in np.ndindex(2, 2):
            rows, total = found.maps[i][layer, head], 0.0
            for row in rows:
                total += sum(-p * math.log2(p) for p in row if p > 0)
            expected = total / len(rows) / math.log2(len(rows))
            assert found.entropy[i, layer, head] == pytest.approx(expected, abs=1e-9)
        np.testing.assert_allclose(found.maps[i].sum(axis=-1), 1, atol=1e-5)


def test_maps_are_those_of_a_plain_call_of_the_network(found, payload):
    classifier = open_classifier(payload["model"])
    ids = classifier.tokenizer(LINES[1], return_tensors="pt")
    with torch.no_grad():
        layers = classifier.network(**ids, output_attentions=True).attentions
    np.testing.assert_allclose(found.maps[1], np.concatenate([x.numpy() for x in layers]),
                               atol=1e-6)  # fmt: skip


@pytest.mark.parametrize("sample", range(len(LINES)))
def test_the_effect_of_a_head_is_what_its_zeroed_weights_take_away(found, payload, sample):
    classifier = open_classifier(payload["model"])
    network, ids = classifier.network, classifier.tokenizer(LINES[sample], return_tensors="pt")
    with torch.no_grad():
        whole = network(**ids).logits.double().softmax(-1)[0].numpy()
        for layer, head in np.ndindex(2, 2):
            weight = network.bert.encoder.layer[layer].attention.output.dense.weight
            kept = weight.clone()
            weight[:, head * 16 : (head + 1) * 16] = 0
            without = network(**ids).logits.double().softmax(-1)[0].numpy()
            weight.copy_(kept)
            target = whole.argmax()
            expected = whole[target] - without[target]
            assert found.effect[sample, layer, head] == pytest.approx(expected, abs=1e-6)
    assert np.abs(found.effect[sample]).max() > 1e-5


def test_labels_stand_beside_words_in_the_embedding_of_the_model(found, payload, posed):
    assert found.labels == ("bad", "very good")
    classifier = open_classifier(payload["model"])
    table, tokenizer = classifier.embed.weight.detach().double().numpy(), classifier.tokenizer
    ids = tokenizer(LINES[2])["input_ids"]
    very, good = (table[tokenizer.convert_tokens_to_ids(word)] for word in ("very", "good"))
    label = (very + good) / 2
    for place, token in enumerate(ids):
        name, vector = tokenizer.convert_ids_to_tokens(token), table[token]
        value = found.alike[2][1, place]
        if name in {"[CLS]", "[SEP]", "[UNK]"}:
            assert np.isnan(value)
        else:
            expected = label @ vector / np.linalg.norm(label) / np.linalg.norm(vector)
            assert value == pytest.approx(expected, abs=1e-6)


def test_what_cannot_be_left_out_has_no_effect(posed, monkeypatch):
    monkeypatch.setattr("xai.workbench.head_effects.MIXERS", ("nowhere",))
    found = heads.explain(posed, heads.Params())
    assert found.effect is None
    assert found.notes["has_effect"] is False


def test_texts_whose_maps_do_not_fit_are_left_out_and_counted(posed, monkeypatch):
    size = int(posed.sizes[0])
    monkeypatch.setattr(heads, "CELLS_MOST", 4 * size**2)
    found = heads.explain(posed, heads.Params())
    assert found.samples.tolist() == [0]
    assert found.notes["left_out"] == 2
    monkeypatch.setattr(heads, "CELLS_MOST", 1)
    with pytest.raises(XaiError, match="too long"):
        heads.explain(posed, heads.Params())


def test_a_causal_map_is_as_spread_out_as_it_can_be_at_one():
    everything_before = np.tril(np.ones((5, 5)))
    everything_before /= everything_before.sum(axis=1, keepdims=True)
    maps = np.stack([[everything_before, np.eye(5)]])
    np.testing.assert_allclose(heads.entropy(maps, causal=True), [[1, 0]], atol=1e-12)
    assert heads.entropy(maps)[0, 0] < 0.7


def test_a_causal_classifier_is_noticed(payload):
    from transformers import LlamaConfig, LlamaForSequenceClassification

    known = open_classifier(payload["model"])
    config = LlamaConfig(
        vocab_size=known.embed.num_embeddings, hidden_size=16, num_hidden_layers=2,
        num_attention_heads=2, intermediate_size=32, pad_token_id=0, attn_implementation="eager",
    )  # fmt: skip
    torch.manual_seed(0)
    network = LlamaForSequenceClassification(config).eval().requires_grad_(False)
    found = heads.explain(posed_by(network, known.tokenizer, ("bad", "good")), heads.Params())
    assert found.notes["is_causal"]
    assert not np.triu(found.maps[0], 1).any()
    # Random weights look at nearly everything that they see.
    assert ((found.entropy > 0.9) & (found.entropy <= 1)).all()
    assert found.attended is None


def posed_by(network, tokenizer, outputs):
    classifier = Classifier(network, tokenizer, outputs)
    samples = [tokenized(tokenizer, classifier.most, line) for line in LINES]
    explained = Explained(np.zeros(len(samples), dtype=np.int64))
    return texts.problem(classifier, samples, np.arange(len(samples)), explained, 0)


class Attending(torch.nn.Module):
    """A classifier whose labels attend: each asks with a vector of its own."""

    def __init__(self, inner, labels):
        super().__init__()
        self.inner, self.config = inner, inner.config
        self.asks = torch.nn.Linear(inner.config.hidden_size, labels, bias=False)

    def get_input_embeddings(self):
        return self.inner.get_input_embeddings()

    def forward(self, input_ids=None, attention_mask=None, inputs_embeds=None, **asked):
        asked.pop("token_type_ids", None)
        asked |= {"output_hidden_states": True}
        answer = self.inner(input_ids, attention_mask, inputs_embeds=inputs_embeds, **asked)
        states = answer.hidden_states[-1]
        drawn = self.asks(states).transpose(1, 2)
        drawn = drawn.masked_fill(attention_mask[:, None] == 0, -torch.inf)
        shares = drawn.softmax(-1)
        answer["logits"] = (shares @ states).mean(-1)
        answer["label_attention"] = shares[:, None].expand(-1, 2, -1, -1) if self.split else shares
        return answer

    split = False


@pytest.mark.parametrize("split", [False, True], ids=["labels", "heads of labels"])
def test_labels_that_attend_are_shown_where_the_model_shows_them(payload, split):
    known = open_classifier(payload["model"])
    torch.manual_seed(0)
    network = Attending(known.network, 3).eval().requires_grad_(False)
    network.split = split
    posed = posed_by(network, known.tokenizer, known.outputs)
    found = heads.explain(posed, heads.Params())
    assert found.outputs == known.outputs
    assert found.evaluations == len(LINES) * 7
    for line, shares in zip(LINES, found.attended, strict=True):
        given = known.tokenizer(line, return_tensors="pt")
        inner = known.network(**given, output_hidden_states=True).hidden_states[-1][0]
        for label in range(3):
            drawn = [float(network.asks.weight[label] @ state) for state in inner]
            whole = sum(math.exp(one) for one in drawn)
            expected = [math.exp(one) / whole for one in drawn]
            np.testing.assert_allclose(shares[label], expected, atol=1e-5)


def test_a_tensor_of_that_shape_that_is_no_attention_is_not_taken_for_it():
    shares = torch.full((1, 3, 4), 0.25)
    assert label_attention({"states": shares * 2, "also": shares - 1}, 3, 4) is None
    assert label_attention({"logits": shares}, 3, 4) is None
    assert label_attention({"states": shares, "more": None}, 4, 3) is None
    assert label_attention({"anything": shares}, 3, 4).tolist() == shares[0].tolist()
