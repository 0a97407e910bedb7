"""The attention heads of a text classifier: left out one by one; labels beside words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from xai.vocabulary import Floats, ignore_progress
from xai.workbench.classifier import Classifier
from xai.workbench.explained import Explained
from xai.workbench.head_effects import effects
from xai.workbench.text_scores import padded
from xai.workbench.tokenized import Tokenized

_KNOWN = {"loss", "logits", "last_hidden_state", "past_key_values"}
"""What the answer of every classifier may hold beside it."""


class WordHeads:
    """See `xai.methods.attention.heads.Heads`."""

    def __init__(
        self, classifier: Classifier, samples: Sequence[Tokenized], explained: Explained
    ) -> None:
        self._classifier, self._samples, self._explained = classifier, samples, explained
        named = [(name, _name_of(classifier, name)) for name in classifier.outputs]
        self._names = [(name, vector) for name, vector in named if vector is not None]
        self.labels = tuple(name for name, _vector in self._names)
        self.outputs = classifier.outputs

    def shape(self) -> tuple[int, int]:
        """Return layers, and heads of a layer."""
        config = self._classifier.network.config
        return int(config.num_hidden_layers), int(config.num_attention_heads)

    def effect(self, sample: int) -> Floats | None:
        """Return score minus score without each head, (layers, heads); None if not found."""
        explained = Explained(self._explained.classes[[sample]], self._explained.unit)
        return effects(self._classifier, self._samples[sample], explained, ignore_progress)

    @torch.inference_mode()
    def alike(self, sample: int) -> Floats:
        """Return cosines (labels, t) of input embeddings; NaN for special and unknown tokens."""
        one = self._samples[sample]
        vectors = self._classifier.embed(torch.from_numpy(one.ids)).double()
        names = [vector for _name, vector in self._names]
        if not names:
            return np.zeros((0, len(one.ids)))
        found = nn.functional.cosine_similarity(torch.stack(names)[:, None], vectors[None], dim=-1)
        values: Floats = found.numpy().copy()
        unknown = one.ids == self._classifier.tokenizer.unk_token_id
        values[:, one.special | unknown] = np.nan
        return values

    @torch.inference_mode()
    def attended(self, sample: int) -> Floats | None:
        """Return the model's own attention of its labels to tokens, (outputs, t), or None."""
        ids, types = padded(self._classifier, self._samples, np.array([sample]))
        sizes = np.array([ids.shape[1]])
        answer = self._classifier.answer(ids, sizes, types, output_attentions=True)
        return label_attention(answer, len(self.outputs), ids.shape[1])


def label_attention(answer: Mapping[str, Any], labels: int, tokens: int) -> Floats | None:
    """Return what of a network's answer for one text says how labels attend to its tokens.

    No classifier of transformers has a field for it, so it is told by what it is: of shape
    (1, labels, tokens), or with the heads before the labels, whose mean is taken; no number below
    zero, and the numbers of each label sum to 1.

    Returns
    -------
    array of shape (labels, tokens), or None
    """
    for name, value in answer.items():
        if name in _KNOWN or not isinstance(value, Tensor) or value.ndim not in {3, 4}:
            continue
        one = value[0].double() if value.ndim == 3 else value[0].double().mean(dim=0)
        if tuple(one.shape) != (labels, tokens) or bool((one < 0).any()):
            continue
        if torch.allclose(one.sum(dim=-1), torch.ones(labels, dtype=torch.double), atol=1e-3):
            found: Floats = one.numpy()
            return found
    return None


@torch.inference_mode()
def _name_of(classifier: Classifier, label: str) -> Tensor | None:
    """Return the mean input embedding of a label's name, (e,); None if a token is unknown."""
    words = label.replace("_", " ").strip()
    # A label that the configuration never named tells nothing: LABEL_0.
    if words.upper().startswith("LABEL ") or not any(sign.isalpha() for sign in words):
        return None
    ids = classifier.tokenizer(words, add_special_tokens=False)["input_ids"]
    if not ids or classifier.tokenizer.unk_token_id in ids:
        return None
    found: Tensor = classifier.embed(torch.tensor(ids)).double().mean(dim=0)
    return found
