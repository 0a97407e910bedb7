"""Gradients of a text classifier's scores by the embeddings of its tokens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from xai.vocabulary import Floats, Integers
from xai.workbench.classifier import TOKENS_AT_ONCE, Classifier
from xai.workbench.explained import Explained
from xai.workbench.mean_slopes import own_functions, recorded, undefined
from xai.workbench.text_scores import padded
from xai.workbench.tokenized import Tokenized

FORWARDS = 4
"""Forwards whose inputs are kept at once."""
TRIAL = 7
"""Tokens of a first walk through a network; see `check`."""


class WordGradients:
    """See `xai.units.Gradients`: features of a unit are the numbers of its embedding.

    The baseline is the embedding of the classifier's blank for every token that can be removed;
    special tokens stay, so they get nothing where a method starts from the baseline.
    """

    def __init__(
        self, classifier: Classifier, samples: Sequence[Tokenized], explained: Explained
    ) -> None:
        self._classifier, self._samples, self._explained = classifier, samples, explained
        self._sizes = np.array([len(sample.ids) for sample in samples], dtype=np.int64)

    def batches(self, copies: int = 1) -> Iterator[Integers]:
        """Yield samples of like size, so few that `copies` of each fit in a few forwards."""
        # Of few copies several forwards are made at once: fewer of them are half empty.
        yield from self._classifier.batches(self._sizes, max(1, copies // FORWARDS))

    def stack(self, of: Integers) -> tuple[Tensor, Tensor]:
        """Return embeddings and baselines of these samples, (b, t, e) each, padded."""
        ids, _ = padded(self._classifier, self._samples, of)
        inputs = self._classifier.embed(ids).detach()
        stays = np.zeros(ids.shape, dtype=bool)
        for row, i in enumerate(of):
            stays[row, : self._sizes[i]] = self._samples[i].special
        fixed = torch.from_numpy(stays)[..., None]
        return inputs, torch.where(fixed, inputs, self._classifier.filler)

    def gradient(self, inputs: Tensor, of: Integers, output: int = 0) -> tuple[Tensor, Tensor]:
        """Return score (b,) and gradient (b, t, e); NaN and 0 for any output but the first."""
        scores, slopes = torch.full((len(of),), torch.nan), torch.zeros_like(inputs)
        if output > 0:
            return scores, slopes
        most = max(1, TOKENS_AT_ONCE // inputs.shape[1])
        for rows in np.array_split(np.arange(len(of)), -(-len(of) // most)):
            part = slice(rows[0], rows[-1] + 1)
            scores[part], slopes[part] = self._part(inputs[part], of[part])
        return scores, slopes

    def _part(self, inputs: Tensor, of: Integers) -> tuple[Tensor, Tensor]:
        with torch.enable_grad():
            given = inputs.detach().requires_grad_()
            found = self._scores(given, of)
            (slope,) = torch.autograd.grad(found.sum(), given)
        return found.detach(), slope

    def _scores(self, given: Tensor, of: Integers) -> Tensor:
        types = np.zeros(given.shape[:2], dtype=np.int64)
        for row, i in enumerate(of):
            types[row, : self._sizes[i]] = self._samples[i].types
        logits = self._classifier.logits(given, self._sizes[of], torch.from_numpy(types))
        return self._explained.scores(logits, of)

    def mean_slopes(self, of: Integers, output: int, nodes: int) -> tuple[Floats, Floats, Tensor]:
        """See `xai.methods.gradient.deeplift.MeanSlopes`."""
        inputs, baselines = self.stack(of)
        if output > 0:
            unknown = np.full(len(of), np.nan)
            return unknown, unknown, torch.zeros_like(inputs)
        check(self._classifier)
        most = max(1, TOKENS_AT_ONCE // (2 * inputs.shape[1]))
        parts = np.array_split(np.arange(len(of)), -(-len(of) // most))
        found = [self._walk(inputs[rows], baselines[rows], of[rows], nodes) for rows in parts]
        tops, bottoms, slopes = zip(*found, strict=True)
        return np.concatenate(tops), np.concatenate(bottoms), torch.cat(slopes)

    def _walk(
        self, inputs: Tensor, baselines: Tensor, of: Integers, nodes: int
    ) -> tuple[Floats, Floats, Tensor]:
        twice = np.tile(of, 2)
        with torch.enable_grad():
            given = torch.cat([inputs, baselines]).detach().requires_grad_()
            with recorded(self._classifier.network, len(twice), nodes):
                found = self._scores(given, twice)
            (slope,) = torch.autograd.grad(found[: len(of)].sum(), given)
        scores = found.detach().double().numpy()
        return scores[: len(of)], scores[len(of) :], slope[: len(of)]

    def reduce(self, values: Tensor, of: Integers) -> list[Floats]:
        """Sum values (b, t, e) over the embedding of each token: (u,) per sample, 0 where fixed."""
        summed = values.detach().double().sum(dim=-1).numpy()
        return [
            np.where(self._samples[i].special, 0.0, row[: self._sizes[i]])
            for row, i in zip(summed, of, strict=True)
        ]


@lru_cache(maxsize=1)
def check(classifier: Classifier) -> None:
    """Walk once through the network on a few made-up tokens.

    Raises
    ------
    Undefined
        Where it has an operation without a mean slope. Their count is odd, so that an operation
        with another order of rows than ours is noticed.
    """
    ids = torch.arange(2 * TRIAL).reshape(2, TRIAL) % classifier.embed.num_embeddings
    with torch.enable_grad():
        given = classifier.embed(ids).detach().requires_grad_()
        with recorded(classifier.network, 2, 1):
            logits = classifier.logits(given, np.full(2, TRIAL))
    own = own_functions(logits)
    if own:
        raise undefined(type(classifier.network).__name__, ", ".join(map(repr, sorted(own))))
