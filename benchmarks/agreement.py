"""Time the agreement of 10 methods on 1,000 samples of 50 units, beside a loop over scipy.

Run: python benchmarks/agreement.py
"""

from __future__ import annotations

import itertools
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scipy import stats

from xai.evaluation.agreement import Ranked, agree
from xai.evaluation.agreement_units import Varied, agree_units
from xai.evaluation.catalogue import CATALOGUE

METHODS, SAMPLES, UNITS = 10, 1_000, 50
LOOPED = 20
"""Samples that the loop over scipy does; its time is scaled up to all of them."""


def main() -> None:
    random = np.random.default_rng(0)
    signal = random.standard_normal((SAMPLES, UNITS))
    names = tuple(f"unit {i}" for i in range(UNITS))
    methods = {
        f"method {i}": Ranked(names, signal + random.standard_normal((SAMPLES, UNITS)))
        for i in range(METHODS)
    }
    began, busy = time.perf_counter(), time.process_time()
    agree(methods, np.arange(SAMPLES), seed=0)
    ours, busy = time.perf_counter() - began, time.process_time() - busy
    print(
        f"{METHODS} methods, {SAMPLES} samples, {UNITS} units, {len(CATALOGUE)} measures, "
        f"two reference rows, intervals: {ours:.2f} s ({busy:.2f} s of processor time)"
    )
    varied()
    began = time.perf_counter()
    for a, b in itertools.combinations(methods, 2):
        for x, y in zip(methods[a].values[:LOOPED], methods[b].values[:LOOPED], strict=True):
            stats.kendalltau(abs(x), abs(y))
            stats.weightedtau(abs(x), abs(y))
            stats.spearmanr(abs(x), abs(y))
            stats.pearsonr(x, y)
    theirs = (time.perf_counter() - began) * SAMPLES / LOOPED
    print(f"scipy in a loop, 4 of the measures, no intervals: {theirs:.1f} s (scaled)")
    print(f"ratio: {theirs / ours:.0f}")


def varied() -> None:
    """Time the same where units differ from sample to sample, as the words of texts do."""
    random = np.random.default_rng(0)
    widths = random.integers(UNITS - 30, UNITS + 31, SAMPLES)
    signal = [random.standard_normal(u) for u in widths]
    methods = {
        f"method {i}": Varied(
            np.arange(SAMPLES), [[s + random.standard_normal(len(s))] for s in signal]
        )
        for i in range(METHODS)
    }
    names = {i: [f"word {j}" for j in range(u)] for i, u in enumerate(widths)}
    began, busy = time.perf_counter(), time.process_time()
    agree_units(methods, names, seed=0)
    ours, busy = time.perf_counter() - began, time.process_time() - busy
    print(f"with {widths.min()} to {widths.max()} units by sample: {ours:.2f} s ({busy:.2f} s)")


if __name__ == "__main__":
    main()
