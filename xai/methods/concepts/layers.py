"""Which layer to look for concepts in: the last that keeps the decision and is read without sign.

Source: our own rule. Layers with fewer than nine positions say what, not where; behind the last
attention of a transformer the patches no longer reach the class token; non-negative activations
allow the more stable factorisation; the last layer before a pooled linear head allows exact
importance. So the last non-negative layer comes first, and two others only where they lose clearly
less of the decision.
Cost: up to three layers × 32 images.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from xai.errors import InvalidParameter, NotApplicable
from xai.methods.concepts import dictionaries, faithfulness, quality
from xai.methods.concepts.head import SAME, probe
from xai.methods.concepts.score import ConceptScore
from xai.methods.concepts.views import Tally, Views, encode
from xai.methods.concepts.words import ConceptProblem, Cut

if TYPE_CHECKING:
    from xai.vocabulary import Integers, Json

IMAGES = 32
CANDIDATES = 3
CLEARLY = 0.05
"""Share of the decision by which another layer must be nearer to replace the first candidate."""
WARNED = 0.20
"""Share of the decision that concepts may miss before the result says so."""


@dataclass(frozen=True, slots=True)
class Tried:
    """A layer that was tried, for the table on the page; `place` counts from the last cut, 1."""

    place: int
    name: str
    grid: tuple[int, int]
    channels: int
    is_non_negative: bool
    head: str
    dictionary: str
    logit_error: float
    deletion: float

    def as_json(self) -> dict[str, Json]:
        """Return plain data."""
        plain = asdict(self) | {"grid": list(self.grid)}
        return {k: None if isinstance(v, float) and np.isnan(v) else v for k, v in plain.items()}


def cuts_of(problem: ConceptProblem) -> Sequence[Cut]:
    """Return where the model can be cut, first to last.

    Raises
    ------
    NotApplicable
        If there is no layer with positions that everything passes through.
    """
    if len(problem.rows) == 0:
        raise NotApplicable("CRAFT looks at many images at once, and none was chosen.")
    two = np.array([0, 1 if len(problem.rows) > 1 else 0], dtype=np.int64)
    images = problem.images(two)
    if torch.equal(images[0], images[1]):
        # Cuts are told by what differs between two images; a mirror image will do.
        images = torch.stack([images[0], images[0].flip(1 if problem.is_channels_last else 2)])
    found = problem.cuts(images)
    if not found:
        raise NotApplicable(
            "CRAFT cuts a model in two at a layer that keeps places of the image and that "
            "everything passes through. This model has none, or takes one image at a time only."
        )
    return found


def choose(
    problem: ConceptProblem, cuts: Sequence[Cut], of: Integers, concepts: int, tally: Tally
) -> tuple[Cut, tuple[Tried, ...]]:
    """Return the layer that suits concepts, and the layers that were compared.

    Parameters
    ----------
    of : array
        The images that will be explained; the first 32 are tried.
    concepts : int
        How many the dictionary of the trial has.
    """
    some = of[np.linspace(0, len(of) - 1, min(IMAGES, len(of))).astype(np.int64)]
    seen: list[tuple[Cut, Tried]] = []
    for cut in _candidates(problem, cuts, tally):
        views = encode(problem, cut, some, tally)
        place = len(cuts) - list(cuts).index(cut)
        seen.append((cut, _try(problem, cut, views, concepts, place)))
    first = seen[0]
    best = min(seen, key=lambda pair: np.nan_to_num(pair[1].logit_error, nan=np.inf))
    if best[1].logit_error < first[1].logit_error - CLEARLY:
        first = best
    return first[0], tuple(tried for _cut, tried in seen)


def at(cuts: Sequence[Cut], place: int) -> Cut:
    """Return the cut at a place counted from the last, 1.

    Raises
    ------
    InvalidParameter
        If there are fewer; the message lists them.
    """
    if place > len(cuts):
        names = ", ".join(f"{i} = {cut.name}" for i, cut in enumerate(reversed(cuts), start=1))
        raise InvalidParameter(f"layer must be at most {len(cuts)} here: {names}.")
    return cuts[len(cuts) - place]


def earlier(cuts: Sequence[Cut], cut: Cut) -> Cut | None:
    """Return a layer before a cut that sees smaller parts: the last with more positions.

    Where all have the same positions (a transformer), the one half way to the first; None where
    there is nothing before.
    """
    before = list(cuts)[: list(cuts).index(cut)]
    finer = [other for other in before if np.prod(other.grid) > np.prod(cut.grid)]
    if finer:
        return finer[-1]
    return before[len(before) // 2] if before else None


def _candidates(problem: ConceptProblem, cuts: Sequence[Cut], tally: Tally) -> list[Cut]:
    """Return the last non-negative layer, then the last ones; none whose places are unread."""
    two = np.arange(min(2, len(problem.rows)))
    non_negative: list[Cut] = []
    others: list[Cut] = []
    for cut in reversed(cuts):
        views = encode(problem, cut, two, tally)
        if not _is_read(cut, views):
            continue
        first = not non_negative and float(views.maps.min()) >= 0
        (non_negative if first else others).append(cut)
        if non_negative and len(non_negative + others) >= CANDIDATES:
            break
    found = (non_negative + others)[:CANDIDATES]
    if not found:
        raise NotApplicable("No layer of this model keeps places that its decision reads.")
    return found


@torch.no_grad()
def _is_read(cut: Cut, views: Views) -> bool:
    """Take all places away: the logits of a layer that the decision reads must move."""
    logits = cut.head(views.maps, views.rest)
    empty = cut.head(torch.zeros_like(views.maps), views.rest)
    scale = float(logits.abs().amax().clamp_min(1e-6))
    return float((logits - empty).abs().amax()) > SAME * scale


def _try(problem: ConceptProblem, cut: Cut, views: Views, concepts: int, place: int) -> Tried:
    rows = views.maps.reshape(-1, views.maps.shape[-1])
    count = min(concepts, *rows.shape)
    dictionary, codes = dictionaries.fit("auto", rows, count, problem.seed)
    codes = codes.float().reshape(*views.maps.shape[:3], count)
    targets = torch.from_numpy(problem.predicted[views.of])
    head = probe(cut, views.maps, views.rest)
    score = ConceptScore(head, dictionary, codes, views.rest, targets)
    faithful = faithfulness.curves(score, score.gradient())
    error = quality.logit_error(head, views.maps, views.rest, dictionary.decode(codes), targets)
    return Tried(
        place=place,
        name=cut.name,
        grid=cut.grid,
        channels=cut.channels,
        is_non_negative=float(views.maps.min()) >= 0,
        head=head.form,
        dictionary=dictionary.kind,
        logit_error=error,
        deletion=faithful[0],
    )
