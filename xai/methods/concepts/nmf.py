"""Non-negative and semi-non-negative matrix factorisation of activations.

Source: Fel et al., CRAFT, CVPR 2023, https://arxiv.org/abs/2211.10154, equation 1, by hierarchical
alternating least squares (Cichocki and Phan 2009) on Gram matrices from an NNDSVDa start (Boutsidis
and Gallopoulos 2008); for signed activations semi-NMF from a k-means start (Ding, Li and Jordan
2010), where only the coefficients are non-negative.
Cost: no evaluation of the model.
"""

from __future__ import annotations

import torch
from scipy.sparse.linalg import eigsh
from torch import Tensor

from xai.errors import InvalidParameter
from xai.methods.concepts.dictionary import Dictionary, unit

ROUNDS = 400
TOLERANCE = 1e-5
"""Stop when the squared error falls by less than this share of itself in ten rounds."""
INNER = 2
"""Sweeps over the concepts per round: the products with all activations are the dear part."""


def nmf(activations: Tensor, concepts: int) -> tuple[Dictionary, Tensor]:
    """Factorise non-negative activations into non-negative concepts and coefficients.

    Parameters
    ----------
    activations : Tensor of shape (m, c)
        Negative values count as 0.
    concepts : int

    Returns
    -------
    Dictionary, and the coefficients of the activations on it, shape (m, r)

    Notes
    -----
    Nothing is drawn: the same activations give the same concepts.
    """
    matrix = activations.float().clamp_min(0)
    _check(matrix, concepts)
    codes, bank = _start(matrix, concepts)
    turned = codes.T.contiguous()
    total, before = float(matrix.double().square().sum()), float("inf")
    for step in range(ROUNDS):
        products = bank @ matrix.T
        gram = bank @ bank.T
        _sweep(turned, products, gram)
        products, gram = turned @ matrix, turned @ turned.T
        _sweep(bank, products, gram)
        if step % 10 == 9:
            error = (
                total - 2 * float((bank * products).sum()) + float((gram * (bank @ bank.T)).sum())
            )
            if before - error <= TOLERANCE * max(error, 1e-9 * total):
                break
            before = error
    bank, _codes = unit(bank, turned.T)
    dictionary = Dictionary("nmf", bank)
    return dictionary, dictionary.encode(matrix)


def semi_nmf(activations: Tensor, concepts: int, seed: int = 0) -> tuple[Dictionary, Tensor]:
    """Factorise signed activations: coefficients stay non-negative, concepts may be signed."""
    from sklearn.cluster import KMeans  # noqa: PLC0415 - heavy, and not every model needs it

    matrix = activations.float()
    _check(matrix, concepts)
    seen = KMeans(concepts, n_init=4, random_state=seed).fit(matrix.numpy())
    labels = torch.from_numpy(seen.labels_.astype("int64"))
    codes = torch.nn.functional.one_hot(labels, concepts).double() + 0.2
    turned, wide = codes.T.contiguous(), matrix.double()
    total, before = float(wide.square().sum()), float("inf")
    for step in range(ROUNDS):
        gram, products = turned @ turned.T, turned @ wide
        bank = _least_squares(gram, products)
        if step % 10 == 9:
            error = total + float((gram * (bank @ bank.T)).sum() - 2 * (bank * products).sum())
            if before - error <= TOLERANCE * max(error, 1e-9 * total):
                break
            before = error
        _sweep(turned, bank @ wide.T, bank @ bank.T)
    bank, _codes = unit(bank.float(), turned.T.float())
    dictionary = Dictionary("semi_nmf", bank)
    return dictionary, dictionary.encode(matrix)


def leading(matrix: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Return the largest singular values (r,) and their right vectors (c, r), largest first.

    Nothing is drawn: Lanczos steps begin at the sum of the rows.
    """
    wide = matrix.double()
    gram = wide.T @ wide
    if count < len(gram) // 4:
        begin = gram.sum(dim=0).numpy() + 1e-9
        values, vectors = (torch.from_numpy(x.copy()) for x in eigsh(gram.numpy(), count, v0=begin))
    else:
        values, vectors = torch.linalg.eigh(gram)
    order = torch.argsort(values, descending=True)[:count]
    return values[order].clamp_min(0).sqrt(), vectors[:, order]


def _check(matrix: Tensor, concepts: int) -> None:
    if not 1 <= concepts <= min(matrix.shape):
        raise InvalidParameter(
            f"{concepts} concepts cannot be told apart in {matrix.shape[0]} activations of "
            f"{matrix.shape[1]} channels. Ask for at most {min(matrix.shape)}."
        )


def _sweep(factor: Tensor, products: Tensor, gram: Tensor) -> None:
    """Improve one factor in place, row by row, the other fixed."""
    scale = gram.diagonal().clamp_min(1e-12)
    for _again in range(INNER):
        for i in range(len(gram)):
            factor[i] = torch.relu(factor[i] + (products[i] - gram[i] @ factor) / scale[i])


def _least_squares(gram: Tensor, products: Tensor) -> Tensor:
    hair = 1e-10 * gram.diagonal().mean() * torch.eye(len(gram), dtype=gram.dtype)
    solved: Tensor = torch.linalg.solve(gram + hair, products)
    return solved


def _start(matrix: Tensor, concepts: int) -> tuple[Tensor, Tensor]:
    """NNDSVD with zeros filled by the mean (NNDSVDa): coefficients (m, r) and bank (r, c)."""
    size, right = leading(matrix, concepts)
    left = (matrix.double() @ right) / size.clamp_min(1e-12)
    codes, bank = [], []
    for i in range(concepts):
        u, v = left[:, i], right[:, i]
        halves = ((u.clamp_min(0), v.clamp_min(0)), ((-u).clamp_min(0), (-v).clamp_min(0)))
        # An eigenvector has no sign of its own; the half with more mass is the non-negative one.
        u, v = max(halves, key=lambda pair: float(pair[0].norm() * pair[1].norm()))
        lengths = u.norm() * v.norm()
        scale = (size[i] * lengths).sqrt()
        codes.append(scale * u / u.norm().clamp_min(1e-12))
        bank.append(scale * v / v.norm().clamp_min(1e-12))
    mean = matrix.double().mean()
    pair = (torch.stack(codes, dim=1), torch.stack(bank))
    filled = [torch.where(part > 0, part, mean).float() for part in pair]
    return filled[0], filled[1]
