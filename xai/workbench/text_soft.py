"""A text classifier that reads a part of the numbers of each token: for soft faithfulness."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from xai.units import Bools
from xai.vocabulary import Floats, Integers
from xai.workbench.classifier import TOKENS_AT_ONCE, Classifier
from xai.workbench.tokenized import Tokenized


class SoftWords:
    """See `xai.evaluation.soft.Soft`: the answer is the probability of the explained class.

    It is the probability even where methods explain the logit: a share of a logit means nothing.
    """

    most = 1.0

    def __init__(
        self, classifier: Classifier, samples: Sequence[Tokenized], targets: Integers
    ) -> None:
        self._classifier, self._samples, self._targets = classifier, samples, targets
        self.width = int(classifier.filler.shape[0])
        self._last, self._whole = -1, 0.0

    def distances(self, sample: int, output: int, kept: Bools) -> Floats:  # noqa: ARG002 - a class is the one output
        """Return how much of the probability (m,) is lost, never below 0.

        Parameters
        ----------
        kept : array of shape (m, t, e)
            Numbers that stay of the tokens' embeddings; the others become 0.
        """
        if self._last != sample:
            everything = np.ones((1, len(self._samples[sample].ids), 1), dtype=bool)
            self._last, self._whole = sample, float(self._shares(sample, everything)[0])
        return np.maximum(0.0, self._whole - self._shares(sample, kept))

    @torch.inference_mode()
    def _shares(self, sample: int, kept: Bools) -> Floats:
        """Return the probability of the target, shape (m,)."""
        one = self._samples[sample]
        whole = self._classifier.embed(torch.from_numpy(one.ids))
        types, found = torch.from_numpy(one.types), []
        step = max(1, TOKENS_AT_ONCE // len(one.ids))
        for start in range(0, len(kept), step):
            inputs = whole * torch.from_numpy(kept[start : start + step])
            sizes = np.full(len(inputs), len(one.ids))
            logits = self._classifier.logits(inputs, sizes, types.expand(len(inputs), -1))
            shares = logits.double().softmax(dim=-1)
            found.append(shares[:, self._targets[sample]].numpy())
        return np.concatenate(found)
