"""A causal language model, opened: logits at the places that are asked for, and nothing else."""

from __future__ import annotations

import inspect
import tempfile
from collections.abc import Iterator
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from xai.assets.folder import load_network, load_tokenizer, unpack
from xai.units import Bools
from xai.vocabulary import Integers

TOKENS_AT_ONCE = 2048
"""Tokens in one forward: about what keeps a processor's cache warm; a longer text goes alone."""

LOGITS_AT_ONCE = 1 << 24
"""Numbers that one forward may answer with, 64 MB."""

_TRIAL = 12


class Language:
    """The network and the tokenizer of a folder.

    Attributes
    ----------
    most : int
        Tokens that a text may have.
    blank : tensor of shape (e,)
        The mean embedding of the vocabulary: stands where a token was removed.
    can_hide : bool
        Removed tokens can be hidden from the attention of all others.
    """

    def __init__(self, network: Any, tokenizer: Any) -> None:
        self.network, self.tokenizer = network, tokenizer
        parameters = inspect.signature(network.forward).parameters
        self._keeps = "logits_to_keep" in parameters
        self._memory = "cache" if "cache" in parameters else "past_key_values"
        self._counts = "position_ids" in parameters
        self.most = int(tokenizer.model_max_length)
        self.embed: nn.Embedding = network.get_input_embeddings()
        self.blank: Tensor = self.embed.weight.mean(dim=0).detach()
        self._is_fused = self._fuse()
        self.can_hide = self._try_hiding()

    @cached_property
    def size(self) -> int:
        """Numbers in the model's answer at one place: its vocabulary."""
        nought = torch.zeros(1, dtype=torch.long)
        return int(self.logits(nought[None], nought).shape[-1])

    @cached_property
    def control(self) -> frozenset[int]:
        """Special tokens that begin, end or pad a text; not the one for unknown words."""
        special, unknown = set(self.tokenizer.all_special_ids), self.tokenizer.unk_token_id
        names = ("bos", "eos", "cls", "sep")
        others = {getattr(self.tokenizer, f"{name}_token_id") for name in names}
        return frozenset(special if unknown in others else special - {unknown})

    @cached_property
    def ordinary(self) -> Bools:
        """True for the tokens that may stand in a text, shape (v,)."""
        special = {*self.tokenizer.all_special_ids, *self.tokenizer.added_tokens_decoder}
        known = np.arange(self.size) < len(self.tokenizer)
        return known & ~np.isin(np.arange(self.size), sorted(special))

    def logits(self, inputs: Tensor, places: Tensor, hidden: Tensor | None = None) -> Tensor:
        """Return what is expected right after `places`, shape (m, q, v).

        Parameters
        ----------
        inputs : tensor of shape (m, t) of token numbers, or (m, t, e) of embeddings
        places : tensor of shape (q,)
            The same for all rows. What stands behind a place cannot change its logits.
        hidden : bool tensor of shape (m, t), or None
            Tokens that no other token may look at.
        """
        given: dict[str, Any] = {}
        if hidden is not None and self.can_hide:
            given["attention_mask"] = _mask(hidden)
            if self._counts:
                given["position_ids"] = torch.arange(inputs.shape[1])[None]
        found: Tensor = self._answer(inputs, places, given).logits
        return found if self._keeps else found[:, places]

    def follow(self, fresh: Tensor, memory: Any) -> tuple[Tensor, Any]:
        """Return logits (v,) after `fresh` tokens (1, t) that follow what is in `memory`."""
        answer = self.network(input_ids=fresh, **{self._memory: memory}, use_cache=True)
        return answer.logits[0, -1], getattr(answer, self._memory, None)

    def logits_and_maps(self, inputs: Tensor, places: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Return the same, and the attention of each layer, shape (m, heads, t, t)."""
        if self._is_fused:
            self.network.set_attn_implementation("eager")
        try:
            answer = self._answer(inputs, places, {"output_attentions": True})
        finally:
            self._is_fused = self._is_fused and self._fuse()
        return answer.logits if self._keeps else answer.logits[:, places], answer.attentions

    def _fuse(self) -> bool:
        """Compute attention without writing its maps down, where the network can: 3 × at 500."""
        try:
            self.network.set_attn_implementation("sdpa")
        except (AttributeError, ImportError, ValueError):
            return False
        return True

    def _answer(self, inputs: Tensor, places: Tensor, given: dict[str, Any]) -> Any:
        name = "input_ids" if inputs.ndim == 2 else "inputs_embeds"
        if self._keeps:
            given["logits_to_keep"] = places
        return self.network(**{name: inputs}, **given, use_cache=False)

    def _try_hiding(self) -> bool:
        """Return whether the network takes a mask of its own for every pair of tokens."""
        window = getattr(self.network.config, "sliding_window", None)
        if window is not None and window < self.most:
            return False  # the given mask would stand in for the window
        ids = torch.arange(min(_TRIAL, self.most))[None] % self.embed.num_embeddings
        places, self.can_hide = torch.arange(ids.shape[1]), True
        with torch.inference_mode():
            plain = self.logits(ids, places)
            try:
                same = self.logits(ids, places, torch.zeros_like(ids, dtype=torch.bool))
                some = self.logits(ids, places, (torch.arange(ids.shape[1]) == 2)[None])
            except (RuntimeError, ValueError, TypeError, IndexError):
                return False
        return bool(torch.allclose(plain, same, atol=1e-3)) and not torch.allclose(plain, some)


def _mask(hidden: Tensor) -> Tensor:
    """Return what is added to attention, shape (m, 1, t, t): each token sees itself, and before."""
    size = hidden.shape[1]
    seen = torch.ones(size, size, dtype=torch.bool).tril() & ~hidden[:, None, :]
    seen |= torch.eye(size, dtype=torch.bool)
    return torch.where(seen, 0.0, torch.finfo(torch.float32).min)[:, None]


@lru_cache(maxsize=1)
def open_language(path: str) -> Language:
    """Open a zipped folder once per child."""
    folder = unpack(Path(path), Path(tempfile.gettempdir()))
    return Language(load_network(folder), load_tokenizer(folder))


def batches(last: Integers, answers: int) -> Iterator[Integers]:
    """Cut rows into batches for one forward each, rows of like length together.

    Parameters
    ----------
    last : array of shape (m,)
        Last place that is read of each row; rows of which none is, -1, are left out.
    answers : int
        Numbers that the model answers with for one row.
    """
    order = np.argsort(last, kind="stable")
    order = order[last[order] >= 0]
    start = 0
    for end in range(1, len(order) + 1):
        longest = last[order[end]] + 1 if end < len(order) else 0
        rows = end - start + 1
        full = rows * longest > TOKENS_AT_ONCE or rows * answers > LOGITS_AT_ONCE
        # Rows that end at one place answer at one place: worth a batch of their own, if not tiny.
        turns = longest - 1 != last[order[end - 1]] and (rows - 1) * longest > TOKENS_AT_ONCE // 4
        if end == len(order) or full or turns:
            yield order[start:end]
            start = end
