"""The images of one class, their dictionary, and what each of its concepts does to the logit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from xai.methods.concepts.dictionary import Dictionary
from xai.methods.concepts.head import Head
from xai.methods.concepts.importance import ESTIMATORS
from xai.methods.concepts.score import ConceptScore
from xai.methods.concepts.sobol import Totals, totals
from xai.methods.concepts.views import Rows, Views
from xai.methods.concepts.words import ConceptProblem
from xai.vocabulary import Floats, Integers, Json

if TYPE_CHECKING:
    from xai.methods.concepts.craft import Params

CLASSES_MOST = 10
"""Classes explained in one run, those with the most images."""
IMAGES_MOST = 200
"""Images of a class that are used, evenly spread over all: their activations stay in memory."""
DRAWINGS = 1_000
IMAGES_FULL = 16
"""Images that each get the whole design; of more, each gets a smaller one of its own."""
POINTS_LEAST = 16


@dataclass(frozen=True, slots=True)
class Group:
    """Images explained for one class; target -1 where a dictionary is shared by classes."""

    target: int
    of: Integers


@dataclass(frozen=True, slots=True)
class Joined:
    """A group at the layer, with its dictionary.

    Attributes
    ----------
    codes : Tensor of shape (m, r)
        Of the rows that the dictionary was found in.
    image_codes : Tensor of shape (n, h, w, r)
    """

    group: Group
    views: Views
    rows: Rows
    dictionary: Dictionary
    codes: Tensor
    image_codes: Tensor
    head: Head

    def parts(self, chosen: tuple[Group, ...]) -> Iterator[Group]:
        """Yield the classes that this dictionary explains."""
        yield from (self.group,) if self.group.target >= 0 else chosen


@dataclass(frozen=True, slots=True)
class Explained:
    """One class: n images, r concepts in the order of the dictionary.

    Attributes
    ----------
    places : array of shape (n,)
        Where the class's images stand in the joined views.
    score : ConceptScore
    values : Tensor of shape (n, r)
        Gradient × coefficient, in logits.
    points : int
        Design points that each image got.
    importance, sobol, chosen : arrays of shape (3, r)
        Estimate, low, high over the images: of gradient × coefficient, of the Sobol index, and of
        the estimator that orders the concepts.
    order : array of shape (r,)
        Concepts from the most to the least important.
    """

    joined: Joined
    group: Group
    places: Integers
    score: ConceptScore
    values: Tensor
    totals: Totals
    points: int
    importance: Floats
    sobol: Floats
    chosen: Floats
    order: Integers


def groups(
    problem: ConceptProblem, *, by: str, least: int
) -> tuple[tuple[Group, ...], list[dict[str, Json]]]:
    """Return the classes with enough images, most first, and those that were left out.

    Parameters
    ----------
    by : str
        "predicted" or "labelled": which images count as of a class.
    """
    kinds = problem.predicted.astype(np.float64)
    if by == "labelled" and problem.labels is not None:
        kinds = problem.labels
    known = np.isfinite(kinds)
    wanted, counts = np.unique(kinds[known].astype(np.int64), return_counts=True)
    chosen: list[Group] = []
    left_out: list[dict[str, Json]] = []
    for at in np.argsort(-counts, kind="stable"):
        target, count = int(wanted[at]), int(counts[at])
        if problem.target is not None and target != problem.target:
            continue
        if count < least or len(chosen) >= CLASSES_MOST:
            left_out.append({"target": problem.outputs[target], "images": count})
        else:
            mine = np.flatnonzero(kinds == target)
            spread = np.linspace(0, count - 1, min(count, IMAGES_MOST)).astype(np.int64)
            chosen.append(Group(target, mine[spread]))
            if count > IMAGES_MOST:
                unused = {"target": problem.outputs[target], "images": count - IMAGES_MOST}
                left_out.append(unused)
    return tuple(chosen), left_out


def explain_class(
    problem: ConceptProblem, joined: Joined, group: Group, params: Params
) -> Explained:
    """Compute what each concept does to the logit of a class in its images."""
    places = np.flatnonzero(np.isin(joined.views.of, group.of))
    some = torch.from_numpy(places)
    targets = torch.full((len(places),), group.target)
    score = ConceptScore(
        joined.head, joined.dictionary, joined.image_codes[some], joined.views.rest[some], targets
    )
    values = score.gradient()
    points = params.points if params.parity else points_for(params.points, len(places))
    found = totals(score, points, problem.seed, parity=params.parity)
    importance = interval(values, problem.seed)
    sobol = sobol_interval(found, problem.seed)
    known = {"gradient_input": importance, "sobol": sobol}
    chosen = known.get(params.order)
    if chosen is None:
        chosen = interval(ESTIMATORS[params.order](score, problem.seed), problem.seed)
    order = np.argsort(-np.nan_to_num(chosen[0], nan=-np.inf), kind="stable")
    return Explained(
        joined,
        group,
        places,
        score,
        values,
        found,
        points,
        importance,
        sobol,
        chosen,
        order.astype(np.int64),
    )


def points_for(asked: int, images: int) -> int:
    """Return how many design points an image gets: the errors of many images average out."""
    return min(asked, max(POINTS_LEAST, asked * IMAGES_FULL // max(images, 1)))


def interval(values: Tensor, seed: int) -> Floats:
    """Return mean, low and high over images (n, r): shape (3, r); NaN bounds for one image."""
    weights = _weights(len(values), seed)
    drawn = None if weights is None else weights @ values / len(values)
    return _bounds(values.mean(dim=0), drawn)


def sobol_interval(found: Totals, seed: int) -> Floats:
    """Return the joint Sobol index with its bounds over images, shape (3, r)."""
    weights = _weights(len(found.total), seed)
    return _bounds(found.joint(), None if weights is None else found.joint(weights))


def _weights(n: int, seed: int) -> Tensor | None:
    """Draw images with replacement: how often each came, shape (drawings, n)."""
    if n < 2:
        return None
    rng = np.random.default_rng([seed, n])
    drawn = rng.multinomial(n, np.full(n, 1 / n), size=DRAWINGS)
    return torch.from_numpy(drawn.astype(np.float64))


def _bounds(estimate: Tensor, drawn: Tensor | None) -> Floats:
    middle = np.asarray(estimate.numpy(), dtype=np.float64)
    if drawn is None:
        return np.stack([middle, np.full_like(middle, np.nan), np.full_like(middle, np.nan)])
    with np.errstate(all="ignore"):
        low, high = np.percentile(drawn.numpy(), [2.5, 97.5], axis=0)
    return np.stack([middle, low, high])
