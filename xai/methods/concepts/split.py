"""Recursion: a concept that hides several is taken apart at an earlier layer.

Source: Fel et al., CRAFT, CVPR 2023, https://arxiv.org/abs/2211.10154, section 3.1 (recursive
decomposition; released nowhere). The crops that show a concept most are encoded at an earlier layer
and factorised there. Which concepts hide several was decided by people; our criterion: at the
earlier layer the crops fall into two groups, by a silhouette above `SPLIT`.
Cost: per concept up to `CROPS` crops and `IMAGES` images through the earlier part of the model, and
`IMAGES` × `POINTS` × (parts + 1) head rows where that head is not affine.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from xai.methods.concepts import crops, dictionaries, quality, views
from xai.methods.concepts.crops import Box
from xai.methods.concepts.head import probe
from xai.methods.concepts.score import ConceptScore
from xai.methods.concepts.sobol import Totals, totals
from xai.methods.concepts.views import Rows, Tally
from xai.methods.concepts.words import ConceptProblem, Cut
from xai.vocabulary import Integers

PARTS = 3
CROPS = 30
CROPS_LEAST = 8
IMAGES = 8
POINTS = 8
SPLIT = 0.15


@dataclass(frozen=True, slots=True)
class Shown:
    """A crop of an image of the problem that shows a concept."""

    image: int
    box: Box


@dataclass(frozen=True, slots=True)
class Part:
    """What a concept holds, at an earlier layer.

    Attributes
    ----------
    silhouette, likeness : float
        Of the crops in two groups; their mean pairwise cosine.
    codes : Tensor of shape (crops, parts)
    values : Tensor of shape (images, parts)
        Gradient × coefficient in the images of the crops.
    of : array of shape (images,)
    means : Tensor of shape (images, parts)
    """

    silhouette: float
    likeness: float
    shown: tuple[Shown, ...]
    codes: Tensor
    values: Tensor
    totals: Totals
    of: Integers
    means: Tensor
    logit_error: float


def take_apart(
    problem: ConceptProblem,
    cut: Cut,
    shown: tuple[Shown, ...],
    targets: Integers,
    tally: Tally,
    *,
    is_forced: bool,
) -> Part | None:
    """Return what a concept holds at an earlier layer; None if it is one thing there.

    Parameters
    ----------
    cut : Cut
        The earlier layer.
    shown : tuple of Shown
        The crops that show the concept most, best first.
    targets : array of shape (n,)
        The explained class of every image of the problem.
    is_forced : bool
        Take it apart whatever the criterion says.
    """
    shown = shown[:CROPS]
    if len(shown) < CROPS_LEAST:
        return None
    activations = _encode(problem, cut, shown, tally)
    silhouette = two_groups(activations, problem.seed)
    if silhouette <= SPLIT and not is_forced:
        return None
    count = min(PARTS, *activations.shape)
    dictionary, codes = dictionaries.fit("auto", activations, count, problem.seed)
    of = np.array(sorted({one.image for one in shown[:IMAGES]}), dtype=np.int64)
    seen = views.encode(problem, cut, of, tally)
    image_codes = dictionary.encode(seen.maps)
    explained = torch.from_numpy(targets[of])
    head = probe(cut, seen.maps, seen.rest)
    score = ConceptScore(head, dictionary, image_codes, seen.rest, explained)
    unit = functional.normalize(activations, dim=1)
    n = len(unit)
    return Part(
        silhouette=silhouette,
        likeness=float(((unit @ unit.T).sum() - n) / (n * (n - 1))),
        shown=shown,
        codes=codes,
        values=score.gradient(),
        totals=totals(score, POINTS, problem.seed),
        of=of,
        means=score.means,
        logit_error=quality.logit_error(
            head, seen.maps, seen.rest, dictionary.decode(image_codes), explained
        ),
    )


def two_groups(activations: Tensor, seed: int) -> float:
    """Return the silhouette of the best split of directions in two, -1 to 1."""
    from sklearn.cluster import KMeans  # noqa: PLC0415 - heavy, and only recursion needs it
    from sklearn.metrics import silhouette_score  # noqa: PLC0415

    unit = functional.normalize(activations, dim=1).numpy()
    if len(np.unique(unit.round(6), axis=0)) < 3:
        return -1.0
    labels = KMeans(2, n_init=4, random_state=seed).fit_predict(unit)
    if min(np.bincount(labels, minlength=2)) < 2:
        return -1.0
    return float(silhouette_score(unit, labels))


def shown_by(rows: Rows, codes: Tensor, of: Integers) -> tuple[Shown, ...]:
    """Return the crops in the top tenth of a concept's coefficients, one per image, best first."""
    best = views.best_rows(codes, rows, max(CROPS, 1))
    level = float(torch.quantile(codes[: 10**6], 0.9)) if len(codes) else 0.0
    kept = [row for row in best if float(codes[row]) >= level]
    return tuple(Shown(int(of[rows.image[row]]), rows.box(row)) for row in kept)


@torch.no_grad()
def _encode(problem: ConceptProblem, cut: Cut, shown: tuple[Shown, ...], tally: Tally) -> Tensor:
    found = []
    for start in range(0, len(shown), problem.batch):
        some = shown[start : start + problem.batch]
        images = [
            crops.cut_out(
                problem.images(np.array([one.image])),
                (one.box,),
                is_channels_last=problem.is_channels_last,
            )
            for one in some
        ]
        found.append(cut.encode(torch.cat(images))[0].mean(dim=(1, 2)))
        tally.add(len(some))
    return torch.cat(found)
