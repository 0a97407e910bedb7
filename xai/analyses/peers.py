"""Interpretable peers: a small tree and a sparse linear model, fitted here to the labelled rows.

Source: Breiman, Friedman, Olshen and Stone, Classification and Regression Trees, 1984 (the tree,
and the rule of one standard error); Tibshirani, JRSS B 1996 (the lasso); beside a black box as in
Bloch and Friedrich, SN Computer Science 2022, https://doi.org/10.1007/s42979-022-01371-y.
Cost: some hundred small fits; the uploaded model answers each row once, to be compared with.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from sklearn.linear_model import Lasso, LogisticRegression
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from xai.analyses.encoder import Encoder
from xai.analyses.learners import Labelled
from xai.vocabulary import Floats, Integers, Json

DEPTH, LEAF = 3, 5
FOLDS = 5
STRENGTHS = tuple(float(f"{10**power:.3g}") for power in np.arange(-2.0, 1.01, 0.5))
"""Of the linear peer, the sparsest first: C of a classifier, 0.1 / alpha of a regression."""

Make = Callable[[], Pipeline]


@dataclass(frozen=True, slots=True, eq=False)
class Tried:
    """A peer on folds: what it answers for rows that it did not see, and how right that is.

    Attributes
    ----------
    answers : array of shape (n,)
    scores : array of shape (folds,)
        Accuracy, or R², of each fold.
    """

    answers: Floats
    scores: Floats


def folds(data: Labelled, seed: int) -> list[tuple[Integers, Integers]]:
    """Return five pairs of training and test rows."""
    kind = StratifiedKFold if data.is_classification else KFold
    cutter = kind(n_splits=FOLDS, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a class of fewer rows than folds is missing in one
        return [(np.asarray(a), np.asarray(b)) for a, b in cutter.split(data.inputs, data.labels)]


def score(answers: Floats, labels: Floats, *, is_classification: bool) -> float:
    """Return the accuracy, or R² (NaN where the labels do not vary)."""
    if is_classification:
        return float((answers == labels).mean())
    spread = float(((labels - labels.mean()) ** 2).mean())
    return 1 - float(((answers - labels) ** 2).mean()) / spread if spread > 0 else np.nan


def tried(make: Make, data: Labelled, cut: list[tuple[Integers, Integers]]) -> Tried:
    """Fit on every fold's training rows, and answer its test rows."""
    answers, scores = np.empty(len(data.labels)), np.empty(len(cut))
    for at, (train, test) in enumerate(cut):
        model = fitted(make(), data, train)
        answers[test] = model.predict(data.inputs[test])
        scores[at] = score(
            answers[test], data.labels[test], is_classification=data.is_classification
        )
    return Tried(answers, scores)


def fitted(model: Pipeline, data: Labelled, rows: Integers) -> Pipeline:
    """Fit a peer on some rows, quietly."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(data.inputs[rows], data.labels[rows])


def tree(data: Labelled) -> Pipeline:
    """Return the unfitted small tree."""
    kind = DecisionTreeClassifier if data.is_classification else DecisionTreeRegressor
    grown = kind(max_depth=DEPTH, min_samples_leaf=LEAF, random_state=0)
    return make_pipeline(Encoder(data.categorical), grown)


def sparse(data: Labelled, strength: float) -> Pipeline:
    """Return the unfitted sparse linear model."""
    made: Any
    if data.is_classification:
        made = LogisticRegression(C=strength, l1_ratio=1.0, solver="liblinear", random_state=0)
        if len(np.unique(data.labels)) > 2:
            made = OneVsRestClassifier(made)
    else:
        made = Lasso(alpha=0.1 * float(data.labels.std() or 1.0) / strength, max_iter=5000)
    return make_pipeline(Encoder(data.categorical), made)


def strength_of(
    data: Labelled, cut: list[tuple[Integers, Integers]]
) -> tuple[float, dict[float, Tried]]:
    """Return the sparsest strength within one standard error of the best, and all tried."""
    all_tried = {
        strength: tried(partial(sparse, data, strength), data, cut) for strength in STRENGTHS
    }
    means = {strength: float(one.scores.mean()) for strength, one in all_tried.items()}
    best = max(means, key=lambda strength: means[strength])
    error = all_tried[best].scores.std(ddof=1) / np.sqrt(len(cut))
    near = [strength for strength in STRENGTHS if means[strength] >= means[best] - error]
    return near[0], all_tried


def nodes_of(model: Pipeline) -> list[dict[str, Json]]:
    """Return the nodes of a fitted tree: tests in the units of the table, answers at the leaves.

    Returns
    -------
    list of dict
        `feature`, and `threshold` (a number: left is at most it) or `code` (a category: left is
        every other); `left`, `right`: places in this list; `rows`; `value`: shares per class, or
        the mean.
    """
    encoder, grown = model[0], model[-1].tree_
    found = []
    for at in range(grown.node_count):
        value = grown.value[at][0]
        node: dict[str, Json] = {
            "rows": int(grown.n_node_samples[at]),
            "value": (value / value.sum()).tolist() if len(value) > 1 else float(value[0]),
        }
        column = int(grown.feature[at])
        if column >= 0:
            node |= {"left": int(grown.children_left[at]), "right": int(grown.children_right[at])}
            node["feature"] = int(encoder.owner[column])
            if np.isnan(encoder.code[column]):
                node["threshold"] = encoder.raw(column, float(grown.threshold[at]))
            else:
                node["code"] = float(encoder.code[column])
        found.append(node)
    return found


def terms_of(model: Pipeline) -> list[dict[str, Json]]:
    """Return the terms of a fitted sparse model, the strongest first; those at 0 are left out.

    Returns
    -------
    list of dict
        `feature`; `code` where it stands for a category; `class`: place of the class it speaks for
        (the second of two), None for a regression; `weight`: per standard deviation of a number.
    """
    encoder, last = model[0], model[-1]
    rows: list[tuple[int | None, Floats]]
    if isinstance(last, OneVsRestClassifier):
        rows = [(place, one.coef_[0]) for place, one in enumerate(last.estimators_)]
    elif hasattr(last, "classes_"):
        rows = [(1, last.coef_[0])]
    else:
        rows = [(None, last.coef_)]
    found = [
        {
            "feature": int(encoder.owner[column]),
            "code": None if np.isnan(encoder.code[column]) else float(encoder.code[column]),
            "class": place,
            "weight": float(weight),
        }
        for place, weights in rows
        for column, weight in enumerate(weights)
        if weight != 0
    ]
    return sorted(found, key=lambda term: -abs(term["weight"]))
