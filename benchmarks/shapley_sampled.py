"""The sampled part of `shapley.py`: games of four kinds of models, ours beside shap and shapiq."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import shap
import shapiq
from sklearn.datasets import load_breast_cancer, load_wine
from sklearn.ensemble import RandomForestClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from xai.methods.shapley import features
from xai.methods.shapley.game import exact_values, sampled_halves
from xai.methods.shapley.regression import Design, estimate
from xai.methods.shapley.survey import survey
from xai.vocabulary import Problem

COALITIONS, INPUTS, BACKGROUND, SEEDS, REPEATS = 512, 10, 50, 5, 5
BUDGETS = (512, 640, 768, 1024, 2048, 4096)
WIDEST = {"shapiq 3-additive, paired": 13}
"""Players up to which a peer is asked: its regression has one unknown per set of three."""
BERT = Path(__file__).resolve().parents[2] / "shared/data"


@dataclass
class Case:
    """A model's games: `plays[i](masks)` are the values of coalitions for input i."""

    name: str
    plays: list[Callable]
    truth: np.ndarray
    problem: Problem | None = None
    function: Callable | None = None


def main():
    for case in cases():
        players = case.truth.shape[1]
        print(f"\n{case.name}: {len(case.plays)} games of {players} players")
        error = np.mean([relative(ours(case, seed)[0], case.truth) for seed in range(SEEDS)])
        print(f"  ours, {COALITIONS} calls: relative error {error:.1e}")
        for name, peer in PEERS.items():
            if players > WIDEST.get(name, players):
                continue
            report(name, peer, case, float(error))
        coverage(case)
        if case.problem is not None:
            limit(case)


def report(name, peer, case, error):
    """Print how many calls a peer needs for our error."""
    budgets = [b for b in BUDGETS if b < 2 ** case.truth.shape[1]]
    errors = []
    for budget in budgets:
        found = [peer(play, case.truth.shape[1], budget, 7) for play in case.plays]
        errors.append(relative(np.array(found), case.truth))
    print(
        f"  {name:26s}"
        + "".join(f"{e:10.1e}" for e in errors)
        + f"   {calls(budgets, errors, error)}",
        flush=True,
    )


def calls(budgets, errors, error):
    """Say how many calls the error takes, between the budgets that were tried."""
    # An error that falls and rises again was luck: the last budget above it counts.
    above = [place for place, found in enumerate(errors) if found > error]
    if not above:
        return f"at most {budgets[0] / COALITIONS:.1f} × ours"
    place = above[-1]
    if place + 1 == len(budgets):
        return f"more than {budgets[-1] / COALITIONS:.1f} × ours"
    (a, b), (x, y) = np.log(budgets[place : place + 2]), np.log(errors[place : place + 2])
    needed = np.exp(a + (b - a) * (x - np.log(error)) / (x - y))
    return f"{needed / COALITIONS:.1f} × ours"


def ours(case, seed):
    players = case.truth.shape[1]
    halves = sampled_halves(players, COALITIONS, seed)
    masks = np.vstack([halves, ~halves])
    values = np.array([play(masks) for play in case.plays])
    ends = np.array([play(np.array([[0] * players, [1] * players], bool)) for play in case.plays])
    relevance = seen(case)
    return estimate(values, ends[:, 1], ends[:, 0], Design(players, COALITIONS, seed, relevance))


def seen(case):
    """Return the look at the model that the method takes first; a text's game has none."""
    if case.problem is None:
        return ()

    return survey(
        case.problem, np.arange(case.truth.shape[1]), case.problem.reference_score
    ).relevance


def relative(found, truth):
    return float(np.mean(np.square(found - truth).sum(axis=1) / np.square(truth).sum(axis=1)))


def coverage(case):
    hits = []
    for seed in range(SEEDS):
        values, error = ours(case, 100 + seed)
        hits.append(np.abs(values - case.truth) <= 1.96 * error)
    print(f"  95 % intervals of ours cover {np.mean(hits):.1%} of {np.size(hits)} values")


def limit(case):
    """Print our whole time beside the model's own time for as many rows at its best batch size."""
    rows = blended(case.problem)
    best = np.inf
    for size in (1024, 4096, 16_384, 65_536):
        best = min(best, spent(lambda size=size: [
            case.function(rows[at : at + size]) for at in range(0, len(rows), size)]))  # fmt: skip
    found = features.attribute(case.problem, features.Params(COALITIONS))
    mine = spent(lambda: features.attribute(case.problem, features.Params(COALITIONS)))
    share = best / len(rows) * found.evaluations / mine
    print(f"  {found.evaluations} rows in {mine:.2f} CPU s: {share:.0%} of the forward limit")


