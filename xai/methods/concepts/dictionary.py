"""A dictionary of concepts: directions in the space of activations, and how to code them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from xai.methods.concepts.nnls import coefficients


@dataclass(frozen=True, slots=True)
class Dictionary:
    """Directions of unit length, in the order of how much of the activations they carry.

    Attributes
    ----------
    kind : str
        "nmf", "semi_nmf", "kmeans", "pca" or "sparse_autoencoder".
    bank : Tensor of shape (r, c)
        Float32, every row of length 1: the scale lies in the coefficients.
    coder : callable or None
        (m, c) to coefficients (m, r); None for non-negative least squares.
    """

    kind: str
    bank: Tensor
    coder: Callable[[Tensor], Tensor] | None = None

    def __len__(self) -> int:
        return len(self.bank)

    def encode(self, activations: Tensor) -> Tensor:
        """Return the coefficients of activations (..., c): shape (..., r), float32."""
        flat = activations.reshape(-1, activations.shape[-1])
        codes = coefficients(flat, self.bank) if self.coder is None else self.coder(flat)
        return codes.float().reshape(*activations.shape[:-1], len(self.bank))

    def decode(self, codes: Tensor) -> Tensor:
        """Return the activations that the coefficients stand for."""
        return codes @ self.bank


def unit(bank: Tensor, codes: Tensor) -> tuple[Tensor, Tensor]:
    """Give every concept length 1 and move its scale into the coefficients.

    A factorisation leaves the scale of a concept open, so coefficients of two concepts could not
    be compared. Concepts come back by the total size of what they carry, largest first.
    """
    length = bank.norm(dim=1).clamp_min(1e-12)
    bank, codes = bank / length[:, None], codes * length
    order = torch.argsort(codes.square().sum(dim=0), descending=True, stable=True)
    return bank[order].contiguous(), codes[:, order].contiguous()
