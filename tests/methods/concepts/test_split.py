"""Recursion: a concept that joins two parts is taken apart; one that is one thing is left whole."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.methods.concepts.planted import pictures, problem
from xai.methods.concepts import split
from xai.methods.concepts.craft import Params, explain

IMAGES, MASKS, _LABELS = pictures(30, others=(5,), seed=8)
RED, CYAN = 0, 5


@pytest.fixture(scope="module")
def found():
    """Red and cyan both speak for the class, and a single concept has to stand for both."""
    return explain(problem(IMAGES), Params(concepts=1, curves=False, layer=1))


def shows(concept, part):
    """Return the share of a concept's crops whose middle shows a part."""
    middles = [(c.sample - 100, c.y + c.height // 2, c.x + c.width // 2) for c in concept.crops]
    return np.mean([MASKS[image][part][y, x] for image, y, x in middles])


def test_a_concept_that_hides_two_is_taken_apart(found):
    parts = [concept for concept in found.found if concept.parent == 0]
    assert len(parts) >= 2
    assert {part.layer for part in parts} == {"find"}
    assert parts[0].facts["silhouette"] > split.SPLIT
    assert [part.name for part in parts[:2]] == ["Concept 1.1", "Concept 1.2"]


def test_none_is_taken_apart_when_not_asked():
    whole = explain(problem(IMAGES), Params(concepts=2, curves=False, split="none"))
    assert all(concept.parent == -1 for concept in whole.found)


def test_two_groups_stand_apart_and_one_does_not():
    draw = torch.Generator().manual_seed(0)
    one = torch.rand((30, 20), generator=draw) + 1
    other = one * torch.linspace(0, 3, 20)
    assert split.two_groups(torch.cat([one, other]), seed=0) > 0.5
    assert split.two_groups(one, seed=0) < split.SPLIT
    assert split.two_groups(one[:1].expand(10, -1), seed=0) == -1