def blended(problem):
    """Return 65,536 rows as a game asks them: inputs with features of background rows, in order.

    Equal rows after each other would let a processor guess every branch of a tree, and make a
    forest three times as fast as on any rows that differ.
    """
    players = problem.inputs.shape[1]
    halves = sampled_halves(players, COALITIONS, 0)
    masks, (b, d) = np.vstack([halves, ~halves]), problem.background.shape
    count = -(-65_536 // (len(masks) * b))
    kept = np.where(masks[:, None], problem.inputs[:count, None, None], problem.background)
    return kept.reshape(-1, d)[:65_536]


def spent(call):
    times = []
    for _ in range(REPEATS):
        began = time.process_time()
        call()
        times.append(time.process_time() - began)
    return float(np.median(times))


def cases():
    wine, kind = load_wine(return_X_y=True)
    cancer, benign = load_breast_cancer(return_X_y=True)
    svm = make_pipeline(StandardScaler(), SVC(gamma=0.1)).fit(wine, kind == 1)
    forest = RandomForestClassifier(100, random_state=0).fit(wine, kind == 1)
    network = make_pipeline(StandardScaler(), MLPClassifier((64, 32), max_iter=400, random_state=0))
    network.fit(cancer, benign)
    yield tabular("SVM", wine, svm.decision_function)
    yield tabular("forest as a black box", wine, lambda rows: forest.predict_proba(rows)[:, 1])
    yield tabular("MLP", cancer, lambda rows: network.predict_proba(rows)[:, 1])
    if BERT.exists():
        yield sentences()


def tabular(name, data, function):
    order, d = np.random.default_rng(0).permutation(len(data)), data.shape[1]

    def score(rows, _of):
        return function(rows)

    problem = Problem(
        names=tuple(map(str, range(d))),
        categorical=(False,) * d,
        rows=np.arange(INPUTS),
        inputs=data[order[:INPUTS]],
        background=data[order[-BACKGROUND:]],
        reference=data,
        score=score,
        reference_score=score,
    )

    def play(x, masks):
        masks = np.atleast_2d(masks)
        mixed = np.where(masks[:, None, :], x, problem.background)
        return function(mixed.reshape(-1, d)).reshape(len(masks), -1).mean(axis=1)

    if d <= 13:
        tables = [play(x, every(d)) for x in problem.inputs]
        return Case(name, [partial(looked_up, t) for t in tables], exact_values(np.array(tables)),
            problem, function)  # fmt: skip
    draws = [
        features.attribute(replace(problem, seed=1000 + draw), features.Params(4096)).values
        for draw in range(100 * COALITIONS // 4096)
    ]
    plays = [partial(play, x) for x in problem.inputs]
    return Case(name, plays, np.mean(draws, axis=0), problem, function)


def sentences():
    """Games of twelve words under a small BERT; an absent word is masked."""
    import onnxruntime
    import pandas as pd
    from transformers import AutoTokenizer

    one = onnxruntime.SessionOptions()
    one.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(BERT / "models/bert-tiny-sst2.onnx"), one)
    tokenizer = AutoTokenizer.from_pretrained(BERT / "models/bert-tiny-sst2")
    wanted = {entry.name for entry in session.get_inputs()}
    texts = pd.read_csv(BERT / "text/sst2_dev.csv").text
    tables = []
    for text in [text for text in texts if len(text.split()) == 12][: 2 * INPUTS]:
        words, table = text.split(), []
        for masks in np.array_split(every(12), 16):
            kept = [
                " ".join(w if k else tokenizer.mask_token for w, k in zip(words, mask, strict=True))
                for mask in masks
            ]
            batch = tokenizer(kept, return_tensors="np", padding=True)
            given = {n: v.astype(np.int64) for n, v in batch.items() if n in wanted}
            logits = session.run(None, given)[0]
            table.append(logits[:, 1] - logits[:, 0])
        tables.append(np.concatenate(table).astype(np.float64))
    plays = [partial(looked_up, table) for table in tables]
    return Case("text of 12 words", plays, exact_values(np.array(tables)))


def every(players):
    return (np.arange(2**players)[:, None] >> np.arange(players) & 1).astype(bool)


def looked_up(table, masks):
    masks = np.atleast_2d(masks)
    return table[masks.astype(int) @ (1 << np.arange(masks.shape[1]))]


def shap_kernel(play, players, budget, seed):
    np.random.seed(seed)  # shap draws from it
    explainer = shap.KernelExplainer(lambda z: play(z > 0.5), np.zeros((1, players)))
    return explainer.shap_values(np.ones(players), nsamples=budget, l1_reg=False, silent=True)


def shap_permutation(play, players, budget, seed):
    masker = shap.maskers.Independent(np.zeros((1, players)))
    explainer = shap.explainers.Permutation(lambda z: play(z > 0.5), masker, seed=seed)
    return explainer(np.ones((1, players)), max_evals=budget, silent=True).values[0]


def of_shapiq(make, play, players, budget, seed):
    approximator = make(players, seed)
    found = approximator.approximate(budget, play)
    return found.get_n_order_values(1)


PEERS = {
    "shap kernel": shap_kernel,
    "shap permutation": shap_permutation,
    "shapiq kernel, paired": partial(of_shapiq, lambda n, seed: shapiq.KernelSHAP(
        n, pairing_trick=True, random_state=seed)),
    "shapiq leverage, paired": partial(of_shapiq, lambda n, seed: shapiq.KernelSHAP(
        n, pairing_trick=True, sampling_weights=np.ones(n + 1), random_state=seed)),
    "shapiq 2-additive, paired": partial(of_shapiq, lambda n, seed: shapiq.kADDSHAP(
        n, 2, pairing_trick=True, random_state=seed)),
    "shapiq 3-additive, paired": partial(of_shapiq, lambda n, seed: shapiq.kADDSHAP(
        n, 3, pairing_trick=True, random_state=seed)),
    "shapiq permutation": partial(of_shapiq, lambda n, seed: shapiq.PermutationSamplingSV(
        n, random_state=seed)),
    "shapiq SVARM": partial(of_shapiq, lambda n, seed: shapiq.SVARM(
        n, pairing_trick=True, random_state=seed)),
}  # fmt: skip
