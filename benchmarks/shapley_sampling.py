"""Sampled Shapley values: ours against shap's, at equal model evaluations.

Run with one thread: OMP_NUM_THREADS=1 python benchmarks/shapley_sampling.py [coalitions]
Error: mean over inputs of |φ − exact|² / |φ exact|², exact by enumeration (13 features) or 100
times the coalitions (30 features). Time: CPU seconds, median of 5. Limit: the model's own time for
the same number of rows, at the fastest of four batch sizes.
"""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import shap
from sklearn.datasets import load_breast_cancer, load_wine
from sklearn.ensemble import RandomForestClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from xai.methods.shapley import features
from xai.vocabulary import Problem

INPUTS, BACKGROUND, REPEATS = 10, 50, 5


@dataclass
class Case:
    """A model to explain, and its values by the longest way."""

    name: str
    problem: Problem
    function: Callable
    truth: np.ndarray


def main():
    coalitions = int(sys.argv[1]) if len(sys.argv) > 1 else 512
    for case in cases(coalitions):
        print(
            f"\n{case.name}, {INPUTS} inputs, {BACKGROUND} background rows, {coalitions} coalitions"
        )
        limit = forward(case)
        print(
            f"{'':22s}{'error':>10s}{'× ours':>9s}{'rows':>10s}{'s':>8s}{'µs/row':>8s}{'limit':>8s}"
        )
        ours = None
        for name, explain in (
            ("ours", our),
            ("shap permutation", permutation),
            ("shap kernel", kernel),
        ):
            values, rows, seconds = measure(explain, case, coalitions)
            error = float(np.mean(((values - case.truth) ** 2).sum(1) / (case.truth**2).sum(1)))
            ours = ours or error
            each = 1e6 * seconds / rows
            print(
                f"{name:22s}{error:10.1e}{error / ours:9.1f}{rows:10d}{seconds:8.2f}{each:8.2f}"
                f"{limit / each:8.0%}"
            )
        coverage(case, coalitions)


def cases(coalitions):
    rng = np.random.default_rng(0)
    wine, kind = load_wine(return_X_y=True)
    cancer, benign = load_breast_cancer(return_X_y=True)
    scaled = StandardScaler
    svm = make_pipeline(scaled(), SVC(gamma=0.1)).fit(wine, kind == 1)
    forest = RandomForestClassifier(100, random_state=0).fit(wine, kind == 1)
    network = make_pipeline(scaled(), MLPClassifier((64, 32), max_iter=400, random_state=0))
    network.fit(cancer, benign)
    for name, data, function in (
        ("SVM, 13 features", wine, svm.decision_function),
        ("forest, 13 features", wine, lambda rows: forest.predict_proba(rows)[:, 1]),
        ("MLP, 30 features", cancer, lambda rows: network.predict_proba(rows)[:, 1]),
    ):
        order, d = rng.permutation(len(data)), data.shape[1]
        problem = Problem(
            names=tuple(map(str, range(d))),
            categorical=(False,) * d,
            rows=np.arange(INPUTS),
            inputs=data[order[:INPUTS]],
            background=data[order[-BACKGROUND:]],
            reference=data,
            score=lambda rows, _of, function=function: function(rows),
        )
        yield Case(name, problem, function, truth(problem, coalitions))


def truth(problem, coalitions):
    if len(problem.names) <= 13:
        return features.attribute(problem, features.Params(coalitions, exact_up_to=13)).values
    draws = -(-100 * coalitions // 4096)
    found = [
        features.attribute(replace(problem, seed=1000 + draw), features.Params(4096)).values
        for draw in range(draws)
    ]
    return np.mean(found, axis=0)


def forward(case):
    """Return µs per row of the model alone, at its best batch size."""
    rows = np.repeat(case.problem.reference, 400, axis=0)[:65_536]
    best = np.inf
    for size in (1024, 4096, 16_384, 65_536):
        times = []
        for _ in range(REPEATS):
            start = time.process_time()
            for at in range(0, len(rows), size):
                case.function(rows[at : at + size])
            times.append(time.process_time() - start)
        best = min(best, float(np.median(times)))
    return 1e6 * best / len(rows)


def measure(explain, case, coalitions):
    counted = 0

    def function(rows):
        nonlocal counted
        counted += len(rows)
        return case.function(rows)

    times = []
    for _ in range(REPEATS):
        counted, start = 0, time.process_time()
        values = explain(case.problem, function, coalitions)
        times.append(time.process_time() - start)
    return values, counted, float(np.median(times))


def our(problem, function, coalitions):
    given = replace(problem, score=lambda rows, _of: function(rows))
    return features.attribute(given, features.Params(coalitions)).values


def permutation(problem, function, coalitions):
    masker = shap.maskers.Independent(problem.background, max_samples=BACKGROUND)
    explainer = shap.explainers.Permutation(function, masker, seed=0)
    # At least one order forward and back: 2 · features + 1 coalitions.
    return explainer(problem.inputs, max_evals=max(coalitions, 2 * len(problem.names) + 1)).values


def kernel(problem, function, coalitions):
    np.random.seed(0)  # shap's kernel explainer draws from it
    explainer = shap.KernelExplainer(function, problem.background)
    return explainer.shap_values(problem.inputs, nsamples=coalitions, l1_reg=False, silent=True)


def coverage(case, coalitions):
    hits = []
    for seed in range(5):
        given = replace(case.problem, seed=seed)
        found = features.attribute(given, features.Params(coalitions))
        hits.append(
            np.abs(found.values - case.truth)[..., None] <= found.error[..., None] * [1.96, 3]
        )
    shares = np.mean(hits, axis=(0, 1, 2))
    print(
        f"coverage of ours over 5 seeds: ± 1.96 errors {shares[0]:.1%}, ± 3 errors {shares[1]:.1%}"
    )


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
