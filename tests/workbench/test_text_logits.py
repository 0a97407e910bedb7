"""The logit of a class as the score: every method, the predictions and the arena speak of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.assets.folders import tiny_text_classifier
from xai.methods import catalogue
from xai.vocabulary import Recipe
from xai.workbench import texts
from xai.workbench.classifier import open_classifier

LINES = ("a very good film", "the plot was awful , but the actor is funny", "boring !")
COMPLETE = [s for s, card in catalogue.of(catalogue.TEXT).items() if card.is_complete]


@pytest.fixture(scope="module")
def payload(tmp_path_factory):
    folder = tmp_path_factory.mktemp("logits")
    names = ("bad", "good", "odd")
    model = tiny_text_classifier(folder / "model.zip", labels=names)
    rows = "\n".join(f'"{line}",{names[i]}' for i, line in enumerate(LINES))
    (folder / "data.csv").write_text(f"text,label\n{rows}\n")
    return {
        "model": str(model),
        "format": "hf-text-classification",
        "dataset": str(folder / "data.csv"),
        "job": {"seed": 0},
    }


RECIPE = Recipe("", "", (), rows="all", text="text", kind=catalogue.TEXT, score="logit")


@pytest.fixture(scope="module")
def plain(payload):
    """The logits of each text, by a plain call of the network."""
    opened = open_classifier(payload["model"])
    with torch.no_grad():
        found = [
            opened.network(**opened.tokenizer(line, return_tensors="pt")).logits[0].double().numpy()
            for line in LINES
        ]
    return np.array(found)


def test_predictions_hold_logits_and_probabilities(payload, plain):
    arrays, _ = texts.predictions(payload, RECIPE, (0, 3), lambda *_: None)
    np.testing.assert_allclose(arrays["outputs"], plain, atol=1e-5)
    shares = np.exp(plain) / np.exp(plain).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(arrays["probabilities"], shares, atol=1e-6)
    assert texts.about(payload, RECIPE)["unit"] == "logit"
    assert texts.about(payload, replace(RECIPE, score=""))["unit"] == "probability"


@pytest.mark.parametrize("target", ["", "odd"])
@pytest.mark.parametrize("slug", COMPLETE)
def test_values_and_base_sum_to_the_logit(slug, target, payload, plain):
    posed = texts.pose(payload, replace(RECIPE, target=target), 0, 0, 3)
    method = catalogue.load(slug, catalogue.TEXT)
    found = method.attribute(posed, method.Params())
    classes = plain.argmax(axis=1) if not target else np.full(3, 2)
    logits = plain[np.arange(3), classes]
    summed = np.concatenate(found.base) + [values.sum() for values in found.values]
    limit = 1e-4 if slug == "shapley" else 0.01 * np.abs(logits - np.concatenate(found.base))
    assert (np.abs(summed - logits) <= limit + 1e-4).all()


def test_gradients_attention_and_heads_follow_the_logit(payload, plain):
    both = [texts.pose(payload, replace(RECIPE, score=s), 0, 0, 3) for s in ("", "logit")]
    of = np.array([0])
    inputs, _ = both[0].gradients.stack(of)
    shares, logits = (posed.gradients.gradient(inputs, of) for posed in both)
    assert float(logits[0][0]) == pytest.approx(plain[0].max(), abs=1e-5)
    assert float(shares[0][0]) == pytest.approx(
        np.exp(plain[0].max()) / np.exp(plain[0]).sum(), abs=1e-6
    )
    assert not torch.allclose(shares[1], logits[1])
    slopes = [posed.attention.maps_with_gradient(of)[0][1] for posed in both]
    assert not torch.allclose(*slopes)
    falls = [posed.extras["heads"].effect(0) for posed in both]
    assert not np.allclose(*falls)


def test_the_arena_measures_the_logit_and_normalises_nothing(payload, plain):
    arena = texts.arena(payload, RECIPE, (0, 3), lambda *_: None)
    assert not arena.is_probability
    kept = np.ones((3, max(int(p.max()) + 1 for p in arena.players)), dtype=bool)
    for _, score in arena.scores:
        np.testing.assert_allclose(score(kept, np.arange(3))[:, 0], plain.max(axis=1), atol=1e-5)
