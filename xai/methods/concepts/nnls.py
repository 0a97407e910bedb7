"""Non-negative coefficients of activations on a fixed dictionary, and their exact derivative.

With G = W·Wᵀ and the active set S = {i: uᵢ > 0}, the minimiser of |a − u·W|² over u ≥ 0 is
u_S = G_SS⁻¹ · W_S · a, so ∂u_S/∂a = G_SS⁻¹ · W_S and every other row is 0, except where a
coefficient is just about to leave or enter (strict complementarity).
Source: Fel et al., CRAFT, CVPR 2023, https://arxiv.org/abs/2211.10154, section 3.3, by implicit
differentiation; in closed form, because the dictionary is fixed when an image is explained.
Cost: one r × r solve per position.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

ROWS = 8_192
"""Positions solved together: r × r numbers of each stay small beside the activations."""
SWEEPS = 12
ROUNDS = 12
CLOSE = 1e-8
"""Slack of the check, in units of the position's own size."""
ZERO = 1e-7
"""Coefficients below this share of the largest of their position count as zero."""


def coefficients(activations: Tensor, bank: Tensor) -> Tensor:
    """Return the non-negative least-squares coefficients.

    Parameters
    ----------
    activations : Tensor of shape (m, c)
    bank : Tensor of shape (r, c)

    Returns
    -------
    Tensor of shape (m, r)
        Float64, exact up to rounding where the active set was found, else a close descent.
    """
    bank = bank.double()
    gram = bank @ bank.T
    if not len(activations):
        return torch.zeros((0, len(bank))).double()
    parts = [_solve(part.double() @ bank.T, gram) for part in torch.split(activations, ROWS)]
    return torch.cat(parts)


def sensitivity(codes: Tensor, bank: Tensor) -> Tensor:
    """Return ∂uᵢ/∂a at coefficients (m, r): shape (m, r, c)."""
    bank = bank.double()
    active = (codes > 0).double()
    inverse = torch.linalg.solve(_masked(bank @ bank.T, active), torch.diag_embed(active))
    return torch.matmul(inverse, bank)


def differentiable(activations: Tensor, bank: Tensor) -> Tensor:
    """Return the coefficients (m, r) with a gradient by implicit differentiation."""
    found: Tensor = _Implicit.apply(activations, bank)  # type: ignore[no-untyped-call]
    return found


class _Implicit(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, activations: Tensor, bank: Tensor) -> Tensor:
        codes = coefficients(activations.detach(), bank)
        ctx.save_for_backward(bank, codes)
        return codes.to(activations.dtype)

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor, None]:
        bank, codes = ctx.saved_tensors
        bank, active = bank.double(), (codes > 0).double()
        pulled = (upstream[0].double() * active)[..., None]
        solved = torch.linalg.solve(_masked(bank @ bank.T, active), pulled)
        return (solved[..., 0] @ bank).to(upstream[0].dtype), None


def _masked(gram: Tensor, active: Tensor) -> Tensor:
    """Return G on the active set of each row and the identity elsewhere, shape (m, r, r)."""
    both = active[:, :, None] * gram * active[:, None, :]
    # A hair on the diagonal: two equal concepts would make the matrix singular.
    hair = 1e-12 * gram.diagonal().mean()
    return both + torch.diag_embed(1 - active + hair * active)


def _solve(products: Tensor, gram: Tensor) -> Tensor:
    """Descend by coordinates, guess the active set, solve on it, and check that it is the answer.

    The problem is convex: a row that passes the check is done, the others descend further.
    """
    scale = gram.diagonal().clamp_min(1e-30)
    found = torch.relu(products / scale)
    left = torch.arange(len(products))
    for _round in range(ROUNDS):
        wanted = products[left]
        codes = _descend(found[left], wanted, gram, scale)
        active = (codes > ZERO * codes.amax(dim=1, keepdim=True).clamp_min(1e-30)).double()
        exact = torch.linalg.solve(_masked(gram, active), (wanted * active)[..., None])[..., 0]
        exact = exact * active
        size = wanted.abs().amax(dim=1, keepdim=True).clamp_min(1e-30)
        slope = (exact @ gram - wanted) / size
        done = (exact >= -CLOSE * size / scale).all(dim=1) & (slope >= -CLOSE).all(dim=1)
        found[left] = torch.where(done[:, None], exact.clamp_min(0), codes)
        left = left[~done]
        if not len(left):
            break
    return found


def _descend(codes: Tensor, wanted: Tensor, gram: Tensor, scale: Tensor) -> Tensor:
    turned, wanted = codes.T.contiguous(), wanted.T.contiguous()
    for _sweep in range(SWEEPS):
        for i in range(len(gram)):
            turned[i] = torch.relu(turned[i] + (wanted[i] - gram[i] @ turned) / scale[i])
    return turned.T.contiguous()
