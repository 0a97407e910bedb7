"""Who is more faithful than whom: paired tests, and what holds under every baseline.

The rule: a method is better than another under one baseline if, over at least 20 samples, the
paired Wilcoxon test is significant after Benjamini and Hochberg's correction over all pairs, the
BCa interval of the mean difference excludes 0, and the mean difference is larger than what another
seed of either method may change. It is robustly better if that holds under every baseline.
Source: Otero, Parapar and Ferro, SIGIR 2023, https://arxiv.org/abs/2308.09340 (judge an evaluation
by its significant pairs); Otero et al., 2025, https://arxiv.org/abs/2501.03930 (this test).
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from xai.evaluation.agreement import SELF
from xai.evaluation.faithfulness.catalogue import CATALOGUE, LEAVE_ONE_OUT, RANDOM
from xai.evaluation.significance import accelerated, benjamini_hochberg, holm, signed_rank
from xai.vocabulary import Floats, Integers

SAMPLES_LEAST = 20
LEVEL = 0.05


@dataclass(frozen=True, slots=True)
class Measured:
    """Everything that was measured of a run.

    Attributes
    ----------
    contestants, baselines : tuple of str
        Methods, "self:<method>", and the two references; the first baseline is the default.
    scores : array of shape (n, baselines, contestants, measures)
    deletion, insertion : arrays of shape (n, baselines, contestants, steps)
    """

    samples: Integers
    contestants: tuple[str, ...]
    baselines: tuple[str, ...]
    scores: Floats
    deletion: Floats
    insertion: Floats
    seed: int = 0

    @property
    def methods(self) -> tuple[str, ...]:
        """Those that are compared in pairs, without the references."""
        references = {RANDOM, LEAVE_ONE_OUT}
        return tuple(s for s in self.contestants if s not in references and not s.startswith(SELF))

    def of(self, slug: str, measure: str, baseline: str) -> Floats:
        """Return the scores of one contestant by sample, NaN where undefined; shape (n,)."""
        place = list(CATALOGUE).index(measure)
        return self.scores[:, self.baselines.index(baseline), self.contestants.index(slug), place]


@dataclass(frozen=True, slots=True)
class Decision:
    """Two contestants compared by one measure under one baseline.

    Attributes
    ----------
    difference : float
        Mean of a minus b over the samples, turned so that more is better for a.
    p, adjusted, strict, effect : float or None
        None with fewer than `SAMPLES_LEAST` samples. `strict` is p after Holm's correction, which
        decides nothing: it says which differences would stand a stricter rule.
    noise : float
        What another seed may change of the mean, of the noisier of the two.
    winner : str
        The slug of the better one, "" if none is.
    """

    a: str
    b: str
    measure: str
    baseline: str
    difference: float
    low: float
    high: float
    samples: int
    p: float | None = None
    adjusted: float | None = None
    strict: float | None = None
    effect: float | None = None
    noise: float = 0.0
    winner: str = ""


@dataclass(frozen=True, slots=True)
class Robust:
    """What of a pair holds under every baseline.

    Attributes
    ----------
    winner : str
        Better under every baseline; "" if none is.
    verdict : {"robust", "opposite", "partly", "none", "few"}
        "opposite": each is better somewhere, so the two are not ranked. "partly": one is better
        under some baselines. "few": too few samples to say.
    """

    a: str
    b: str
    measure: str
    winner: str
    verdict: str
    better_under: Mapping[str, Sequence[str]]


def decide(found: Measured, measure: str, baseline: str) -> list[Decision]:
    """Compare the methods and the random order in pairs by one measure under one baseline."""
    slugs = (*found.methods, RANDOM)
    turn = 1.0 if CATALOGUE[measure].better == "high" else -1.0
    scores = {slug: turn * found.of(slug, measure, baseline) for slug in slugs}
    noise = {slug: _noise(found, slug, measure, baseline) for slug in slugs}
    pairs = list(itertools.combinations(slugs, 2))
    differences = [scores[a] - scores[b] for a, b in pairs]
    ends = _ends(differences, found.seed)
    tests = [signed_rank(d[np.isfinite(d)]) for d in differences]
    enough = [int(np.isfinite(d).sum()) >= SAMPLES_LEAST for d in differences]
    adjusted = np.full(len(pairs), np.nan)
    known = np.array([p for (p, _), ok in zip(tests, enough, strict=True) if ok])
    adjusted[enough], strict = benjamini_hochberg(known), np.full(len(pairs), np.nan)
    strict[enough] = holm(known)
    decisions = []
    for at, (a, b) in enumerate(pairs):
        there = differences[at][np.isfinite(differences[at])]
        mean = float(there.mean()) if len(there) else float("nan")
        (low, high), (p, effect), least = ends[at], tests[at], max(noise[a], noise[b])
        is_sure = enough[at] and adjusted[at] <= LEVEL and (low > 0 or high < 0)
        decisions.append(
            Decision(
                a, b, measure, baseline, mean, low, high, len(there),
                p=p if enough[at] else None,
                adjusted=float(adjusted[at]) if enough[at] else None,
                strict=float(strict[at]) if enough[at] else None,
                effect=effect if enough[at] else None,
                noise=least,
                winner=(a if mean > 0 else b) if is_sure and abs(mean) > least else "",
            )
        )  # fmt: skip
    return decisions


def agree_on(decisions: Sequence[Decision]) -> list[Robust]:
    """Return what of the decisions of one measure holds under every baseline."""
    by_pair: dict[tuple[str, str], list[Decision]] = {}
    for decision in decisions:
        by_pair.setdefault((decision.a, decision.b), []).append(decision)
    found = []
    for (a, b), each in by_pair.items():
        under = {slug: [d.baseline for d in each if d.winner == slug] for slug in (a, b)}
        winners = {d.winner for d in each}
        if all(d.p is None for d in each):
            verdict = "few"
        elif len(winners) == 1:
            verdict = "robust" if winners != {""} else "none"
        else:
            verdict = "opposite" if winners >= {a, b} else "partly"
        winner = each[0].winner if verdict == "robust" else ""
        found.append(Robust(a, b, each[0].measure, winner, verdict, under))
    return found


def _noise(found: Measured, slug: str, measure: str, baseline: str) -> float:
    """Return the farther end of the interval of how much another seed moves the mean."""
    if SELF + slug not in found.contestants:
        return 0.0
    moved = found.of(slug, measure, baseline) - found.of(SELF + slug, measure, baseline)
    known = moved[np.isfinite(moved)]
    if len(known) < 2:
        return 0.0
    low, high = accelerated(known[None], found.seed)
    return float(max(abs(low[0]), abs(high[0])))


def _ends(differences: Sequence[Floats], seed: int) -> list[tuple[float, float]]:
    """Return the BCa interval of each; those defined on the same samples are resampled together."""
    together: dict[bytes, list[int]] = {}
    for at, each in enumerate(differences):
        together.setdefault(np.isfinite(each).tobytes(), []).append(at)
    found = [(float("nan"), float("nan"))] * len(differences)
    for places in together.values():
        kept = np.isfinite(differences[places[0]])
        low, high = accelerated(np.array([differences[at][kept] for at in places]), seed)
        for at, ends in zip(places, zip(low, high, strict=True), strict=True):
            found[at] = (float(ends[0]), float(ends[1]))
    return found
