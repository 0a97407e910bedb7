"""The attention heads of a text classifier: left out one by one; labels beside words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from xai.vocabulary import Floats, ignore_progress
from xai.workbench.classifier import Classifier
from xai.workbench.explained import Explained
from xai.workbench.head_effects import effects
from xai.workbench.tokenized import Tokenized


class WordHeads:
    """See `xai.methods.attention.heads.Heads`."""

    def __init__(
        self, classifier: Classifier, samples: Sequence[Tokenized], explained: Explained
    ) -> None:
        self._classifier, self._samples, self._explained = classifier, samples, explained
        named = [(name, _name_of(classifier, name)) for name in classifier.outputs]
        self._names = [(name, vector) for name, vector in named if vector is not None]
        self.labels = tuple(name for name, _vector in self._names)

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
