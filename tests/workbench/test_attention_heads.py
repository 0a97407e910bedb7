"""Heads one by one: against weights written by hand, plain sums and the network's own maps."""

from __future__ import annotations

import base64
import copy

import numpy as np
import pytest
import torch

from tests.assets.folders import tiny_text_classifier
from xai.errors import InvalidParameter
from xai.methods import catalogue
from xai.vocabulary import Recipe
from xai.workbench import handle
from xai.workbench.classifier import open_classifier

LINE = "the plot was awful , but the actor is funny ."


@pytest.fixture(scope="module")
def payload(tmp_path_factory):
    folder = tmp_path_factory.mktemp("heads")
    model = tiny_text_classifier(folder / "model.zip")
    (folder / "data.csv").write_text(f'text\na good film\n"{LINE}"\n')
    recipe = Recipe("", "", (), rows="all", text="text", kind=catalogue.TEXT)
    return {
        "model": str(model),
        "format": "hf-text-classification",
        "dataset": str(folder / "data.csv"),
        "recipe": recipe.as_json(),
        "row": 1,
    }


@pytest.fixture(scope="module")
def answer(payload):
    return handle("attention_heads", payload, lambda *_: None)


@pytest.fixture(scope="module")
def network(payload):
    return open_classifier(payload["model"]).network


def call(network, payload, **more):
    ids = open_classifier(payload["model"]).tokenizer(LINE, return_tensors="pt")["input_ids"]
    with torch.no_grad():
        return network(input_ids=ids, **more)


def test_maps_are_the_networks_own(answer, payload, network):
    maps = call(network, payload, output_attentions=True).attentions
    size = len(answer["tokens"])
    shape = (answer["layers"], answer["heads"], size, size)
    found = np.frombuffer(base64.b64decode(answer["maps"]), dtype=np.uint8).reshape(shape) / 255
    for layer, expected in enumerate(maps):
        whole = found[layer] * np.array(answer["maxima"][layer])[:, None, None]
        np.testing.assert_allclose(whole, expected[0].numpy(), atol=3e-3)


def test_entropy_and_rest_on_special_tokens_are_plain_sums(answer, payload, network):
    maps = call(network, payload, output_attentions=True).attentions
    one = maps[1][0, 0].double().numpy()
    bits = -sum(float(p * np.log2(p)) for row in one for p in row if p > 0) / len(one)
    assert answer["entropy"][1][0] == pytest.approx(bits, abs=1e-5)
    rest = float(one[:, [0, -1]].sum(axis=1).mean())
    assert answer["on_special"][1][0] == pytest.approx(rest, abs=1e-5)
    assert answer["most_entropy"] == pytest.approx(np.log2(len(answer["tokens"])))


def test_an_effect_is_what_a_head_without_weights_costs(answer, payload, network):
    target = ("negative", "positive").index(answer["target"])
    whole = call(network, payload).logits.double().softmax(-1)[0, target]
    for layer, head in ((0, 1), (1, 0)):
        silent = copy.deepcopy(network)
        mixer = silent.bert.encoder.layer[layer].attention.output.dense
        with torch.no_grad():
            mixer.weight[:, 16 * head : 16 * (head + 1)] = 0
        fall = whole - call(silent, payload).logits.double().softmax(-1)[0, target]
        assert answer["effect"][layer][head] == pytest.approx(float(fall), abs=1e-6)


def test_one_map_is_sent_when_asked_for(answer, payload):
    found = handle("attention_heads", payload | {"layer": 1, "head": 1}, lambda *_: None)
    size = len(answer["tokens"]) ** 2
    assert base64.b64decode(found["map"]) == base64.b64decode(answer["maps"])[-size:]


def test_a_word_is_most_like_the_label_of_its_name(payload, network, answer):
    labels = answer["labels"]
    assert labels["names"] == ["negative", "positive"]
    assert labels["are_words"]
    assert labels["likeness"][0][0] is None
    assert sum(labels["shares"]) == pytest.approx(1)


def test_a_row_that_is_not_there_is_refused(payload):
    with pytest.raises(InvalidParameter, match="no row 7; the data has 2 rows"):
        handle("attention_heads", payload | {"row": 7}, lambda *_: None)
