"""A hand-made transformer that listens to one word and looks at another."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.assets.folders import tiny_text_classifier
from xai.methods import catalogue
from xai.workbench import texts
from xai.workbench.classifier import open_classifier
from xai.workbench.explained import Explained
from xai.workbench.tokenized import tokenized

HEARD, STARED_AT = "lovely", "film"
LINE = "the film was a lovely story with a dog"
SAID, LOOKED = 0, 1
"""Numbers of an embedding: what the answer is made from, what attention is drawn by."""
CARRIED = 16
"""First number of the second head, which looks everywhere and carries what is said. The first head
stares, and carries nothing."""

DECEIVED = ("attention_rollout", "attention_last")
"""They see where the network looks. It looks at one word and takes from another."""
BLIND = "input_x_gradient"
"""Embeddings pass a layer norm, which takes away their length: the score does not change along the
embedding itself, so gradient times embedding is 0 for every word, to the norm's epsilon."""
LOCAL = [s for s, card in catalogue.of(catalogue.TEXT).items() if card.scope == "local"]
FAITHFUL = [s for s in LOCAL if s not in {*DECEIVED, BLIND, "random"}]


@pytest.fixture(scope="module")
def problem(tmp_path_factory):
    path = tiny_text_classifier(tmp_path_factory.mktemp("planted") / "model.zip")
    classifier = open_classifier(str(path))
    with torch.no_grad():
        _plant(classifier)
    sample = tokenized(classifier.tokenizer, classifier.most, LINE)
    return texts.problem(classifier, [sample], np.array([0]), Explained(np.array([1])), 0)


def _plant(classifier):
    """Write the weights: only `HEARD` has the number that is carried to the answer."""
    network = classifier.network
    for weight in network.parameters():
        weight.zero_()
    for name, weight in network.named_parameters():
        if "LayerNorm.weight" in name:
            weight.fill_(1.0)
    words, vocabulary = classifier.embed.weight, classifier.tokenizer.get_vocab()
    words[:, 2:] = torch.randn(words[:, 2:].shape, generator=torch.Generator().manual_seed(0))
    words[:, 2:] -= words[:, 2:].mean(dim=1, keepdim=True)
    for word, place in ((HEARD, SAID), (STARED_AT, LOOKED)):
        words[vocabulary[word], place] = 4.0
        words[vocabulary[word], -1] -= 4.0
    layer = network.bert.encoder.layer[-1].attention
    layer.self.query.bias[LOOKED] = 4.0
    layer.self.key.weight[LOOKED, LOOKED] = 1.0
    layer.self.value.weight[CARRIED, SAID] = 4.0
    layer.output.dense.weight[SAID, CARRIED] = 1.0
    network.bert.pooler.dense.weight[0, SAID] = 1.0
    network.classifier.weight[:, 0] = torch.tensor([-2.0, 2.0])


def values_of(problem, slug):
    method = catalogue.load(slug, catalogue.TEXT)
    return method.attribute(problem, method.Params()).values[0][0]


def ranked(problem, slug):
    found = values_of(problem, slug)
    names = np.array(problem.names[0])
    ordinary = problem.players[0] >= 0
    return names[ordinary][np.argsort(-found[ordinary])]


def test_the_answer_depends_on_one_word_alone(problem):
    words = list(np.array(problem.names[0])[problem.players[0] >= 0])
    without = ~np.eye(len(words), dtype=bool)
    whole = problem.score(np.ones((1, len(words)), dtype=bool), np.array([0]))[0, 0]
    falls = whole - problem.score(without, np.zeros(len(words), dtype=np.int64))[:, 0]
    heard = words.index(HEARD)
    assert falls[heard] > 0.1
    assert np.abs(np.delete(falls, heard)).max() < 1e-6


@pytest.mark.parametrize("slug", FAITHFUL)
def test_faithful_methods_rank_the_word_that_is_heard_first(problem, slug):
    assert ranked(problem, slug)[0] == HEARD


@pytest.mark.parametrize("slug", DECEIVED)
def test_attention_alone_ranks_the_word_that_is_stared_at_first(problem, slug):
    assert ranked(problem, slug)[0] == STARED_AT


def test_input_times_gradient_is_blind_behind_a_layer_norm(problem):
    assert np.abs(values_of(problem, BLIND)).max() < 1e-5
    assert values_of(problem, "integrated_gradients").max() > 0.1
