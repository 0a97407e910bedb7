"""Other ways to find a dictionary: clusters, principal directions, a sparse autoencoder.

Source: Fel et al., A Holistic Approach to Unifying Automatic Concept Extraction and Concept
Importance Estimation, NeurIPS 2023, https://arxiv.org/abs/2306.07304, section 3.1: k-means (ACE),
PCA, NMF (CRAFT) and autoencoders as one problem, min |A − U·V| under differing constraints. The
autoencoder keeps the few largest codes of each position (Makhzani and Frey 2014).
Cost: no evaluation of the model.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from xai.methods.concepts.dictionary import Dictionary
from xai.methods.concepts.nmf import leading, nmf, semi_nmf

ROWS_MOST = 20_000
"""Activations that a dictionary is found in; more are a random part, and all are coded."""
EPOCHS = 100
BATCH = 512
RATE = 3e-3
ACTIVE = 3
"""Codes that may be non-zero at one position of the autoencoder."""

Fitted = tuple[Dictionary, Tensor]


def kmeans(activations: Tensor, concepts: int, seed: int = 0) -> Fitted:
    """Code every activation by its nearest centre, as ACE does."""
    from sklearn.cluster import KMeans  # noqa: PLC0415 - heavy, and seldom asked for

    matrix = activations.float()
    seen = KMeans(concepts, n_init=4, random_state=seed).fit(matrix.numpy())
    centres = torch.from_numpy(seen.cluster_centers_).float()
    labels = torch.from_numpy(seen.labels_.astype("int64"))
    counts = torch.bincount(labels, minlength=concepts)
    order = torch.argsort(counts * centres.square().sum(dim=1), descending=True, stable=True)
    kept = centres[order]
    bank = kept / kept.norm(dim=1, keepdim=True).clamp_min(1e-12)

    def nearest(flat: Tensor) -> Tensor:
        places = torch.cdist(flat.float(), kept).argmin(dim=1)
        hot = torch.nn.functional.one_hot(places, concepts).float()
        return torch.mul(hot, kept.norm(dim=1))

    return Dictionary("kmeans", bank, nearest), nearest(matrix)


def pca(activations: Tensor, concepts: int, seed: int = 0) -> Fitted:  # noqa: ARG001 - draws nothing
    """Take the leading singular directions; not centred, so that no concept still means zero."""
    bank = leading(activations, concepts)[1].T.float().contiguous()
    # A direction has no sign of its own: let it point where most of the activations lie.
    bank = bank * torch.where((activations.float() @ bank.T).sum(dim=0) < 0, -1.0, 1.0)[:, None]

    def project(flat: Tensor) -> Tensor:
        return torch.matmul(flat.float(), bank.T)

    return Dictionary("pca", bank, project), project(activations)


def sparse_autoencoder(activations: Tensor, concepts: int, seed: int = 0) -> Fitted:
    """Train a linear encoder whose largest codes, kept alone, rebuild the activations."""
    matrix = activations.float()
    scale = matrix.square().mean().sqrt().clamp_min(1e-12)
    rows = matrix / scale
    draw = torch.Generator().manual_seed(seed)
    picked = rows[torch.randperm(len(rows), generator=draw)[:concepts]]
    decoder = torch.nn.functional.normalize(picked, dim=1).clone().requires_grad_()
    encoder = decoder.detach().clone().requires_grad_()
    bias = torch.zeros(concepts, requires_grad=True)
    keep = min(ACTIVE, concepts)
    optimiser = torch.optim.Adam([encoder, decoder, bias], lr=RATE)
    for _epoch in range(EPOCHS):
        for part in torch.split(torch.randperm(len(rows), generator=draw), BATCH):
            codes = _largest(rows[part] @ encoder.T + bias, keep)
            loss = (codes @ decoder - rows[part]).square().mean()
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
    with torch.no_grad():
        length = decoder.norm(dim=1).clamp_min(1e-12)
        codes = _largest(rows @ encoder.T + bias, keep) * length * scale
        order = torch.argsort(codes.square().sum(dim=0), descending=True, stable=True)
        bank = (decoder / length[:, None])[order].clone()
    weights, offset, length = encoder.detach(), bias.detach(), length.detach()

    def code(flat: Tensor) -> Tensor:
        found = _largest(flat.float() / scale @ weights.T + offset, keep) * length * scale
        return torch.index_select(found, 1, order)

    return Dictionary("sparse_autoencoder", bank, code), codes[:, order]


def _largest(codes: Tensor, keep: int) -> Tensor:
    codes = torch.relu(codes)
    least = codes.topk(keep, dim=1).values[:, -1:]
    return torch.where(codes >= least, codes, 0.0)


FITS: dict[str, Callable[[Tensor, int, int], Fitted]] = {
    "nmf": lambda activations, concepts, _seed: nmf(activations, concepts),
    "semi_nmf": semi_nmf,
    "kmeans": kmeans,
    "pca": pca,
    "sparse_autoencoder": sparse_autoencoder,
}
"""Every dictionary by name: (activations (m, c), concepts, seed) to dictionary and codes."""


def suited(activations: Tensor) -> str:
    """Return "nmf" for activations of a ReLU kind, else "semi_nmf".

    A GELU or SiLU dips a little below zero; clamping that loses less than a signed dictionary's
    instability, as long as the negative part is under a hundredth of the energy.
    """
    below = activations.clamp_max(0).square().sum()
    return "nmf" if float(below) <= 0.01 * float(activations.square().sum()) else "semi_nmf"


def fit(kind: str, activations: Tensor, concepts: int, seed: int) -> Fitted:
    """Fit a dictionary by name; "auto" takes what suits the signs of the activations."""
    chosen = suited(activations) if kind == "auto" else kind
    if len(activations) <= ROWS_MOST:
        return FITS[chosen](activations, concepts, seed)
    draw = torch.Generator().manual_seed(seed)
    some = activations[torch.randperm(len(activations), generator=draw)[:ROWS_MOST]]
    dictionary, _codes = FITS[chosen](some, concepts, seed)
    return dictionary, dictionary.encode(activations)
