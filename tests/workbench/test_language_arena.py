"""Continuations with tokens taken away three ways, against plain calls of the network."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.workbench.test_generation import RECIPE, payload  # noqa: F401 - a fixture
from xai.workbench import generation, language_arena
from xai.workbench.language import open_language


@pytest.fixture(scope="module")
def posed(payload):  # noqa: F811 - a fixture
    return generation.pose(payload, RECIPE, 3, 0, 4)


@pytest.fixture(scope="module")
def found(payload):  # noqa: F811 - a fixture
    asked = payload | {"job": {"seed": 3, "params": {}}}
    return generation.arena(asked, RECIPE, (0, 4), lambda *_: None)


def half_kept(posed):
    return np.tile(np.arange(max(posed.player_counts)) % 2 == 0, (4, 1))


def spoken(payload, ids, tokens, causes):  # noqa: F811 - a fixture
    """Ask the network for what was written after other tokens, one forward per output."""
    network = open_language(payload["model"]).network
    logs = []
    for cause in causes:
        with torch.no_grad():
            logits = network(input_ids=torch.tensor(ids[None, :cause])).logits[0, -1]
        logs.append(logits.log_softmax(-1)[tokens[cause]].item())
    return logs


def test_each_baseline_is_what_the_network_says_of_these_tokens(found, payload, posed):  # noqa: F811
    assert [b.slug for b, _ in found.scores] == ["hidden", "drawn", "expected"]
    kept, of = half_kept(posed), np.arange(4)
    np.testing.assert_allclose(found.scores[0][1](kept, of), posed.score(kept, of))
    access = posed.extras["next_tokens"]
    for baseline, score in found.scores[1:]:
        stand_ins = score._score._stand_ins
        scored = score(kept, of)
        for i, (players, causes) in enumerate(zip(posed.players, posed.causes, strict=True)):
            tokens = access.tokens[i]
            ids = tokens[:-1].copy()
            for unit, player in enumerate(players):
                if player >= 0 and not kept[i, player]:
                    ids[unit] = stand_ins[i][unit]
            expected = spoken(payload, ids, tokens, causes)
            np.testing.assert_allclose(
                scored[i, : len(causes)], expected, atol=1e-4, err_msg=baseline.slug
            )


def test_what_stands_in_is_never_the_token_itself_and_never_special(found, payload, posed):  # noqa: F811
    language = open_language(payload["model"])
    for _, score in found.scores[1:]:
        for stand_in, tokens in zip(
            score._score._stand_ins, posed.extras["next_tokens"].tokens, strict=True
        ):
            assert (stand_in != tokens[:-1]).all()
            assert language.ordinary[stand_in].all()


def test_what_is_kept_is_the_text_itself(found, posed):
    kept = np.ones((4, max(posed.player_counts)), dtype=bool)
    whole = posed.score(kept, np.arange(4))
    for _, score in found.scores:
        np.testing.assert_allclose(score(kept, np.arange(4)), whole, atol=1e-4)


def test_a_part_of_the_rows_is_measured_as_in_the_whole(found, payload, posed):  # noqa: F811
    asked = payload | {"job": {"seed": 3, "params": {}}}
    part = generation.arena(asked, RECIPE, (2, 4), lambda *_: None)
    kept = half_kept(posed)[:2]
    for (_, one), (_, other) in zip(found.scores, part.scores, strict=True):
        whole, cut = one(kept, np.array([2, 3])), other(kept, np.array([0, 1]))
        np.testing.assert_allclose(whole, cut, atol=1e-6)


def test_a_model_that_hides_nothing_is_named_so(posed):
    arena = language_arena.arena(posed, lambda *_: None, can_hide=False)
    assert arena.scores[0][0].title == "Mean embedding"


def test_every_evaluation_is_counted(posed):
    arena = language_arena.arena(posed, lambda *_: None, can_hide=True)
    kept = np.ones((2, max(posed.player_counts)), dtype=bool)
    for _, score in arena.scores:
        score(kept, np.array([0, 1]))
    width = arena.soft.access.width
    units = int(arena.soft.causes[0][0])
    arena.soft.access.distances(0, 0, np.ones((5, units, width), dtype=bool))
    assert arena.spent() == 2 * len(arena.scores) + 5


def test_the_price_of_a_mask_is_one_pass_per_baseline(found):
    from xai.runner.plan import MEASURED

    assert MEASURED["text-generation"] == len(found.scores)


def test_a_prompt_of_few_kinds_of_tokens_has_stand_ins_too(payload):  # noqa: F811
    asked = payload | {"job": {"seed": 0, "params": {}}}
    arena = generation.arena(asked, replace(RECIPE, tokens=1), (3, 4), lambda *_: None)
    kept = np.zeros((1, 20), dtype=bool)
    assert all(np.isfinite(score(kept, np.array([0]))[0, 0]) for _, score in arena.scores)
