"""The attention of a text classifier, layer by layer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from xai.errors import XaiError
from xai.vocabulary import Floats, Integers
from xai.workbench.classifier import Classifier
from xai.workbench.explained import Explained
from xai.workbench.text_scores import padded
from xai.workbench.tokenized import Tokenized

MAPS_AT_ONCE = 1 << 24
"""Numbers in the maps of a batch, 64 MB; one long sample may have more."""


class WordAttention:
    """See `xai.units.Attention`: a position is a unit."""

    def __init__(
        self, classifier: Classifier, samples: Sequence[Tokenized], explained: Explained
    ) -> None:
        self._classifier, self._samples, self._explained = classifier, samples, explained
        self._sizes = np.array([len(sample.ids) for sample in samples], dtype=np.int64)
        self._reads_last: bool | None = None

    def batches(self) -> Iterator[Integers]:
        """Yield samples that fit in one forward, with all their maps."""
        config = self._classifier.network.config
        per_pair = int(config.num_hidden_layers) * int(config.num_attention_heads)
        for of in self._classifier.batches(self._sizes):
            step = max(1, MAPS_AT_ONCE // (per_pair * int(self._sizes[of].max()) ** 2))
            for start in range(0, len(of), step):
                yield of[start : start + step]

    @torch.inference_mode()
    def maps(self, of: Integers) -> Iterator[Tensor]:
        """Yield the attention of each layer, first to last, shape (b, heads, t, t)."""
        ids, types = padded(self._classifier, self._samples, of)
        yield from self._classifier.answer(
            ids, self._sizes[of], types, output_attentions=True
        ).attentions

    def maps_with_gradient(self, of: Integers, output: int = 0) -> list[tuple[Tensor, Tensor]]:
        """Return attention and the score's gradient by it, of each layer, (b, heads, t, t) each."""
        ids, types = padded(self._classifier, self._samples, of)
        with torch.enable_grad():
            inputs = self._classifier.embed(ids).detach().requires_grad_()
            answer = self._classifier.answer(inputs, self._sizes[of], types, output_attentions=True)
            scores = self._explained.scores(answer.logits, of)
            maps = answer.attentions
            slopes = torch.autograd.grad(scores.sum() * (output == 0), maps)
        return [(one.detach(), slope) for one, slope in zip(maps, slopes, strict=True)]

    def reading(self, of: Integers, output: int = 0) -> Integers:  # noqa: ARG002 - one output
        """Return the position (b,) that the classifier reads: its first or its last token."""
        if self._reads_last is None:
            self._reads_last = self._look()
        return self._sizes[of] - 1 if self._reads_last else np.zeros(len(of), dtype=np.int64)

    def spread(self, weights: Tensor, of: Integers) -> list[Floats]:
        """Turn weights over positions (b, t) into one array (u,) per sample."""
        rows = weights.detach().double().numpy()
        return [row[: self._sizes[i]] for row, i in zip(rows, of, strict=True)]

    def _look(self) -> bool:
        """Find by the gradient which position of the last layer the answer is made from.

        Raises
        ------
        XaiError
            If it is made from several: rollout and relevance read one row.
        """
        of = np.array([int(np.argmax(self._sizes))])
        ids, types = padded(self._classifier, self._samples, of)
        with torch.enable_grad():
            inputs = self._classifier.embed(ids).detach().requires_grad_()
            answer = self._classifier.answer(
                inputs, self._sizes[of], types, output_hidden_states=True
            )
            score = answer.logits.square().sum()
            (slope,) = torch.autograd.grad(score, answer.hidden_states[-1])
        size = slope[0].norm(dim=-1).numpy()
        place = int(size.argmax())
        if place not in {0, len(size) - 1} or np.delete(size, place).max() > 1e-3 * size[place]:
            raise XaiError(
                "This classifier makes its answer from all positions of the last layer, not from "
                "one token, so there is no row of attention to read. Choose methods that use "
                "gradients or words left out."
            )
        return place > 0
