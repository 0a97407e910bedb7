"""How good a dictionary is: what it rebuilds, how sparse, how stable, how true to the distribution.

Source: Fel et al., NeurIPS 2023, https://arxiv.org/abs/2306.07304, section 3.1, table 1. The
distance of distributions is the sliced 1-Wasserstein over the channels; "out of distribution" is
the distance to the nearest real activations, relative to theirs among themselves.
Cost: one forward of the head per image for the logit error, else no evaluation.
"""

from __future__ import annotations

import itertools
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from xai.methods.concepts import dictionaries
from xai.methods.concepts.dictionary import Dictionary
from xai.methods.concepts.head import Head

if TYPE_CHECKING:
    from xai.vocabulary import Json

HALVES = 2
"""Random halvings for stability: each gives two dictionaries, all of them are compared."""
NEIGHBOURS = 5
ROWS_MOST = 1_000


@dataclass(frozen=True, slots=True)
class Quality:
    """Measures of a dictionary; all are better when lower, but `zeros` and `hoyer`.

    Attributes
    ----------
    error : |A − U·W| / |A| in the Frobenius norm
    zeros : share of coefficients that are 0
    hoyer : mean Hoyer sparsity of the coefficients of a position, 0 to 1
    stability : mean cosine distance of matched concepts of dictionaries of half the data
    distance : mean 1-Wasserstein distance of a channel's values, in units of their spread
    strangeness : mean distance of rebuilt activations to their neighbours among real ones, over
        that of real ones among themselves
    """

    error: float
    zeros: float
    hoyer: float
    stability: float
    distance: float
    strangeness: float

    def as_json(self) -> dict[str, Json]:
        """Return plain data; None where undefined."""
        return {name: None if np.isnan(x) else x for name, x in asdict(self).items()}


def measure(dictionary: Dictionary, activations: Tensor, seed: int = 0) -> Quality:
    """Measure a dictionary on activations (m, c) like those it was found in."""
    codes = dictionary.encode(activations)
    rebuilt = dictionary.decode(codes)
    return Quality(
        error=relative_error(activations, rebuilt),
        zeros=float((codes.abs() < 1e-9).float().mean()),
        hoyer=_hoyer(codes),
        stability=stability(dictionary.kind, activations, len(dictionary), seed),
        distance=_wasserstein(activations, rebuilt),
        strangeness=_strangeness(activations, rebuilt, seed),
    )


def relative_error(activations: Tensor, rebuilt: Tensor) -> float:
    """Return |A − U·W| / |A|."""
    return float((activations - rebuilt).norm() / activations.norm().clamp_min(1e-12))


def stability(
    kind: str, activations: Tensor, concepts: int, seed: int = 0, halvings: int = HALVES
) -> float:
    """Return how far dictionaries of random halves differ: 0 the same, 1 orthogonal; NaN if few."""
    half = len(activations) // 2
    if half < concepts:
        return float("nan")
    draw, banks = torch.Generator().manual_seed(seed), []
    for _again in range(halvings):
        order = torch.randperm(len(activations), generator=draw)
        halves = (activations[part] for part in (order[:half], order[half:]))
        banks += [dictionaries.fit(kind, rows, concepts, seed)[0].bank for rows in halves]
    return float(np.mean([matched(a, b) for a, b in itertools.combinations(banks, 2)]))


def matched(first: Tensor, second: Tensor) -> float:
    """Return the mean cosine distance of concepts under the best one-to-one match."""
    cosine = (first @ second.T).numpy()
    rows, columns = linear_sum_assignment(-cosine)
    return float(1 - cosine[rows, columns].mean())


@torch.no_grad()
def logit_error(head: Head, maps: Tensor, rest: Tensor, rebuilt: Tensor, targets: Tensor) -> float:
    """Return mean |h(U·W) − h(A)| over mean |h(A) − h(0)|: what the concepts miss of the decision.

    Parameters
    ----------
    maps, rebuilt : Tensors of shape (n, h, w, c)
    targets : Tensor of shape (n,)
        The explained class of each image.
    """
    place = torch.arange(len(maps))
    true = head(maps, rest)[place, targets]
    near = head(rebuilt, rest)[place, targets]
    none = head(torch.zeros_like(maps), rest)[place, targets]
    moved = float((true - none).abs().mean())
    return float((near - true).abs().mean()) / moved if moved > 0 else float("nan")


def _hoyer(codes: Tensor) -> float:
    size, d = codes.norm(dim=1), codes.shape[1]
    known = size > 0
    if d < 2 or not bool(known.any()):
        return float("nan")
    ratio = codes[known].abs().sum(dim=1) / size[known]
    return float(((d**0.5 - ratio) / (d**0.5 - 1)).mean())


def _wasserstein(activations: Tensor, rebuilt: Tensor) -> float:
    gaps = (activations.sort(dim=0).values - rebuilt.sort(dim=0).values).abs().mean(dim=0)
    spread = activations.std(dim=0)
    known = spread > 1e-9
    return float((gaps[known] / spread[known]).mean()) if bool(known.any()) else float("nan")


def _strangeness(activations: Tensor, rebuilt: Tensor, seed: int) -> float:
    if len(activations) <= NEIGHBOURS + 1:
        return float("nan")
    draw = torch.Generator().manual_seed(seed)
    some = torch.randperm(len(activations), generator=draw)[:ROWS_MOST]
    real, made = activations[some], rebuilt[some]
    count = min(NEIGHBOURS + 1, len(some))
    own = torch.cdist(real, real).topk(count, largest=False).values[:, 1:].mean()
    # The activation that a row was rebuilt from is left out: its nearness is what `error` says.
    apart = torch.cdist(made, real).fill_diagonal_(float("inf"))
    return float(apart.topk(count - 1, largest=False).values.mean() / own.clamp_min(1e-12))
