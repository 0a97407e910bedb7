"""How often methods that are equal are called different, and how often the truth is found.

On linear models of independent features, under three baselines: the exact values against a random
order, a shuffled attribution against a random order, two methods with equal noise against each
other, and a method against its copy. A false call is a "better" under any one baseline; a robust
false call is one under all of them.

Run: python benchmarks/faithfulness.py [trials]
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from xai.evaluation.faithfulness.contest import Contestant, Field, contest
from xai.evaluation.faithfulness.league import Measured, agree_on, decide

TRIALS, SAMPLES, FEATURES = 200, 30, 10
MEASURES = ("gap", "comprehensiveness", "sufficiency")
SHIFTS = (0.0, 0.4, -0.4)
EQUAL = (("shuffled", "random"), ("one", "other"), ("truth", "copy"))
BETTER = (("truth", "random"), ("truth", "one"))


def main(trials: int = TRIALS) -> None:
    began, any_one, robust = time.perf_counter(), {}, {}
    for trial in range(trials):
        found = play(trial)
        for measure in MEASURES:
            decisions = [d for b in found.baselines for d in decide(found, measure, b)]
            for row in agree_on(decisions):
                key = (measure, row.a, row.b)
                any_one[key] = any_one.get(key, 0) + any(map(len, row.better_under.values()))
                robust[key] = robust.get(key, 0) + bool(row.winner)
    print(f"{trials} trials, {SAMPLES} samples, {FEATURES} features, {len(SHIFTS)} baselines:")
    for pairs, words in ((EQUAL, "false calls"), (BETTER, "right calls")):
        for a, b in pairs:
            for measure in MEASURES:
                key = (measure, a, b)
                print(
                    f"  {words}, {a} against {b}, {measure}: {robust[key] / trials:.1%} robust, "
                    f"{any_one[key] / trials:.1%} under at least one baseline"
                )
    print(f"{time.perf_counter() - began:.0f} s")


def play(trial: int) -> Measured:
    draw = np.random.default_rng(trial)
    weights = draw.standard_normal((SAMPLES, FEATURES))
    noise = draw.standard_normal((2, SAMPLES, FEATURES))
    methods = {
        "truth": weights,
        "copy": weights.copy(),
        "one": weights + noise[0],
        "other": weights + noise[1],
        "shuffled": draw.permuted(weights, axis=1),
    }
    contests = []
    for shift in SHIFTS:
        field = Field(
            score(weights + shift), np.full(SAMPLES, FEATURES), np.arange(SAMPLES), seed=trial
        )
        contests.append(contest(field, [Contestant(s, list(v)) for s, v in methods.items()]))
    return Measured(
        np.arange(SAMPLES),
        contests[0].slugs,
        tuple(f"shift {shift}" for shift in SHIFTS),
        **{
            name: np.stack([getattr(c, name) for c in contests], axis=1)
            for name in ("scores", "deletion", "insertion")
        },
        seed=trial,
    )


def score(weights):
    """Return the score of a linear model whose inputs differ from their baselines by `weights`."""
    return lambda kept, of: (weights[of] * kept).sum(axis=1, keepdims=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else TRIALS)
