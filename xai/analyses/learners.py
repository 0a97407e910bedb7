"""Five learners of differing kind, fitted here on labelled rows, the same for all.

Source: Semenova, Rudin and Parr, On the Existence of Simpler Machine Learning Models, FAccT 2022,
https://arxiv.org/abs/1908.01755: where several kinds of learner do equally well, a simple one among
them is likely to exist. Two-fold splits, five times (Dietterich, Neural Computation 1998).
Cost: one fit per learner and split; the uploaded model is never refitted.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import RepeatedKFold, RepeatedStratifiedKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.svm import SVC, SVR
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from xai.analyses.encoder import Encoder
from xai.analyses.names import LEARNERS
from xai.vocabulary import Floats, Integers

REPEATS, FOLDS = 5, 2
TREES = 100


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """Rows with their truth: inputs (n, d), labels (n,) as class codes or values."""

    inputs: Floats
    labels: Floats
    categorical: tuple[bool, ...]
    is_classification: bool


def make(slug: str, data: Labelled, seed: int) -> Pipeline:
    """Return one of the five learners, unfitted."""
    is_class = data.is_classification
    made: dict[str, Any] = {
        "linear": LogisticRegression(max_iter=1000) if is_class else Ridge(),
        "tree": (DecisionTreeClassifier if is_class else DecisionTreeRegressor)(
            max_depth=4, min_samples_leaf=5, random_state=seed
        ),
        "forest": (RandomForestClassifier if is_class else RandomForestRegressor)(
            TREES, random_state=seed, n_jobs=1
        ),
        "boosting": (HistGradientBoostingClassifier if is_class else HistGradientBoostingRegressor)(
            max_iter=60, random_state=seed
        ),
        "kernel": SVC() if is_class else SVR(),
    }
    return make_pipeline(Encoder(data.categorical), made[slug])


def splits(data: Labelled, seed: int) -> list[tuple[Integers, Integers]]:
    """Return the ten pairs of training and test rows: two halves, five times."""
    kind = RepeatedStratifiedKFold if data.is_classification else RepeatedKFold
    cutter = kind(n_splits=FOLDS, n_repeats=REPEATS, random_state=seed)
    return [(np.asarray(a), np.asarray(b)) for a, b in cutter.split(data.inputs, data.labels)]


def fit(slug: str, data: Labelled, rows: Integers, seed: int) -> Pipeline:
    """Fit a learner on some rows; a fit that stops at its limit of steps is taken as it is."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return make(slug, data, seed).fit(data.inputs[rows], data.labels[rows])


def answers(model: Pipeline, inputs: Floats) -> Floats:
    """Return predicted class codes, or values, shape (n,)."""
    return np.asarray(model.predict(inputs), dtype=np.float64)


def shares(model: Pipeline, inputs: Floats, classes: int) -> Floats:
    """Return probabilities, shape (n, classes); NaN where the learner has none."""
    found = np.full((len(inputs), classes), np.nan)
    if hasattr(model, "predict_proba"):
        found[:] = 0.0
        found[:, model.classes_.astype(np.int64)] = model.predict_proba(inputs)
    return found


def slugs() -> tuple[str, ...]:
    """Return the five, in the order of the pages."""
    return tuple(LEARNERS)
