"""Soft faithfulness of a run: each method's score of every measure, over that of random values.

Cost: 32 evaluations per method and measured output, and one without any unit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from xai.evaluation.faithfulness.catalogue import RANDOM
from xai.evaluation.intervals import mean_interval
from xai.evaluation.soft import DRAWS, SCALINGS, Place, Scaling, Soft, against_control, judge
from xai.units import Bools
from xai.vocabulary import Floats, Integers, Json

OUTPUTS_MOST = 4
"""Written tokens of a sample that are judged, an even spread."""
CONTROLS = 2
"""Random values that each place is judged by; more than one, for the control's own noise."""
BASELINE = "parts"
"""What stands in: parts of the numbers of a unit are set to zero. The name in tables."""


@dataclass(frozen=True, slots=True)
class SoftMeasure:
    """One of the four soft measures."""

    slug: str
    title: str
    scaling: Scaling
    meaning: str
    field: str


_HOW: dict[Scaling, str] = {
    "min-max": "with values scaled from their smallest to their largest",
    "shares": "with values scaled to shares of their sum, which is low by construction where "
    "values are flat",
}
MEASURES: tuple[SoftMeasure, ...] = tuple(
    SoftMeasure(f"soft_{field}_{scaling.replace('-', '_')}", f"{title}, {scaling}", scaling,
                f"{meaning}, {_HOW[scaling]}.", field)
    for title, field, meaning in (
        ("Soft-NS", "sufficiency",
         "How much of the answer stays while the more of a unit's numbers is kept, the more "
         "important it is said to be"),
        ("Soft-NC", "comprehensiveness",
         "How much of the answer goes while the more of a unit's numbers is taken away, the more "
         "important it is said to be"),
    )
    for scaling in SCALINGS
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SoftField:
    """Where soft faithfulness is measured.

    Attributes
    ----------
    free : tuple of arrays of shape (u,)
        Units of each sample that can be taken away.
    causes : tuple of arrays of shape (k,)
        Units 0 … causes[o]-1 come before output o of a sample.
    """

    access: Soft
    rows: Integers
    free: Sequence[Bools]
    causes: Sequence[Integers]
    seed: int


@dataclass(frozen=True, slots=True)
class SoftMeasured:
    """What was measured of a run; c methods, and random values behind them.

    Attributes
    ----------
    scores, failed : arrays of shape (n, c + 1, measures)
        Mean over the judged outputs of a sample, NaN where all are undefined; how many are.
    places : array of shape (n,)
        How many outputs of each sample are judged.
    """

    methods: tuple[str, ...]
    samples: Integers
    scores: Floats
    failed: Integers
    places: Integers
    seed: int = 0


def measure(
    field: SoftField, methods: Sequence[Mapping[tuple[int, int], Floats]]
) -> tuple[Floats, Integers, Integers]:
    """Measure methods, and random values last.

    Parameters
    ----------
    methods : sequence of mappings
        The values (u,) of each method by (sample, output).

    Returns
    -------
    scores : array of shape (n, methods + 1, measures)
        Mean over the judged outputs of a sample; NaN where undefined for all of them.
    failed, places : arrays of shape (n, methods + 1, measures), (n,)
        How many of the judged outputs are undefined; how many are judged.
    """
    n, c = len(field.rows), len(methods) + 1
    scores = np.full((n, c, len(MEASURES)), np.nan)
    failed = np.zeros((n, c, len(MEASURES)), dtype=np.int64)
    places = np.zeros(n, dtype=np.int64)
    for i in range(n):
        chosen = judged(len(field.causes[i]))
        table = np.array([_place(field, i, output, methods) for output in chosen])
        table = table.reshape(len(chosen), c, len(MEASURES))
        defined = np.isfinite(table)
        places[i], failed[i] = len(chosen), (~defined).sum(axis=0)
        total = np.where(defined, table, 0.0).sum(axis=0)
        count = defined.sum(axis=0)
        scores[i] = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return scores, failed, places


def judged(outputs: int) -> list[int]:
    """Return which outputs of a sample are judged: all, or an even spread."""
    count = min(outputs, OUTPUTS_MOST)
    return [outputs * at // count for at in range(count)]


def evaluations(outputs: int, methods: int) -> int:
    """Return how many evaluations a sample takes."""
    each = 2 * DRAWS * len(SCALINGS)
    return min(outputs, OUTPUTS_MOST) * (2 + each * (methods + CONTROLS))


def control(units: int, key: Sequence[int]) -> Floats:
    """Return random values as in the paper: the softmax of uniform numbers."""
    drawn = np.exp(np.random.default_rng(list(key)).random(units))
    return np.asarray(drawn / drawn.sum())


def _place(
    field: SoftField, i: int, output: int, methods: Sequence[Mapping[tuple[int, int], Floats]]
) -> Floats:
    """Return the scores of all methods at one output, shape (methods + 1, measures)."""
    length, row = int(field.causes[i][output]), int(field.rows[i])
    nothing = np.full(length, np.nan)
    given = {
        str(at): values.get((i, output), nothing)[:length] for at, values in enumerate(methods)
    }
    randoms = [f"random{draw}" for draw in range(CONTROLS)]
    for draw, name in enumerate(randoms):
        given[name] = control(length, (field.seed, 9, row, output, draw))
    place = Place(i, output, field.free[i][:length], (field.seed, 10, row, output))
    found = judge(field.access, place, given)
    table = {
        name: [getattr(found[name, one.scaling], one.field) for one in MEASURES] for name in given
    }
    chance = np.mean([table[name] for name in randoms], axis=0)
    return np.array([*(table[str(at)] for at in range(len(methods))), chance])


def summary(found: SoftMeasured) -> dict[str, Json]:
    """Return the table of soft faithfulness for pages and bundle.

    Returns
    -------
    dict
        `rows` per method and measure: `mean` with interval, `ratio` = ln(mean / mean of random
        values), 0 for random values, with its interval over samples; `failed` of `places` outputs
        have no score.
    """
    n, rows = len(found.samples), []
    for k, card in enumerate(MEASURES):
        scores = found.scores[:, :, k]
        mean, low, high = mean_interval(scores.T, found.seed)
        for j, slug in enumerate((*found.methods, RANDOM)):
            ratio, ratio_low, ratio_high, left_out = against_control(
                scores[:, j], scores[:, -1], range(n), found.seed
            )
            rows.append(
                {
                    "method": slug,
                    "measure": card.slug,
                    **_numbers(mean=mean[j], low=low[j], high=high[j]),
                    **_numbers(ratio=ratio, ratio_low=ratio_low, ratio_high=ratio_high),
                    "samples": n - left_out,
                    "failed": int(found.failed[:, j, k].sum()),
                }
            )
    return {
        "measures": [{"slug": m.slug, "title": m.title, "meaning": m.meaning} for m in MEASURES],
        "rows": rows,
        "places": int(found.places.sum()),
        "draws": DRAWS,
    }


def _numbers(**values: float) -> dict[str, float | None]:
    return {
        name: float(f"{float(value):.7g}") if np.isfinite(value) else None
        for name, value in values.items()
    }


def columns(found: SoftMeasured) -> dict[str, list[Json]]:
    """Return the rows of `faithfulness.parquet`: what stands in is called "parts"."""
    table: dict[str, list[Json]] = {"method": [], "measure": [], "sample": [], "value": []}
    for j, slug in enumerate((*found.methods, RANDOM)):
        for k, card in enumerate(MEASURES):
            table["method"] += [slug] * len(found.samples)
            table["measure"] += [card.slug] * len(found.samples)
            table["sample"] += found.samples.tolist()
            table["value"] += found.scores[:, j, k].tolist()
    return table
