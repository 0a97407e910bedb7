"""Plausibility: how well an explanation matches what people expect. It says nothing of the model.

Two questions are asked of people, and their answers are never joined into one number, nor with
faithfulness: which units *should* matter (marks), and which of several unnamed explanations makes
sense (picks).

Source: DeYoung et al., ERASER: A Benchmark to Evaluate Rationalized NLP Models, ACL 2020,
https://arxiv.org/abs/1911.03429, section 4.1 (agreement with human rationales, area under the
precision-recall curve for soft scores); Jacovi and Goldberg, Towards Faithfully Interpretable NLP
Systems, ACL 2020, https://arxiv.org/abs/2004.03685 (plausibility is not faithfulness); Wilson,
Probable Inference, JASA 22, 1927 (interval of a share).
Cost: no model evaluations.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from xai.evaluation.intervals import mean_interval
from xai.evaluation.ranks import blocks
from xai.vocabulary import Floats, Json

PICKED, MARKED = "picks", "marks"
_Z = 1.959963984540054
"""97.5 % quantile of the normal distribution: a 95 % interval."""


@dataclass(frozen=True, slots=True)
class Ballot:
    """One answer of one person on one sample.

    Attributes
    ----------
    kind : "picks" or "marks"
    shown : tuple of str
        Of a pick: the methods, in the order in which they stood before the person.
    picked : str
        The method, or empty: none of them makes sense.
    marks : tuple of int
        Units that should matter.
    """

    person: str
    sample: int
    kind: str
    shown: tuple[str, ...] = ()
    picked: str = ""
    marks: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Match:
    """How an explanation matches the marked units; NaN where nothing, or everything, is marked.

    Attributes
    ----------
    precision : float
        Average precision of the order by size.
    overlap : float
        Share of the marked units among as many of the strongest.
    rank : float
        Chance that a marked unit is stronger than another one (area under the ROC curve).
    """

    precision: float
    overlap: float
    rank: float


MEASURES = {
    "precision": ("Average precision", "of the order by size, against the marked units"),
    "overlap": ("Overlap at k", "share of the k marked units among the k strongest"),
    "rank": ("Rank agreement", "chance that a marked unit is stronger than an unmarked one"),
}


def match(values: Floats, marks: Sequence[int]) -> Match:
    """Compare an explanation with the units that a person marked.

    Parameters
    ----------
    values : array of shape (u,)
        Strength is the size; units of equal strength share their places: what any order of them
        would give on average for `overlap` and `rank`, one threshold for `precision`.
    """
    u, k = len(values), len(set(marks))
    if not 0 < k < u:
        return Match(math.nan, math.nan, math.nan)
    strengths = np.abs(np.nan_to_num(values.astype(np.float64)))
    marked = np.zeros(u, dtype=bool)
    marked[list(marks)] = True
    above, tied = blocks(strengths)
    higher = (strengths[None, :] > strengths[:, None]) | (strengths[None, :] == strengths[:, None])
    found = (higher & marked).sum(axis=1)
    precision = float((found / (above + tied))[marked].mean())
    inside = np.clip((k - above) / tied, 0.0, 1.0)
    stronger = (strengths[marked, None] > strengths[None, ~marked]).mean()
    equal = (strengths[marked, None] == strengths[None, ~marked]).mean()
    return Match(precision, float(inside[marked].sum() / k), float(stronger + equal / 2))


def by_chance(units: int, marks: int) -> Match:
    """Return what a random order of the units reaches on average."""
    if not 0 < marks < units:
        return Match(math.nan, math.nan, math.nan)
    harmonic = float((1.0 / np.arange(1, units + 1)).sum())
    # At place i a marked unit has, on average, (i - 1)(k - 1)/(u - 1) marked ones before it.
    share = (marks - 1) / (units - 1)
    return Match((harmonic + share * (units - harmonic)) / units, marks / units, 0.5)


def wilson(wins: int, trials: int) -> tuple[float, float, float]:
    """Return a share with its 95 % interval; NaN without trials."""
    if trials < 1:
        return math.nan, math.nan, math.nan
    share, z = wins / trials, _Z**2 / trials
    middle = (share + z / 2) / (1 + z)
    half = _Z / (1 + z) * math.sqrt(share * (1 - share) / trials + z / (4 * trials))
    return share, max(0.0, middle - half), min(1.0, middle + half)


def tally(
    ballots: Sequence[Ballot], values: Mapping[tuple[str, int], Floats], methods: Sequence[str]
) -> dict[str, Json]:
    """Return what people say of each method.

    Parameters
    ----------
    values : mapping
        By (method, sample): one number per unit that could be marked.
    methods : sequence of str
        Those that were asked about.

    Returns
    -------
    dict
        `people`, `samples`, `picks` and `marks`. Each of the two has its `answers`; picks have
        `none` and per method wins, shown, rate with the Wilson interval, and the rate of chance;
        marks have `undefined`, the `chance` of each measure, and per method and measure the mean
        over samples (people of one sample averaged first) with a bootstrap interval over samples.
        What is not known is None.
    """
    return {
        "people": len({one.person for one in ballots}),
        "samples": len({one.sample for one in ballots}),
        PICKED: _picks([one for one in ballots if one.kind == PICKED], methods),
        MARKED: _marks([one for one in ballots if one.kind == MARKED], values, methods),
    }


def _picks(ballots: Sequence[Ballot], methods: Sequence[str]) -> dict[str, Json]:
    lines = []
    for method in methods:
        shown = [one for one in ballots if method in one.shown]
        wins = sum(one.picked == method for one in shown)
        rate, low, high = wilson(wins, len(shown))
        chance = np.mean([1 / (len(one.shown) + 1) for one in shown]) if shown else math.nan
        lines.append(
            {"method": method, "wins": wins, "shown": len(shown), "rate": _known(rate),
             "low": _known(low), "high": _known(high), "chance": _known(float(chance))}
        )  # fmt: skip
    none = sum(not one.picked for one in ballots)
    return {"answers": len(ballots), "none": none, "methods": lines}


def _marks(
    ballots: Sequence[Ballot], values: Mapping[tuple[str, int], Floats], methods: Sequence[str]
) -> dict[str, Json]:
    samples = sorted({one.sample for one in ballots})
    units = {sample: len(values[methods[0], sample]) for sample in samples} if methods else {}
    usable = [one for one in ballots if 0 < len(set(one.marks)) < units.get(one.sample, 0)]
    chance = [(one.sample, by_chance(units[one.sample], len(set(one.marks)))) for one in usable]
    lines = []
    for method in methods:
        found = [(one.sample, match(values[method, one.sample], one.marks)) for one in usable]
        lines.append({"method": method, **_means(found)})
    return {
        "answers": len(ballots),
        "undefined": len(ballots) - len(usable),
        "samples": len({one.sample for one in usable}),
        "chance": {name: one["mean"] for name, one in _means(chance).items()},
        "methods": lines,
    }


def _means(found: Sequence[tuple[int, Match]]) -> dict[str, Json]:
    """Return mean and interval of each measure over samples, people of one sample averaged."""
    of_samples: dict[int, list[list[float]]] = defaultdict(list)
    for sample, one in found:
        of_samples[sample].append([getattr(one, name) for name in MEASURES])
    if not of_samples:
        return {name: {"mean": None, "low": None, "high": None} for name in MEASURES}
    table = np.array([np.mean(rows, axis=0) for rows in of_samples.values()]).T
    mean, low, high = mean_interval(table, seed=0)
    return {
        name: {"mean": _known(mean[i]), "low": _known(low[i]), "high": _known(high[i])}
        for i, name in enumerate(MEASURES)
    }


def _known(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
