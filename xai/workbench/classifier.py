"""A text classifier, opened: logits of padded batches, and what may stand for a removed token."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from xai.assets.folder import load_network, load_tokenizer, unpack
from xai.vocabulary import Integers

TOKENS_AT_ONCE = 1024
"""Tokens in one forward: what keeps a processor's cache warm; a longer text goes alone."""

_TRIAL = 6


class Classifier:
    """The network and the tokenizer of a folder.

    Attributes
    ----------
    outputs : tuple of str
    most : int
        Tokens that a text may have.
    blank : int
        Stands for a removed token; `blank_name` says what it is.
    takes_embeddings : bool
        The network reads embeddings in place of token numbers, so it has gradients.
    can_pad : bool
        Texts of differing length may share a forward. False for networks that read the last
        position: there only texts of one length share.
    """

    def __init__(self, network: Any, tokenizer: Any, outputs: tuple[str, ...]) -> None:
        self.network, self.tokenizer, self.outputs = network, tokenizer, outputs
        self.most = int(tokenizer.model_max_length)
        self.embed: nn.Embedding = network.get_input_embeddings()
        self.blank, self.blank_name = _blank(tokenizer)
        self.has_types = "token_type_ids" in tokenizer.model_input_names
        self.takes_embeddings, self.can_pad = False, False
        self._try()

    @property
    def filler(self) -> Tensor:
        """The embedding of what stands for a removed token, shape (e,)."""
        return self.embed.weight[self.blank].detach()

    def logits(self, inputs: Tensor, sizes: Integers, types: Tensor | None = None) -> Tensor:
        """Return the logits (b, k) of a padded batch.

        Parameters
        ----------
        inputs : tensor of shape (b, t) of token numbers, or (b, t, e) of embeddings
        sizes : array of shape (b,)
            Tokens of each row; what stands behind them is not read.
        types : tensor of shape (b, t), or None
            0 for the first text, 1 for the second.
        """
        found: Tensor = self.answer(inputs, sizes, types).logits
        return found

    def answer(
        self, inputs: Tensor, sizes: Integers, types: Tensor | None = None, **asked: bool
    ) -> Any:
        """Return all that the network answers; see `logits`."""
        if inputs.ndim == 2 and self.takes_embeddings and not self.can_pad:
            inputs = self.embed(inputs)  # it looks for its last token by number, blanks misled it
        given: dict[str, Any] = {"input_ids" if inputs.ndim == 2 else "inputs_embeds": inputs}
        seen = torch.arange(inputs.shape[1])[None] < torch.from_numpy(sizes)[:, None]
        given["attention_mask"] = seen.long()
        if self.has_types and types is not None:
            given["token_type_ids"] = types
        return self.network(**given, **asked)

    def batches(self, sizes: Integers, copies: int = 1) -> Iterator[Integers]:
        """Cut rows of these sizes into batches for one forward each, rows of like size together."""
        order = np.argsort(sizes, kind="stable")
        start = 0
        for end in range(1, len(order) + 1):
            if end < len(order):
                longest = int(sizes[order[end]])
                full = (end - start + 1) * longest * copies > TOKENS_AT_ONCE
                turns = not self.can_pad and longest != sizes[order[start]]
                if not (full or turns):
                    continue
            yield order[start:end]
            start = end

    @torch.inference_mode()
    def _try(self) -> None:
        """Find out what the network takes, on a few made-up tokens."""
        ids = torch.arange(_TRIAL)[None] % self.embed.num_embeddings
        size = np.array([_TRIAL])
        plain = self.logits(ids, size)
        try:
            given = self.logits(self.embed(ids), size)
            self.takes_embeddings = bool(torch.allclose(plain, given, atol=1e-3))
        except (RuntimeError, ValueError, TypeError, NotImplementedError, AttributeError):
            self.takes_embeddings = False
        whole = self.embed(ids) if self.takes_embeddings else ids
        padded = torch.cat([whole, whole[:, :2]], dim=1)
        plain = self.logits(whole, size)
        self.can_pad = bool(torch.allclose(plain, self.logits(padded, size), atol=1e-4))


def _blank(tokenizer: Any) -> tuple[int, str]:
    for name in ("mask", "unk", "pad"):
        token = getattr(tokenizer, f"{name}_token_id")
        if token is not None:
            words = {"mask": "mask token", "unk": "token for unknown words", "pad": "padding"}
            return int(token), f"the {words[name]} {tokenizer.convert_ids_to_tokens(token)}"
    return 0, f"the token {tokenizer.convert_ids_to_tokens(0)}"


@lru_cache(maxsize=1)
def open_classifier(path: str) -> Classifier:
    """Open a zipped folder once per child."""
    folder = unpack(Path(path), Path(tempfile.gettempdir()))
    return Classifier(load_network(folder), load_tokenizer(folder), folder.outputs)
