"""What the last linear layer of a network reads: recorded while the network answers as usual."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from scipy.spatial import cKDTree
from scipy.special import softmax
from torch import nn

from xai.vocabulary import Floats

CLOSE = 1e-4
"""Probabilities of one row, asked in batches of other sizes, differ by rounding."""


class Tape:
    """Inputs of the last layer beside its outputs, in the order in which they were computed."""

    def __init__(self) -> None:
        self.read: list[Floats] = []
        self.said: list[Floats] = []

    def of(self, shares: Floats) -> Floats | None:
        """Return what was read for rows with these probabilities, (n, p); None if one is new."""
        if not self.said:
            return None
        read, said = np.concatenate(self.read), np.concatenate(self.said)
        if said.shape[1] != shares.shape[1]:
            return None
        far, place = cKDTree(softmax(said, axis=1)).query(shares)
        return read[place] if (far < CLOSE).all() else None


def last_linear(network: nn.Module, run: Callable[[], Any]) -> nn.Linear | None:
    """Return the linear layer whose output is the logits, found by running the network once."""
    called: list[tuple[nn.Linear, torch.Tensor]] = []
    logits: list[torch.Tensor] = []
    hooks = [
        module.register_forward_hook(lambda m, _given, out: called.append((m, out)))
        for module in network.modules()
        if isinstance(module, nn.Linear)
    ]
    hooks.append(network.register_forward_hook(lambda _m, _given, out: logits.append(out.logits)))
    try:
        with torch.inference_mode():
            run()
    finally:
        for hook in hooks:
            hook.remove()
    for module, out in reversed(called):
        if logits and out.shape == logits[-1].shape and torch.equal(out, logits[-1]):
            return module
    return None


@contextmanager
def recorded(layer: nn.Linear | None) -> Iterator[Tape]:
    """Record what a layer reads and says for as long as the context is open."""
    tape = Tape()
    if layer is None:
        yield tape
        return

    def note(_layer: nn.Module, given: tuple[torch.Tensor, ...], out: torch.Tensor) -> None:
        tape.read.append(given[0].detach().double().numpy())
        tape.said.append(out.detach().double().numpy())

    hook = layer.register_forward_hook(note)
    try:
        yield tape
    finally:
        hook.remove()
