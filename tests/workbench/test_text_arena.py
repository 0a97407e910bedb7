"""Texts with words taken away three ways, against plain calls of the network."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.workbench.test_texts import (  # noqa: F401 - fixtures
    LINES,
    alone,
    payload,
    posed,
    recipe,
    samples_of,
)
from xai.workbench import texts


@pytest.fixture
def found(payload, recipe):  # noqa: F811 - fixtures
    asked = payload | {"job": {"seed": 0, "params": {}}}
    return texts.arena(asked, recipe, (0, len(LINES)), lambda *_: None)


def half_kept(samples):
    """Keep every other word of each sample."""
    width = max(int(sample.players.max(initial=-1)) + 1 for sample in samples)
    return np.tile(np.arange(width) % 2 == 0, (len(samples), 1))


def answers(payload, samples, kept, rest):  # noqa: F811 - fixtures
    """Ask the network of one text after another, and take its most likely class as a whole."""
    shares = []
    for sample, row in zip(samples, kept, strict=True):
        stays = (sample.players < 0) | row[np.maximum(sample.players, 0)]
        target = alone(payload, sample.ids).argmax()
        shares.append(alone(payload, rest(sample.ids, stays))[target])
    return shares


def test_each_baseline_is_what_the_network_says_of_that_text(found, payload):  # noqa: F811
    classifier, samples = samples_of(payload)
    kept = half_kept(samples)
    token = classifier.tokenizer.pad_token_id
    ways = {
        "blank": lambda ids, stays: np.where(stays, ids, classifier.blank),
        "left-out": lambda ids, stays: ids[stays],
        "token": lambda ids, stays: np.where(stays, ids, token),
    }
    assert [baseline.slug for baseline, _ in found.scores] == list(ways)
    for baseline, score in found.scores:
        expected = answers(payload, samples, kept, ways[baseline.slug])
        scored = score(kept, np.arange(len(samples)))[:, 0]
        np.testing.assert_allclose(scored, expected, atol=1e-5, err_msg=baseline.slug)


def test_what_is_kept_is_the_text_itself(found, posed):  # noqa: F811
    kept = np.ones((len(LINES), int(posed.player_counts.max())), dtype=bool)
    whole = posed.score(kept, np.arange(len(LINES)))
    for _, score in found.scores:
        np.testing.assert_allclose(score(kept, np.arange(len(LINES))), whole, atol=1e-5)


def test_soft_words_lose_what_the_network_says_without_these_numbers(found, payload):  # noqa: F811
    classifier, samples = samples_of(payload)
    one, draw = samples[1], np.random.default_rng(0)
    kept = draw.random((3, len(one.ids), found.soft.access.width)) < 0.5
    whole = alone(payload, one.ids)
    target = whole.argmax()
    distances = found.soft.access.distances(1, 0, kept)
    for mask, distance in zip(kept, distances, strict=True):
        embeds = classifier.embed(torch.tensor(one.ids)) * torch.from_numpy(mask)
        with torch.no_grad():
            logits = classifier.network(inputs_embeds=embeds[None]).logits.double()
        expected = max(0.0, whole[target] - logits.softmax(-1)[0, target].item())
        assert distance == pytest.approx(expected, abs=1e-5)
    everything = np.ones((1, len(one.ids), found.soft.access.width), dtype=bool)
    assert found.soft.access.distances(1, 0, everything)[0] == pytest.approx(0, abs=1e-6)


def test_every_evaluation_is_counted(found):
    kept = np.ones((2, 40), dtype=bool)
    for _, score in found.scores:
        score(kept, np.array([0, 1]))
    assert found.spent() == 2 * len(found.scores)


def test_the_price_of_a_mask_is_one_pass_per_baseline(found):
    from xai.runner.plan import MEASURED

    assert MEASURED["text-classification"] == len(found.scores)
