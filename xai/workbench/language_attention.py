"""The attention of a language model, layer by layer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from xai.vocabulary import Floats, Integers
from xai.workbench.continued import Continued
from xai.workbench.language import TOKENS_AT_ONCE, Language
from xai.workbench.language_gradients import alike, asked
from xai.workbench.language_scores import log_probability

MAPS_AT_ONCE = 1 << 26
"""Numbers in the maps of a batch, 256 MB; one long sample may have more."""


class TokenAttention:
    """See `xai.units.Attention`: a unit is a position."""

    def __init__(self, language: Language, samples: Sequence[Continued]) -> None:
        self._language, self._samples = language, samples
        self._sizes = np.array([len(sample.ids) - 1 for sample in samples], dtype=np.int64)

    def batches(self) -> Iterator[Integers]:
        """Yield samples that fit in one forward, with all their maps."""
        config = self._language.network.config
        per_pair = config.num_hidden_layers * config.num_attention_heads
        longest = int(self._sizes.max(initial=1))
        yield from alike(
            self._sizes, TOKENS_AT_ONCE, max(1, MAPS_AT_ONCE // (per_pair * longest**2))
        )

    @torch.inference_mode()
    def maps(self, of: Integers) -> Iterator[Tensor]:
        """Yield the attention of each layer, first to last, shape (b, heads, t, t)."""
        yield from self._forward(self._ids(of), torch.zeros(1, dtype=torch.long))[1]

    def maps_with_gradient(self, of: Integers, output: int = 0) -> list[tuple[Tensor, Tensor]]:
        """Return attention and the score's gradient by it, of each layer, (b, heads, t, t) each.

        The gradient of a sample that has no such output is 0.
        """
        places, targets = asked(self._samples, of, output)
        unique, at = np.unique(np.maximum(places, 0), return_inverse=True)
        with torch.enable_grad():
            inputs = self._language.embed(self._ids(of)).detach().requires_grad_()
            logits, maps = self._forward(inputs, torch.from_numpy(unique))
            picked = logits[torch.arange(len(of)), torch.from_numpy(at)][:, None]
            scores = log_probability(picked, torch.from_numpy(targets)[:, None])[:, 0]
            total = torch.where(torch.from_numpy(places >= 0), scores, 0.0).sum()
            slopes = torch.autograd.grad(total, maps)
        return [(one.detach(), slope) for one, slope in zip(maps, slopes, strict=True)]

    def reading(self, of: Integers, output: int = 0) -> Integers:
        """Return the position (b,) that predicts the output; the last one where there is none."""
        places, _ = asked(self._samples, of, output)
        return np.where(places >= 0, places, self._sizes[of] - 1)

    def spread(self, weights: Tensor, of: Integers) -> list[Floats]:
        """Turn weights over positions (b, t) into shares (u,) per sample.

        Special tokens, where models park attention that nothing needs, are left out; the others
        sum to 1, or are all 0.
        """
        rows = weights.detach().double().numpy()
        free = [
            np.where(self._samples[s].special[:-1], 0.0, row[: self._sizes[s]])
            for row, s in zip(rows, of, strict=True)
        ]
        return [one / one.sum() if one.sum() > 0 else one for one in free]

    def _ids(self, of: Integers) -> Tensor:
        ids = np.zeros((len(of), int(self._sizes[of].max())), dtype=np.int64)
        for row, sample in enumerate(of):
            ids[row, : self._sizes[sample]] = self._samples[sample].ids[:-1]
        return torch.from_numpy(ids)

    def _forward(self, inputs: Tensor, places: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        return self._language.logits_and_maps(inputs, places)
