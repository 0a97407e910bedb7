"""Small concept scores: a head with known slopes, and a plain function of the mask."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from xai.methods.concepts.dictionary import Dictionary
from xai.methods.concepts.head import Head, probe
from xai.methods.concepts.score import ConceptScore


@dataclass(frozen=True)
class Small:
    """A cut whose head is a function of maps (b, h, w, c) and rest (b, t, c)."""

    function: object
    grid: tuple = (3, 3)
    channels: int = 5
    has_gradient: bool = True
    name: str = "small"

    def encode(self, images):
        return images, images.new_zeros((len(images), 0, self.channels))

    def head(self, maps, rest):
        return self.function(maps, rest)


def codes_of(coefficients, scales=(1.0,), grid=(3, 3)):
    """Return coefficient maps (n, h, w, r) whose mean over places is the scale."""
    weights = torch.rand((len(scales), *grid, 1), generator=torch.Generator().manual_seed(0))
    weights = weights / weights.mean(dim=(1, 2), keepdim=True)
    return weights * torch.tensor(scales)[:, None, None, None] * torch.ones(len(coefficients))


def score_of(coefficients, scales=(1.0,)):
    """Return the score of a pooled linear head: the logit is 4 + coefficients · mask · scale."""
    weights = torch.tensor(np.asarray(coefficients)).float()
    cut = Small(lambda maps, _rest: 4 + maps.mean(dim=(1, 2)) @ weights[:, None])
    codes, bank = codes_of(coefficients, scales), torch.eye(len(weights))
    rest = torch.zeros((len(scales), 0, len(weights)))
    head = probe(cut, codes @ bank, rest)
    targets = torch.zeros(len(scales), dtype=torch.int64)
    return ConceptScore(head, Dictionary("nmf", bank), codes, rest, targets)


class Function(ConceptScore):
    """A score that is a plain function of the mask, the same for n images."""

    def __init__(self, function, n, concepts):
        cut = Small(lambda maps, _rest: function(maps[:, 0, 0].double())[:, None], grid=(1, 1))
        bank, codes = torch.eye(concepts), torch.ones((n, 1, 1, concepts))
        rest, targets = torch.zeros((n, 0, concepts)), torch.zeros(n, dtype=torch.int64)
        super().__init__(Head(cut, "", False), Dictionary("nmf", bank), codes, rest, targets)
