"""The concept-space evaluator: an image's logit as a function of how much of each concept stays.

Every estimator of importance and every measure of it asks only this: y(m) = h((u ⊙ m)·W), where a
mask m in [0, 1] scales the coefficients u of a concept at all positions alike. Where the head is
affine the answer is base + slopes · m exactly, whatever is asked; where it pools, one row of
channels stands for the image.
Source: Fel et al., NeurIPS 2023, https://arxiv.org/abs/2306.07304, section 3.2.
Cost: r + 1 head rows where the head is affine, else one per mask and image.
"""

from __future__ import annotations

import torch
from torch import Tensor

from xai.errors import ShapeMismatch
from xai.methods.concepts.dictionary import Dictionary
from xai.methods.concepts.head import Head

BYTES = 32 * 2**20
"""Masked activations held at once."""
STEP = 1 / 64
"""How far a mask is lowered where torch cannot differentiate the head."""


class ConceptScore:
    """y(m) of n images, each with its own explained class."""

    def __init__(
        self, head: Head, dictionary: Dictionary, codes: Tensor, rest: Tensor, targets: Tensor
    ) -> None:
        """Take coefficients (n, h, w, r), placeless tokens (n, t, c) and classes (n,)."""
        if not len(codes) == len(rest) == len(targets):
            raise ShapeMismatch(f"{len(codes)} images, {len(rest)} rests, {len(targets)} classes.")
        self._head, self._bank = head, dictionary.bank
        self._codes, self._rest, self._targets = codes, rest, targets
        self.means = codes.mean(dim=(1, 2))
        self.rows = 0
        """Head rows evaluated so far."""
        self.linear = self._affine() if head.is_affine else None
        """(base (n,), slopes (n, r)) in float64 where the logit is exactly base + slopes · m."""

    def __len__(self) -> int:
        return len(self._codes)

    @property
    def concepts(self) -> int:
        """How many concepts there are, r."""
        return len(self._bank)

    @property
    def is_exact(self) -> bool:
        """Whether importance follows in closed form, without sampling."""
        return self.linear is not None

    def present(self) -> Tensor:
        """Return which concepts an image has at all, bool (n, r)."""
        return self._codes.abs().amax(dim=(1, 2)) > 0

    @torch.no_grad()
    def __call__(self, masks: Tensor) -> Tensor:
        """Return the logits of all images, float64 (n, m), for masks (m, r) or (n, m, r)."""
        masks = masks.expand(len(self), *masks.shape[-2:])
        if self.linear is not None:
            base, slopes = self.linear
            return base[:, None] + (masks.double() @ slopes[:, :, None])[..., 0]
        parts = [self.one(i, masks[i]) for i in range(len(self))]
        return torch.stack(parts) if parts else torch.zeros((0, masks.shape[1])).double()

    @torch.no_grad()
    def one(self, i: int, masks: Tensor) -> Tensor:
        """Return the logits of one image, float64 (m,), for masks (m, r)."""
        if self.linear is not None:
            return self.linear[0][i] + masks.double() @ self.linear[1][i]
        cells = 1 if self._head.pools else self._codes[i, :, :, 0].numel()
        step = max(1, BYTES // (4 * cells * self._bank.shape[1]))
        parts = [self._forward(i, part.float()) for part in torch.split(masks, step)]
        return torch.cat(parts).double()

    def gradient(self) -> Tensor:
        """Return Σ over positions of uᵢ · ∂y/∂uᵢ at the image itself, float64 (n, r)."""
        if self.linear is not None:
            return self.linear[1]
        if not self._head.cut.has_gradient:
            return self._differences()
        found = []
        for i in range(len(self)):
            ones = torch.ones((1, self.concepts), requires_grad=True)
            with torch.enable_grad():
                logit = self._forward(i, ones)
                (slope,) = torch.autograd.grad(logit.sum(), ones)
            found.append(slope[0])
        return torch.stack(found).double() if found else torch.zeros((0, self.concepts)).double()

    def _differences(self) -> Tensor:
        r = self.concepts
        masks = torch.cat([torch.ones((1, r)), 1 - STEP * torch.eye(r)])
        logits = self(masks)
        return (logits[:, :1] - logits[:, 1:]) / STEP

    def _forward(self, i: int, masks: Tensor) -> Tensor:
        """Return logits (m,) of one image under masks (m, r); differentiable in the masks."""
        self.rows += len(masks)
        rest = self._rest[i : i + 1].expand(len(masks), -1, -1)
        if self._head.pools:
            logits = self._head.pooled((masks * self.means[i]) @ self._bank, rest)
        else:
            codes = self._codes[i]
            basis = codes.reshape(-1, self.concepts).T[:, :, None] * self._bank[:, None, :]
            maps = masks @ basis.flatten(1)
            shape = (len(masks), *codes.shape[:2], self._bank.shape[1])
            logits = self._head(maps.reshape(shape), rest)
        return logits[:, int(self._targets[i])]

    @torch.no_grad()
    def _affine(self) -> tuple[Tensor, Tensor]:
        if self._head.pools:
            return self._affine_pooled()
        r, bases, slopes = self.concepts, [], []
        masks = torch.cat([torch.zeros((1, r)), torch.eye(r)])
        for i in range(len(self)):
            logits = self._forward(i, masks).double()
            bases.append(logits[0])
            slopes.append(logits[1:] - logits[0])
        return torch.stack(bases), torch.stack(slopes)

    def _affine_pooled(self) -> tuple[Tensor, Tensor]:
        # The logit of every class is b + Σ mᵢ ūᵢ ⟨Wᵢ, v⟩: r + 1 head rows for all images.
        corners = torch.cat([torch.zeros_like(self._bank[:1]), self._bank])
        rest = self._rest[:1].expand(len(corners), -1, -1)
        logits = self._head.pooled(corners, rest).double()
        self.rows += len(corners)
        weights = (logits[1:] - logits[0]).T[self._targets]
        return logits[0][self._targets], self.means.double() * weights
