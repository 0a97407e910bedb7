"""Where a concept's map lies against a mask: point, pointing game, overlap, energy, each by chance.

Source: Aysel et al. 2025, https://arxiv.org/abs/2501.19271 (CLM: whether the centre of the concept
is among the most active twelfths of the map); Zhang et al., ECCV 2016 (pointing game).
Cost: no evaluation of the model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from xai.vocabulary import Floats, Integers, Json

if TYPE_CHECKING:
    from xai.methods.concepts.annotated import Unit
    from xai.methods.concepts.words import Annotated

TWELFTHS = 3
"""α of the point measure: a quarter of the image counts as active, so chance is 25 %."""
MEASURES = ("point", "pointing", "overlap", "energy")

Bools = NDArray[np.bool_]


def match(maps: Floats, masks: Bools) -> Floats:
    """Return how far maps (n, r, y, x) and masks (n, height, width) overlap beyond chance, (r,).

    The mean over images of the overlap of a map's largest places, as many as the mask covers: 0 is
    that of places drawn at random, 1 the mask itself.
    """
    gains = np.zeros(maps.shape[:2])
    for i, (drawn, mask) in enumerate(zip(maps, masks, strict=True)):
        chance = _chance_of_overlap(mask)
        for concept, values in enumerate(drawn):
            found = overlap(enlarged(values, mask.shape), mask)
            gains[i, concept] = (found - chance) / (1 - chance) if chance < 1 else 0.0
    return np.asarray(gains.mean(axis=0))


def measure(
    given: Annotated,
    unit: Unit,
    matched: Integers,
    masks: Callable[[int, Integers], Bools],
    present: Floats,
) -> dict[int, dict[str, Json]]:
    """Return the measures of every matched concept whose annotation has masks, by concept."""
    found: dict[int, dict[str, Json]] = {}
    for concept, annotation in enumerate(matched.tolist()):
        if annotation < 0 or not given.has_masks[annotation]:
            continue
        some = np.flatnonzero(present[:, annotation] == 1)
        if len(some):
            pairs = zip(unit.maps[some, concept], masks(annotation, unit.images[some]), strict=True)
            found[concept] = mean([one(values, mask) for values, mask in pairs]) or {}
    return found


def mean(each: Sequence[dict[str, Json]]) -> dict[str, Json] | None:
    """Return the mean of measures; None where there is none."""
    if not each:
        return None
    found: dict[str, Json] = {"images": sum(int(part.get("images", 1)) for part in each)}
    for name in MEASURES:
        found[name] = {
            kind: float(np.mean([part[name][kind] for part in each]))
            for kind in ("value", "chance")
        }
    return found


def one(values: Floats, mask: Bools) -> dict[str, Json]:
    """Return the measures of one map (y, x) against one mask (height, width), with their chance."""
    drawn = enlarged(values, mask.shape)
    share, energy = float(mask.mean()), float(drawn.sum())
    rows, columns = np.nonzero(mask)
    centre = drawn[round(float(rows.mean())), round(float(columns.mean()))]
    active = np.sort(drawn.ravel())[::-1][max(0, drawn.size * TWELFTHS // 12 - 1)]
    is_shown = drawn.max() > 0
    return {
        "point": {"value": float(is_shown and centre > 0 and centre >= active),
                  "chance": TWELFTHS / 12},
        "pointing": {"value": float(mask.ravel()[drawn.argmax()]) if is_shown else 0.0,
                     "chance": share},
        "overlap": {"value": overlap(drawn, mask), "chance": _chance_of_overlap(mask)},
        "energy": {"value": float(drawn[mask].sum()) / energy if energy > 0 else 0.0,
                   "chance": share},
    }  # fmt: skip


def overlap(drawn: Floats, mask: Bools) -> float:
    """Return intersection over union of the mask and the largest positive places, as many."""
    count = int(mask.sum())
    if not count or drawn.max() <= 0:
        return 0.0
    shown = np.zeros(drawn.size, dtype=bool)
    shown[np.argpartition(-drawn.ravel(), count - 1)[:count]] = True
    shown = shown.reshape(drawn.shape) & (drawn > 0)
    return float((shown & mask).sum() / (shown | mask).sum())


def enlarged(values: Floats, shape: tuple[int, ...]) -> Floats:
    """Return what speaks for a concept (y, x) on the pixels, between the middles of its cells."""
    kept, (height, width) = values.clip(min=0), shape
    down, across = _weights(len(kept), height), _weights(kept.shape[1], width)
    return np.asarray(down @ kept @ across.T)


def _weights(cells: int, pixels: int) -> Floats:
    """Return the linear interpolation from cells to pixels, (pixels, cells)."""
    at = ((np.arange(pixels) + 0.5) * cells / pixels - 0.5).clip(0, cells - 1)
    low = np.minimum(at.astype(np.int64), max(cells - 2, 0))
    found = np.zeros((pixels, cells))
    found[np.arange(pixels), low] = 1 - (at - low)
    found[np.arange(pixels), np.minimum(low + 1, cells - 1)] += at - low
    return found


def _chance_of_overlap(mask: Bools) -> float:
    """Return the overlap of as many places drawn at random, about p / (2 - p)."""
    share = float(mask.mean())
    return share / (2 - share)
