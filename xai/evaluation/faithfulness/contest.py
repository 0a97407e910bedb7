"""Methods measured on the same samples under one baseline, beside a random order and leave-one-out.

Every distinct mask of a sample is evaluated once: all methods share the passes that they have in
common, and both curves and all measures are read from the same passes.
Cost: at most 2(s - 2) passes per sample and method, s = 13 steps; for the references
4(s - 2), and one pass per player.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from xai.evaluation.faithfulness import orders, scores
from xai.evaluation.faithfulness.catalogue import CATALOGUE, LEAVE_ONE_OUT, OF_CURVES, RANDOM
from xai.evaluation.faithfulness.orders import STEPS
from xai.units import Bools, Kept
from xai.vocabulary import Floats, Integers

LEAVE_ONE_OUT_MOST = 64
"""Players of a sample beyond which leaving out each one costs more than all methods together."""
MASKS_PER_CALL = 4096


@dataclass(frozen=True, slots=True)
class Contestant:
    """The explanations of one method, for n samples.

    Attributes
    ----------
    values : sequence of arrays of shape (p,), or None where a sample is not explained
        One per player; the mean over the outputs of a sample.
    base : array of shape (n,), or None
        Where the values start from; None: from the score with nothing kept.
    is_complete : bool
        Whether it promises that base and values add up to the score.
    """

    slug: str
    values: Sequence[Floats | None]
    base: Floats | None = None
    is_complete: bool = False


@dataclass(frozen=True, slots=True)
class Contest:
    """What was measured; c contestants, the two references last.

    Attributes
    ----------
    slugs : tuple of str, length c
    scores : array of shape (n, c, measures)
        In the order of the catalogue; NaN where undefined.
    deletion, insertion : arrays of shape (n, c, len(STEPS))
    left_out : dict of sample to array of shape (p,)
        How much the score falls without each player, where they are not too many.
    """

    slugs: tuple[str, ...]
    scores: Floats
    deletion: Floats
    insertion: Floats
    left_out: dict[int, Floats]


@dataclass(frozen=True, slots=True)
class Field:
    """Where a contest takes place.

    Attributes
    ----------
    players : array of shape (n,)
    rows : array of shape (n,)
        Rows of the dataset, which seed what is random of a sample.
    """

    score: Kept
    players: Integers
    rows: Integers
    seed: int
    is_probability: bool = False


def contest(field: Field, contestants: Sequence[Contestant]) -> Contest:
    """Measure the contestants and the references on every sample of a field."""
    slugs = (*(c.slug for c in contestants), RANDOM, LEAVE_ONE_OUT)
    n, c = len(field.players), len(slugs)
    found = Contest(
        slugs,
        np.full((n, c, len(CATALOGUE)), np.nan),
        np.full((n, c, len(STEPS)), np.nan),
        np.full((n, c, len(STEPS)), np.nan),
        {},
    )
    for part in parts(field.players, len(contestants)):
        left_out = _leave_one_out(field, part)
        found.left_out.update(left_out)
        lanes = [_lanes(field, contestants, i, left_out.get(i)) for i in part]
        drawn = [orders.masks(np.array([order for _, order in lane])) for lane in lanes]
        played = [masks.reshape(-1, masks.shape[-1]) for masks in drawn]
        for i, lane, masks, flat in zip(part, lanes, drawn, play(field, part, played), strict=True):
            curves = flat.reshape(masks.shape[:-1])
            _note(field, found, i, [at for at, _ in lane], curves)
    for column, contestant in enumerate(contestants):
        if contestant.is_complete:
            _complete(found, column, contestant)
    return found


def passes(players: int, methods: int) -> int:
    """Return at most how many masked evaluations one sample takes under one baseline."""
    inner = len(orders.counts(players)) - 2 if players > 1 else 0
    alone = players if players <= LEAVE_ONE_OUT_MOST else 0
    lanes = methods + orders.RANDOM_PAIRS + (1 if alone else 0)
    return 2 + 2 * inner * lanes + alone


def parts(players: Integers, methods: int) -> Iterator[list[int]]:
    """Yield samples that are measured together: enough to fill a call, few enough to hold."""
    part: list[int] = []
    filled = 0
    for i, count in enumerate(players):
        if count < 2:
            continue
        part.append(i)
        filled += passes(int(count), methods)
        if filled >= MASKS_PER_CALL:
            yield part
            part, filled = [], 0
    if part:
        yield part


def _leave_one_out(field: Field, part: Sequence[int]) -> dict[int, Floats]:
    """Return how much the score falls without each player, where they are not too many."""
    few = [i for i in part if field.players[i] <= LEAVE_ONE_OUT_MOST]
    masks = []
    for i in few:
        p = int(field.players[i])
        masks.append(np.concatenate([np.ones((1, p), dtype=bool), ~np.eye(p, dtype=bool)]))
    found = play(field, few, masks)
    return {i: values[0] - values[1:] for i, values in zip(few, found, strict=True)}


def _lanes(
    field: Field, contestants: Sequence[Contestant], i: int, left_out: Floats | None
) -> list[tuple[int, Integers]]:
    """Return (column, order) of all who take part in one sample; the random ones several times."""
    row, p = int(field.rows[i]), int(field.players[i])
    ties, c = orders.ties(field.seed, row, p), len(contestants)
    lanes = [
        (column, orders.order(values, ties))
        for column, contestant in enumerate(contestants)
        if (values := contestant.values[i]) is not None and np.isfinite(values).all()
    ]
    lanes += [(c, order) for order in orders.random_orders(field.seed, row, p)]
    if left_out is not None:
        lanes.append((c + 1, orders.order(left_out, ties)))
    return lanes


def play(field: Field, part: Sequence[int], masks: Sequence[Bools]) -> list[Floats]:
    """Return the score of every mask, the mean over the outputs; equal masks are evaluated once."""
    if not part:
        return []
    unique, back = zip(*(_unique(mask) for mask in masks), strict=True)
    of = np.repeat(part, [len(each) for each in unique])
    kept = np.zeros((len(of), max(mask.shape[1] for mask in masks)), dtype=bool)
    start, edges = 0, []
    for each in unique:
        kept[start : start + len(each), : each.shape[1]] = each
        start += len(each)
        edges.append(start)
    calls = range(0, len(of), MASKS_PER_CALL)
    scored = np.concatenate(
        [
            _mean(field.score(kept[at : at + MASKS_PER_CALL], of[at : at + MASKS_PER_CALL]))
            for at in calls
        ]
    )
    found = np.split(scored, edges[:-1])
    return [values[places] for values, places in zip(found, back, strict=True)]


def _unique(masks: Bools) -> tuple[Bools, Integers]:
    packed = np.packbits(masks, axis=1)
    whole = np.ascontiguousarray(packed).view(np.dtype((np.void, packed.shape[1]))).ravel()
    _, first, back = np.unique(whole, return_index=True, return_inverse=True)
    return masks[first], back.reshape(-1)


def _mean(values: Floats) -> Floats:
    """Return the mean over the outputs that a sample has, shape (m,)."""
    defined = np.isfinite(values)
    counts = defined.sum(axis=1)
    total = np.where(defined, values, 0.0).sum(axis=1)
    return np.where(counts > 0, total / np.maximum(counts, 1), np.nan)


def _note(field: Field, found: Contest, i: int, columns: Sequence[int], curves: Floats) -> None:
    """Write down one sample: the mean over the lanes of a column. `curves`: (o, 2, s)."""
    p, at = int(field.players[i]), np.array(columns)
    measures = scores.measure(p, curves[:, 0], curves[:, 1], is_probability=field.is_probability)
    table = np.stack([measures[slug] for slug in OF_CURVES], axis=1)
    deletion, insertion = scores.at_steps(p, curves[:, 0]), scores.at_steps(p, curves[:, 1])
    for column in np.unique(at):
        own = at == column
        found.scores[i, column, : len(OF_CURVES)] = table[own].mean(axis=0)
        found.deletion[i, column] = deletion[own].mean(axis=0)
        found.insertion[i, column] = insertion[own].mean(axis=0)


def _complete(found: Contest, column: int, contestant: Contestant) -> None:
    whole, empty = found.deletion[:, column, 0], found.insertion[:, column, 0]
    base = empty if contestant.base is None else contestant.base
    total = np.array([np.nan if v is None else float(v.sum()) for v in contestant.values])
    place = list(CATALOGUE).index("completeness")
    found.scores[:, column, place] = scores.completeness_gap(whole, base, total)
