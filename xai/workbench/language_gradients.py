"""Gradients of a language model's scores by the embeddings of its tokens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from xai.vocabulary import Floats, Integers
from xai.workbench.continued import Continued
from xai.workbench.language import TOKENS_AT_ONCE, Language
from xai.workbench.language_scores import log_probability


class TokenGradients:
    """See `xai.units.Gradients`: features of a unit are the numbers of its embedding.

    The baseline is the mean embedding of the vocabulary for every token that can be removed.
    """

    def __init__(self, language: Language, samples: Sequence[Continued]) -> None:
        self._language, self._samples = language, samples
        self._sizes = np.array([len(sample.ids) - 1 for sample in samples], dtype=np.int64)

    def batches(self, copies: int = 1) -> Iterator[Integers]:
        """Yield samples of like size, so few that `copies` of each fit in one forward."""
        yield from alike(self._sizes, TOKENS_AT_ONCE // max(1, copies))

    def stack(self, of: Integers) -> tuple[Tensor, Tensor]:
        """Return embeddings and baselines of these samples, (b, t, e) each, padded."""
        width = int(self._sizes[of].max())
        blank = self._language.blank
        inputs = blank.expand(len(of), width, -1).clone()
        baselines = inputs.clone()
        for row, sample in enumerate(of):
            one = self._samples[sample]
            whole = self._language.embed(torch.from_numpy(one.ids[:-1])).detach()
            inputs[row, : len(whole)] = whole
            stays = torch.from_numpy(one.special[:-1])
            baselines[row, : len(whole)][stays] = whole[stays]
        return inputs, baselines

    def gradient(self, inputs: Tensor, of: Integers, output: int = 0) -> tuple[Tensor, Tensor]:
        """Return score (b,) and gradient (b, t, e) of one output; NaN and 0 where there is none."""
        places, targets = asked(self._samples, of, output)
        scores, gradient = torch.full((len(of),), torch.nan), torch.zeros_like(inputs)
        rows = np.flatnonzero(places >= 0)
        if not len(rows):
            return scores, gradient
        width = int(places.max()) + 1
        step = max(1, TOKENS_AT_ONCE // width)
        for start in range(0, len(rows), step):
            part = rows[start : start + step]
            with torch.enable_grad():
                given = inputs[part, :width].detach().requires_grad_()
                found = read(self._language, given, places[part], targets[part])
                (slope,) = torch.autograd.grad(found.sum(), given)
            scores[part] = found.detach()
            gradient[part, :width] = slope
        return scores, gradient

    def reduce(self, values: Tensor, of: Integers) -> list[Floats]:
        """Sum values (b, t, e) over the embedding of each token: (u,) per sample, 0 where fixed."""
        summed = values.detach().double().sum(dim=-1).numpy()
        return [
            np.where(self._samples[s].special[:-1], 0.0, row[: self._sizes[s]])
            for row, s in zip(summed, of, strict=True)
        ]


def asked(samples: Sequence[Continued], of: Integers, output: int) -> tuple[Integers, Integers]:
    """Return where an output is read, and which token it is; -1 where there is none; (b,) each."""
    places = np.full(len(of), -1, dtype=np.int64)
    targets = np.zeros(len(of), dtype=np.int64)
    for row, sample in enumerate(of):
        causes = samples[sample].causes
        if output < len(causes):
            places[row] = causes[output] - 1
            targets[row] = samples[sample].ids[causes[output]]
    return places, targets


def read(language: Language, inputs: Tensor, places: Integers, targets: Integers) -> Tensor:
    """Return the log-probability (b,) of one token per row, read at one place per row."""
    unique, at = np.unique(places, return_inverse=True)
    logits = language.logits(inputs, torch.from_numpy(unique))
    picked = logits[torch.arange(len(inputs)), torch.from_numpy(at)][:, None]
    return log_probability(picked, torch.from_numpy(targets)[:, None])[:, 0]


def alike(sizes: Integers, tokens: int, most: int = 1 << 30) -> Iterator[Integers]:
    """Yield samples (b,), the shortest first, that hold about `tokens` together, at most `most`."""
    order = np.argsort(sizes, kind="stable")
    start = 0
    for end in range(1, len(order) + 1):
        rows = end - start + 1
        if end == len(order) or rows * sizes[order[end]] > tokens or rows > most:
            yield order[start:end]
            start = end
