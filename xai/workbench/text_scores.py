"""The score of a text classifier where only some words, or only some tokens, are kept."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from xai.units import FIXED, Bools
from xai.vocabulary import Floats, Integers
from xai.workbench.classifier import Classifier
from xai.workbench.explained import Explained
from xai.workbench.tokenized import Tokenized


class KeptWords:
    """Score of the target of each sample; see `xai.units.Kept`.

    Variations of many samples share forwards: those of like length together.
    """

    def __init__(
        self,
        classifier: Classifier,
        samples: Sequence[Tokenized],
        groups: Sequence[Integers],
        explained: Explained,
    ) -> None:
        self._classifier, self._samples = classifier, samples
        self._groups, self._explained = groups, explained
        self._sizes = np.array([len(sample.ids) for sample in samples], dtype=np.int64)

    @torch.inference_mode()
    def __call__(self, kept: Bools, of: Integers) -> Floats:
        """Return scores (m, 1)."""
        found = np.full((len(of), 1), np.nan)
        for rows in self._classifier.batches(self._sizes[of]):
            ids, types, sizes = self._stacked(kept[rows], of[rows])
            logits = self._classifier.logits(ids, sizes, types)
            found[rows, 0] = self._explained.scores(logits.double(), of[rows]).numpy()
        return found

    def _stacked(self, kept: Bools, of: Integers) -> tuple[Tensor, Tensor, Integers]:
        sizes = self._sizes[of]
        ids = np.full((len(of), int(sizes.max())), self._classifier.blank, dtype=np.int64)
        types = np.zeros_like(ids)
        for sample in np.unique(of):
            mine, one = np.flatnonzero(of == sample), self._samples[sample]
            groups = self._groups[sample]
            # A column of its own for what is never removed: there may be nothing else.
            width = int(groups.max(initial=FIXED)) + 1
            whole = np.concatenate([kept[mine, :width], np.ones((len(mine), 1), bool)], axis=1)
            stays = whole[:, groups]
            ids[mine, : len(one.ids)] = np.where(stays, one.ids, self._classifier.blank)
            types[mine, : len(one.ids)] = one.types
        return torch.from_numpy(ids), torch.from_numpy(types), sizes


def probabilities(logits: Floats) -> Floats:
    """Return the shares (n, k) of logits."""
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(shares / shares.sum(axis=1, keepdims=True))


@torch.inference_mode()
def predict(classifier: Classifier, samples: Sequence[Tokenized]) -> Floats:
    """Return the logits (n, k) of whole samples."""
    sizes = np.array([len(sample.ids) for sample in samples], dtype=np.int64)
    found = np.zeros((len(samples), len(classifier.outputs)))
    for rows in classifier.batches(sizes):
        ids, types = padded(classifier, samples, rows)
        found[rows] = classifier.logits(ids, sizes[rows], types).double().numpy()
    return found


def padded(
    classifier: Classifier, samples: Sequence[Tokenized], of: Integers
) -> tuple[Tensor, Tensor]:
    """Return token numbers and types (b, t) of whole samples."""
    width = max(len(samples[i].ids) for i in of)
    ids = np.full((len(of), width), classifier.blank, dtype=np.int64)
    types = np.zeros_like(ids)
    for row, i in enumerate(of):
        ids[row, : len(samples[i].ids)] = samples[i].ids
        types[row, : len(samples[i].ids)] = samples[i].types
    return torch.from_numpy(ids), torch.from_numpy(types)
