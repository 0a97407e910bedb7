"""What the values of each contestant foretell of sets of players that are taken away at random.

Sources and departures: `xai.evaluation.faithfulness.further`, which has the measures.
Cost: at most 64 masks per sample, which all contestants share.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import comb

import numpy as np

from xai.evaluation.faithfulness import further
from xai.evaluation.faithfulness.catalogue import CATALOGUE, LEAVE_ONE_OUT, RANDOM
from xai.evaluation.faithfulness.contest import Contest, Contestant, Field, parts, play
from xai.units import Bools
from xai.vocabulary import Floats

RANDOM_DRAWS = 4
"""Random values that stand for the random order; their mean is shown."""
MEASURES = ("mu_fidelity", "mu_correlation", "infidelity", "left_out", "gini", "entropy")


def foretell(field: Field, contestants: Sequence[Contestant], found: Contest) -> None:
    """Add the measures of random removals, and how strength is spread, to the scores."""
    for part in parts(field.players, len(contestants)):
        drawn = [_masks(field, i) for i in part]
        asked = [np.concatenate([np.ones((1, m.shape[1]), bool), ~m, ~s]) for m, s in drawn]
        for i, (removed, chosen), scored in zip(part, drawn, play(field, part, asked), strict=True):
            falls = scored[0] - scored[1:]
            sets = (removed, falls[: len(removed)]), (chosen, falls[len(removed) :])
            for slug, values in values_of(field, contestants, found, i).items():
                left_out = None if slug == LEAVE_ONE_OUT else found.left_out.get(i)
                _note(found, i, slug, [_measured(each, sets, left_out) for each in values])


def passes(players: int) -> int:
    """Return at most how many masked evaluations one sample takes."""
    if players < 2:
        return 0
    removed = further.MASKS if players > 10 else min(further.MASKS, 2**players - 1)
    return 1 + removed + min(further.MASKS, comb(players, further.subset_size(players)))


def _masks(field: Field, i: int) -> tuple[Bools, Bools]:
    p = int(field.players[i])
    draw = np.random.default_rng([field.seed, 6, int(field.rows[i])])
    return further.removals(p, draw), further.subsets(p, further.subset_size(p), draw)


def values_of(
    field: Field, contestants: Sequence[Contestant], found: Contest, i: int
) -> dict[str, list[Floats]]:
    """Return the values of all who take part in a sample; the random ones several times."""
    p, row = int(field.players[i]), int(field.rows[i])
    there = {
        c.slug: [values]
        for c in contestants
        if (values := c.values[i]) is not None and np.isfinite(values).all()
    }
    draw = np.random.default_rng([field.seed, 7, row])
    there[RANDOM] = list(draw.standard_normal((RANDOM_DRAWS, p)))
    if i in found.left_out:
        there[LEAVE_ONE_OUT] = [found.left_out[i]]
    return there


def _measured(
    values: Floats, sets: Sequence[tuple[Bools, Floats]], left_out: Floats | None
) -> Mapping[str, float]:
    any_size, one_size = sets
    ranks, plain = further.subset_correlations(values, *one_size)
    return {
        "infidelity": further.infidelity(values, *any_size),
        "mu_fidelity": ranks,
        "mu_correlation": plain,
        "left_out": float("nan") if left_out is None else further.kendall(values, left_out),
        "gini": further.gini(values),
        "entropy": further.entropy(values),
    }


def _note(found: Contest, i: int, slug: str, tables: Sequence[Mapping[str, float]]) -> None:
    column, measures = found.slugs.index(slug), list(CATALOGUE)
    for name in MEASURES:
        known = [table[name] for table in tables if np.isfinite(table[name])]
        found.scores[i, column, measures.index(name)] = np.mean(known) if known else np.nan
