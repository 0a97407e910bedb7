"""Forward selection on a peer: the one feature more that helps most, until none helps enough.

Source: greedy forward selection as in scikit-learn's SequentialFeatureSelector (direction
"forward", tol 0.001, 5 folds); step 8 of the workflow after Bloch and Friedrich 2022. It explains
the data and the learner, never the uploaded model, which cannot be fitted again.
Cost: at most features × steps × folds small fits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import Pipeline, make_pipeline

from xai.analyses.encoder import Encoder
from xai.analyses.learners import Labelled
from xai.analyses.peers import fitted, score
from xai.vocabulary import Floats, Integers

GAIN = 1e-3
STEPS_MOST = 10


@dataclass(frozen=True, slots=True, eq=False)
class Selected:
    """The features in the order in which they were taken.

    Attributes
    ----------
    features : tuple of int
    scores : array of shape (steps, folds)
        With the features up to each step.
    is_cut : bool
        One more feature would still have helped.
    """

    features: tuple[int, ...]
    scores: Floats
    is_cut: bool


def select(
    data: Labelled,
    cut: list[tuple[Integers, Integers]],
    gain: float = GAIN,
    most: int = STEPS_MOST,
) -> Selected:
    """Take features one by one while the mean score over the folds rises by more than `gain`."""
    encoded = [_encoded(data, train, test) for train, test in cut]
    left = list(range(data.inputs.shape[1]))
    chosen: list[int] = []
    kept: list[Floats] = []
    before = -np.inf
    while left:
        tried = {j: _scores(data, encoded, cut, [*chosen, j]) for j in left}
        best = max(left, key=lambda j: float(tried[j].mean()))
        mean = float(tried[best].mean())
        if mean - before <= gain:
            break
        if len(chosen) == most:
            return Selected(tuple(chosen), np.array(kept), is_cut=True)
        chosen.append(best)
        left.remove(best)
        kept.append(tried[best])
        before = mean
    return Selected(tuple(chosen), np.array(kept), is_cut=False)


def with_all(data: Labelled, cut: list[tuple[Integers, Integers]]) -> Floats:
    """Return the scores of the peer with every feature, shape (folds,)."""
    encoded = [_encoded(data, train, test) for train, test in cut]
    return _scores(data, encoded, cut, list(range(data.inputs.shape[1])))


def peer(data: Labelled) -> Pipeline:
    """Return the learner that stands in for the uploaded model."""
    return make_pipeline(Encoder(data.categorical), _learner(data))


def _learner(data: Labelled) -> Any:
    return LogisticRegression(max_iter=500) if data.is_classification else Ridge()


def _encoded(data: Labelled, train: Integers, test: Integers) -> tuple[Encoder, Floats, Floats]:
    encoder = Encoder(data.categorical).fit(data.inputs[train])
    return (
        encoder,
        encoder.transform(data.inputs[train]),
        encoder.transform(data.inputs[test]),
    )


def _scores(
    data: Labelled,
    encoded: list[tuple[Encoder, Floats, Floats]],
    cut: list[tuple[Integers, Integers]],
    features: list[int],
) -> Floats:
    found = np.empty(len(cut))
    for at, ((encoder, seen, unseen), (train, test)) in enumerate(zip(encoded, cut, strict=True)):
        columns = np.flatnonzero(np.isin(encoder.owner, features))
        part = Labelled(seen[:, columns], data.labels[train], (), data.is_classification)
        model = fitted(_learner(data), part, np.arange(len(train)))
        found[at] = score(
            model.predict(unseen[:, columns]),
            data.labels[test],
            is_classification=data.is_classification,
        )
    return found
