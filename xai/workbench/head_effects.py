"""What an attention head is worth: the fall of the score when its output is set to zero."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from xai.vocabulary import Floats, Progress
from xai.workbench.classifier import TOKENS_AT_ONCE, Classifier
from xai.workbench.explained import Explained
from xai.workbench.text_scores import padded
from xai.workbench.tokenized import Tokenized

MIXERS = (
    "attention.output.dense", "attention.out_lin", "attn.c_proj", "self_attn.o_proj",
    "self_attn.out_proj", "attention.dense", "attention.out_proj", "attn.out_proj", "attn.o_proj",
    "attn.Wo", "self_attention.dense",
)  # fmt: skip
"""Layers that join the outputs of the heads, as the architectures of transformers name them."""


class _Silencer:
    """Sets the output of one head to 0 in every row, in one layer, as it enters its mixer."""

    def __init__(self, heads: int) -> None:
        self.heads, self.calls = heads, 0
        self.layer, self.silent = -1, np.zeros(0, dtype=np.int64)

    def __call__(self, _module: nn.Module, given: tuple[Any, ...]) -> tuple[Any, ...] | None:
        self.calls += 1
        if self.calls - 1 != self.layer:
            return None
        whole: Tensor = given[0]
        parts = whole.reshape(*whole.shape[:-1], self.heads, -1).clone()
        parts[torch.arange(len(self.silent)), :, torch.from_numpy(self.silent)] = 0
        return (parts.reshape(whole.shape), *given[1:])


def effects(
    classifier: Classifier, sample: Tokenized, explained: Explained, progress: Progress
) -> Floats | None:
    """Return score − score without the head, shape (layers, heads); None where heads are not found.

    Parameters
    ----------
    explained : Explained
        Of this sample alone.
    """
    config = classifier.network.config
    layers, heads = int(config.num_hidden_layers), int(config.num_attention_heads)
    silencer = _Silencer(heads)
    mixers = [m for name, m in classifier.network.named_modules() if name.endswith(MIXERS)]
    handles = [mixer.register_forward_pre_hook(silencer) for mixer in mixers]
    try:
        return _measured(classifier, sample, explained, silencer, (layers, progress))
    finally:
        for handle in handles:
            handle.remove()


def _measured(
    classifier: Classifier,
    sample: Tokenized,
    explained: Explained,
    silencer: _Silencer,
    how: tuple[int, Progress],
) -> Floats | None:
    layers, progress = how
    score = _scorer(classifier, sample, explained, silencer)
    nobody = np.zeros(0, dtype=np.int64)
    whole = score(-1, nobody, 1)[0]
    if silencer.calls != layers:
        return None
    step = max(1, TOKENS_AT_ONCE // len(sample.ids))
    found = np.zeros((layers, silencer.heads))
    for layer in range(layers):
        for start in range(0, silencer.heads, step):
            silent = np.arange(start, min(start + step, silencer.heads))
            found[layer, silent] = whole - score(layer, silent, len(silent))
        progress((layer + 1) * silencer.heads, layers * silencer.heads)
    return found


def _scorer(
    classifier: Classifier, sample: Tokenized, explained: Explained, silencer: _Silencer
) -> Callable[[int, np.ndarray, int], Floats]:
    ids, types = padded(classifier, [sample], np.zeros(1, dtype=np.int64))

    @torch.inference_mode()
    def score(layer: int, silent: np.ndarray, rows: int) -> Floats:
        silencer.layer, silencer.silent, silencer.calls = layer, silent, 0
        sizes = np.full(rows, len(sample.ids))
        logits = classifier.logits(ids.expand(rows, -1), sizes, types.expand(rows, -1))
        found: Floats = explained.scores(logits.double(), np.zeros(rows, dtype=np.int64)).numpy()
        return found

    return score
