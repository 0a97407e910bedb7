"""Text classifiers as methods see them: real tiny transformers, captum and loops as oracles."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.assets.folders import tiny_text_classifier
from xai.figures.tokens import pieces
from xai.methods import catalogue
from xai.vocabulary import Recipe
from xai.workbench import texts
from xai.workbench.classifier import open_classifier
from xai.workbench.tokenized import tokenized

LINES = (
    "a very good film",
    "the plot was awful , but the actor is funny and the scene is great .",
    "boring !",
    "",
    "it was not a good day with the dog",
)
SLUGS = [
    slug
    for slug, card in catalogue.of(catalogue.TEXT).items()
    if slug != "random" and card.scope == "local"
]


@pytest.fixture(scope="module")
def payload(tmp_path_factory):
    folder = tmp_path_factory.mktemp("texts")
    model = tiny_text_classifier(folder / "model.zip")
    rows = "\n".join(f'"{line}",{i % 2}' for i, line in enumerate(LINES))
    (folder / "data.csv").write_text(f"text,label\n{rows}\n")
    return {
        "model": str(model),
        "format": "hf-text-classification",
        "dataset": str(folder / "data.csv"),
    }


@pytest.fixture(scope="module")
def recipe():
    return Recipe("", "", (), rows="all", text="text", label="label", kind=catalogue.TEXT)


@pytest.fixture(scope="module")
def posed(payload, recipe):
    return texts.pose(payload, recipe, 0, 0, len(LINES))


def explain(slug, problem, **params):
    method = catalogue.load(slug, catalogue.TEXT)
    return method.attribute(problem, method.Params(**params))


def alone(payload, ids):
    """Return probabilities of one text, by a plain call of the network."""
    network = open_classifier(payload["model"]).network
    with torch.no_grad():
        return network(input_ids=torch.tensor([list(ids)])).logits.double().softmax(-1)[0].numpy()


def samples_of(payload):
    classifier = open_classifier(payload["model"])
    return classifier, [tokenized(classifier.tokenizer, classifier.most, line) for line in LINES]


def test_fit_finds_text_and_label_and_names_the_blank(payload):
    found = texts.fit(payload)
    assert (found["text"], found["label"], found["pair"]) == ("text", "label", "")
    assert "A word that is left out is replaced by the mask token [MASK]." in found["notes"]


def test_predictions_are_those_of_each_text_alone(payload, recipe):
    arrays, facts = texts.predictions(payload, recipe, (0, 5), lambda *_: None)
    _, samples = samples_of(payload)
    for shares, sample in zip(arrays["probabilities"], samples, strict=True):
        np.testing.assert_allclose(shares, alone(payload, sample.ids), atol=1e-6)
    assert arrays["labels"].tolist() == [0, 1, 0, 1, 0]
    assert facts["samples"][0]["tokens"] == ["[CLS]", "a", "very", "good", "film", "[SEP]"]
    assert facts["samples"][0]["words"] == [-1, 0, 1, 2, 3, -1]


def test_a_word_left_out_is_a_mask_token(payload, posed):
    classifier, samples = samples_of(payload)
    kept = np.ones((2, posed.player_counts.max()), dtype=bool)
    kept[0, 2] = kept[1, 0] = False
    found = posed.score(kept, np.array([0, 1]))[:, 0]
    for row, (sample, word) in enumerate(((0, 2), (1, 0))):
        ids = samples[sample].ids.copy()
        ids[samples[sample].words == word] = classifier.tokenizer.mask_token_id
        target = classifier.outputs.index(posed.outputs[sample][0])
        assert found[row] == pytest.approx(alone(payload, ids)[target], abs=1e-6)


@pytest.mark.parametrize("slug", [*SLUGS, "random"])
def test_every_method_explains_every_text_whatever_the_shard(slug, posed, payload, recipe):
    whole = explain(slug, posed)
    cut = [texts.pose(payload, recipe, 0, *ends) for ends in ((0, 2), (2, 5))]
    parts = [values for part in cut for values in explain(slug, part).values]
    for sample, (values, again) in enumerate(zip(whole.values, parts, strict=True)):
        assert values.shape == (1, posed.sizes[sample])
        np.testing.assert_allclose(values, again, atol=2e-5)


@pytest.mark.parametrize("slug", SLUGS)
def test_special_tokens_get_nothing_but_attention(slug, posed):
    found = explain(slug, posed)
    for values, players in zip(found.values, posed.players, strict=True):
        fixed = values[0, players < 0]
        assert (fixed >= 0).all() if slug.startswith("attention") else (fixed == 0).all()


@pytest.mark.parametrize("slug", ["shapley", "integrated_gradients", "deeplift"])
def test_values_and_base_sum_to_the_probability(slug, posed):
    found = explain(slug, posed)
    full = posed.score(np.ones((5, posed.player_counts.max()), dtype=bool), np.arange(5))[:, 0]
    change = np.abs(full - np.concatenate(found.base))
    missed = full - np.concatenate(found.base) - [values.sum() for values in found.values]
    limit = 1e-4 if slug == "shapley" else np.maximum(0.01 * change, 2e-4)
    assert (np.abs(missed) <= limit).all()
    np.testing.assert_allclose(np.concatenate(found.residual), missed, atol=1e-5)


def test_integrated_gradients_are_captums_with_many_steps(payload, posed):
    from captum.attr import IntegratedGradients

    found = explain("integrated_gradients", posed, steps=40)
    for sample in (0, 1, 4):
        score, inputs, baselines = by_embedding(payload, posed, sample)
        oracle = IntegratedGradients(score).attribute(inputs, baselines, n_steps=300)
        expected = oracle.sum(-1)[0].numpy()
        np.testing.assert_allclose(found.values[sample][0], expected, atol=2e-4)


def test_input_x_gradient_is_captums(payload, posed):
    from captum.attr import InputXGradient

    found = explain("input_x_gradient", posed)
    for sample in (0, 1, 4):
        score, inputs, _ = by_embedding(payload, posed, sample)
        expected = InputXGradient(score).attribute(inputs.requires_grad_()).sum(-1)[0]
        expected = expected.detach().numpy() * (posed.players[sample] >= 0)
        np.testing.assert_allclose(found.values[sample][0], expected, atol=1e-5)


def test_gradient_shap_without_noise_is_integrated_gradients(posed):
    found = explain("gradient_shap", posed, draws=256, noise=0.0)
    expected = explain("integrated_gradients", posed)
    for one, other in zip(found.values, expected.values, strict=True):
        np.testing.assert_allclose(one, other, atol=2e-3)


def test_gradient_shap_is_a_plain_loop_over_its_draws(payload, posed):
    found = explain("gradient_shap", posed, draws=4, noise=0.2)
    score, inputs, baselines = by_embedding(payload, posed, 4)
    total = torch.zeros_like(inputs)
    for draw in range(4):
        rng = np.random.default_rng([0, 4, draw])
        place = (draw + rng.random()) / 4
        noise = torch.from_numpy(rng.standard_normal(inputs.shape[1:], dtype=np.float32))
        change = inputs + 0.2 * inputs[0].std() * noise - baselines
        point = (baselines + place * change).requires_grad_()
        (slope,) = torch.autograd.grad(score(point).sum(), point)
        total += change * slope / 4
    expected = total.sum(-1)[0].numpy() * (posed.players[4] >= 0)
    np.testing.assert_allclose(found.values[4][0], expected, atol=1e-5)


def test_attention_is_that_of_the_text_alone(payload, posed):
    network = open_classifier(payload["model"]).network
    _, samples = samples_of(payload)
    (batch,) = [of for of in posed.attention.batches() if 1 in of]
    row = int(np.flatnonzero(batch == 1)[0])
    with torch.no_grad():
        expected = network(
            input_ids=torch.tensor(samples[1].ids)[None], output_attentions=True
        ).attentions
    for layer, other in zip(posed.attention.maps(batch), expected, strict=True):
        size = len(samples[1].ids)
        torch.testing.assert_close(layer[row, :, :size, :size], other[0], atol=1e-5, rtol=1e-4)
    assert posed.attention.reading(batch).tolist() == [0] * len(batch)


def test_relevance_is_class_specific_and_rollout_is_not(posed, payload, recipe):
    sides = [
        texts.pose(payload, replace(recipe, target=name), 0, 0, 2)
        for name in ("negative", "positive")
    ]
    values = {
        slug: [explain(slug, side).values[1] for side in sides]
        for slug in ("attention_rollout", "attention_last", "attention_relevance")
    }
    for slug in ("attention_rollout", "attention_last"):
        np.testing.assert_array_equal(*values[slug])
    assert not np.allclose(*values["attention_relevance"])


def by_embedding(payload, posed, sample):
    """Return the score of a sample's own embeddings, the embeddings and their baselines."""
    classifier, samples = samples_of(payload)
    target = classifier.outputs.index(posed.outputs[sample][0])

    def score(inputs):
        return classifier.network(inputs_embeds=inputs).logits.softmax(-1)[:, target]

    inputs = classifier.embed(torch.tensor(samples[sample].ids)[None]).detach()
    fixed = torch.from_numpy(samples[sample].special)[None, :, None]
    return score, inputs, torch.where(fixed, inputs, classifier.filler)


def test_pairs_are_two_texts_with_one_count_of_words(payload):
    classifier = open_classifier(payload["model"])
    found = tokenized(classifier.tokenizer, classifier.most, "a good film", "a bad day")
    assert found.words.tolist() == [-1, 0, 1, 2, -1, 3, 4, 5, -1]
    assert found.types.tolist() == [0, 0, 0, 0, 0, 1, 1, 1, 1]
    assert found.pieces[5:8] == ("a", "bad", "day")
    shown = pieces(found.shown(), by_token=False, with_special=False)
    assert [piece.text for piece in shown] == ["a", "good", "film", "a", "bad", "day"]
    assert [piece.is_second for piece in shown] == [False] * 3 + [True] * 3
    logits = classifier.logits(
        torch.tensor(found.ids)[None], np.array([9]), torch.tensor(found.types)[None]
    )
    assert np.isfinite(logits.numpy()).all()


def test_a_text_that_is_too_long_is_cut_and_says_so(payload):
    classifier = open_classifier(payload["model"])
    found = tokenized(classifier.tokenizer, classifier.most, "good " * 300)
    assert len(found.ids) == classifier.most == 128
    assert found.cut
