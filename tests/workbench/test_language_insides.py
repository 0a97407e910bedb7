"""Gradients, attention and soft inputs of a language model, against plain torch."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.assets.folders import tiny_language_model
from tests.workbench.test_language import PROMPTS
from xai.workbench.continued import Writing, continued
from xai.workbench.language import open_language
from xai.workbench.language_problem import problem

ALL = np.arange(3)


@pytest.fixture(scope="module")
def posed(tmp_path_factory):
    language = open_language(str(tiny_language_model(tmp_path_factory.mktemp("m") / "m.zip")))
    samples = [
        continued(language, prompt, None, Writing(3 + row, 0.0, 0), row)
        for row, prompt in enumerate(PROMPTS)
    ]
    frequencies = language.ordinary.astype(float)
    return language, samples, problem(language, samples, ALL, 0, frequencies)


def test_the_gradient_is_that_of_the_score(posed):
    language, samples, found = posed
    for output in range(5):
        inputs, _ = found.gradients.stack(ALL)
        scores, slopes = found.gradients.gradient(inputs, ALL, output)
        for row, one in enumerate(samples):
            if output >= len(one.causes):
                assert torch.isnan(scores[row])
                assert (slopes[row] == 0).all()
                continue
            embeds = language.embed(torch.tensor(one.ids[None, :-1])).detach().requires_grad_()
            logs = language.network(inputs_embeds=embeds).logits[0].log_softmax(-1)
            own = logs[one.causes[output] - 1, one.ids[one.causes[output]]]
            (slope,) = torch.autograd.grad(own, embeds)
            assert scores[row].item() == pytest.approx(own.item(), abs=1e-5)
            torch.testing.assert_close(
                slopes[row, : slope.shape[1]], slope[0], atol=1e-5, rtol=1e-4
            )
            assert (slopes[row, one.causes[output] :] == 0).all()


def test_inputs_are_embeddings_and_baselines_their_mean(posed):
    language, samples, found = posed
    inputs, baselines = found.gradients.stack(ALL)
    mean = language.embed.weight.mean(0)
    for row, one in enumerate(samples):
        whole = language.embed(torch.tensor(one.ids[:-1]))
        torch.testing.assert_close(inputs[row, : len(whole)], whole)
        torch.testing.assert_close(baselines[row, 0], whole[0])
        torch.testing.assert_close(baselines[row, 1], mean)
    reduced = found.gradients.reduce(inputs, ALL)
    assert [len(r) for r in reduced] == found.sizes.tolist()
    assert reduced[1][2] == pytest.approx(inputs[1, 2].sum().item(), abs=1e-4)
    assert reduced[1][0] == 0


def test_batches_hold_every_sample_once(posed):
    found = posed[2]
    for copies in (1, 20, 5000):
        parts = list(found.gradients.batches(copies))
        assert sorted(np.concatenate(parts)) == [0, 1, 2]
    assert sorted(np.concatenate(list(found.attention.batches()))) == [0, 1, 2]


def test_maps_are_those_the_library_gives(posed):
    language, samples, found = posed
    maps = list(found.attention.maps(ALL))
    language.network.set_attn_implementation("eager")
    for row, one in enumerate(samples):
        answer = language.network(
            input_ids=torch.tensor(one.ids[None, :-1]), output_attentions=True
        )
        size = len(one.ids) - 1
        assert len(maps) == len(answer.attentions) == 2
        for mine, theirs in zip(maps, answer.attentions, strict=True):
            torch.testing.assert_close(mine[row, :, :size, :size], theirs[0], atol=1e-5, rtol=1e-4)


def test_the_gradient_by_attention_says_how_the_score_moves(posed):
    _, samples, found = posed
    whole = found.attention.maps_with_gradient(ALL, 1)
    alone = found.attention.maps_with_gradient(np.array([2]), 1)
    size = len(samples[2].ids) - 1
    for (one, slope), (other, its_slope) in zip(whole, alone, strict=True):
        torch.testing.assert_close(one[2, :, :size, :size], other[0], atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(slope[2, :, :size, :size], its_slope[0], atol=1e-5, rtol=1e-3)
    assert whole[1][1].abs().max() > 0
    place = samples[0].causes[1] - 1
    assert found.attention.reading(ALL, 1)[0] == place
    assert (whole[1][1][0, :, place + 1 :] == 0).all(), "later rows cannot matter"
    none = found.attention.maps_with_gradient(ALL, 4)
    assert (none[1][1][0] == 0).all(), "the first sample has three outputs"


def test_weights_are_given_to_tokens_but_not_to_special_ones(posed):
    found = posed[2]
    weights = torch.arange(60.0).reshape(3, 20) + 1
    spread = found.attention.spread(weights, ALL)
    assert [len(s) for s in spread] == found.sizes.tolist()
    assert spread[1][0] == 0
    assert spread[1][1] == 22 / sum(range(22, 22 + len(spread[1]) - 1))
    assert [s.sum() for s in spread] == pytest.approx([1, 1, 1])
    assert not found.attention.spread(0 * weights, ALL)[0].any()


def test_soft_distances_are_hellinger_distances(posed):
    language, samples, found = posed
    soft, one = found.extras["soft"], samples[1]
    place = one.causes[2] - 1
    kept = np.random.default_rng(0).random((5, place + 1, soft.width)) < 0.5
    kept[0] = True
    distances = soft.distances(1, 2, kept)
    embeds = language.embed(torch.tensor(one.ids[: place + 1]))
    shares = [
        language.network(inputs_embeds=(embeds * torch.tensor(k))[None])
        .logits[0, -1]
        .double()
        .softmax(-1)
        .detach()
        .numpy()
        for k in kept
    ]
    expected = [np.sqrt(((np.sqrt(shares[0]) - np.sqrt(s)) ** 2).sum() / 2) for s in shares]
    np.testing.assert_allclose(distances, expected, atol=1e-4)
    assert distances[0] == pytest.approx(0, abs=1e-4)
