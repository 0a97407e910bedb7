"""Parts of "would a simpler model do": five learners on ten splits, and thirty resampled fits.

Part 0 to 9 is a split: every learner is fitted on one half and scored on the other. Part 10 to 39
is a fit of every learner to a resample of the training rows (part 10 to all of them), asked about
held-out rows as they are and with each column shuffled.
"""

from __future__ import annotations

import numpy as np

from xai.analyses import learners
from xai.analyses.learners import Labelled
from xai.vocabulary import Floats, Integers, Json, Progress, Recipe
from xai.workbench.analyses.labelled import Known, known_rows, own_answers
from xai.workbench.opened import Opened
from xai.workbench.tables import opened_for

Arrays = dict[str, np.ndarray]
SPLITS = learners.REPEATS * learners.FOLDS
HELD_OUT, HELD_OUT_MOST = 0.3, 600
SHUFFLES = 5


def analyse(
    payload: Json, recipe: Recipe, span: tuple[int, int], progress: Progress
) -> tuple[Arrays, Json]:
    """Compute some of the 40 parts.

    Returns
    -------
    arrays
        Splits: `scores` (s, learners), `losses` (s, learners, n), NaN where a row trained.
        Resamples: `answers` (b, learners, e), `shares` (b, learners, e, classes), `reliance`
        (b, learners, d). With the first part, of the uploaded model: `own_losses` (n,), and with
        the first resample `own_answers` (e,), `own_reliance` (d,). Always `labels` (n,).
    """
    opened = opened_for(payload, recipe)
    known = known_rows(opened, recipe)
    splits = [part for part in range(*span) if part < SPLITS]
    draws = [part - SPLITS for part in range(*span) if part >= SPLITS]
    arrays: Arrays = {"labels": known.data.labels}
    spent = 0
    if splits:
        arrays |= _split(known.data, splits, recipe.seed)
    if 0 in splits:
        arrays["own_losses"] = _losses(
            own_answers(opened, known, known.data.inputs), known.data.labels, known.data
        )
        spent += len(known.rows)
    if draws:
        arrays |= _resample(known, draws, recipe.seed)
    if 0 in draws:
        arrays |= _own(opened, known, recipe.seed)
        spent += len(arrays["own_answers"]) * (1 + SHUFFLES * known.data.inputs.shape[1])
    progress(spent, spent)
    return arrays, {
        "evaluations": spent,
        "features": [column.name for column in opened.table.columns],
        "classes": list(known.classes),
        "labelled": known.of,
        "remarks": list(known.notes),
        "has_splits": bool(splits),
    }


def _split(data: Labelled, parts: list[int], seed: int) -> Arrays:
    cut = learners.splits(data, seed)
    slugs = learners.slugs()
    scores = np.empty((len(parts), len(slugs)))
    losses = np.full((len(parts), len(slugs), len(data.labels)), np.nan)
    for place, part in enumerate(parts):
        train, test = cut[part]
        for at, slug in enumerate(slugs):
            model = learners.fit(slug, data, train, seed + part)
            found = _losses(learners.answers(model, data.inputs[test]), data.labels[test], data)
            losses[place, at, test] = found
            scores[place, at] = _score(found, data.labels[test], data)
    return {"scores": scores, "losses": losses}


def _resample(known: Known, draws: list[int], seed: int) -> Arrays:
    data, slugs = known.data, learners.slugs()
    train, test = held_out(data, seed)
    shuffles = _shuffles(len(test), data.inputs.shape[1], seed)
    answers, shares, reliance = [], [], []
    for draw in draws:
        rows = _drawn(train, data, seed, draw)
        fitted = [learners.fit(slug, data, rows, seed + draw) for slug in slugs]
        inputs = data.inputs[test]
        answers.append([learners.answers(model, inputs) for model in fitted])
        shares.append([learners.shares(model, inputs, len(known.classes)) for model in fitted])
        reliance.append(
            [
                _reliance(lambda x, m=model: learners.answers(m, x), data, test, shuffles)
                for model in fitted
            ]
        )
    return {
        "answers": np.array(answers),
        "shares": np.array(shares),
        "reliance": np.array(reliance),
    }


def _own(opened: Opened, known: Known, seed: int) -> Arrays:
    data = known.data
    _, test = held_out(data, seed)
    shuffles = _shuffles(len(test), data.inputs.shape[1], seed)
    return {
        "own_answers": own_answers(opened, known, data.inputs[test]),
        "own_reliance": _reliance(
            lambda inputs: own_answers(opened, known, inputs), data, test, shuffles
        ),
    }


def held_out(data: Labelled, seed: int) -> tuple[Integers, Integers]:
    """Return training and held-out rows, the same for every model."""
    n = len(data.labels)
    order = np.random.default_rng([seed, 8]).permutation(n)
    count = min(HELD_OUT_MOST, round(HELD_OUT * n))
    return np.sort(order[count:]), np.sort(order[:count])


def _drawn(train: Integers, data: Labelled, seed: int, draw: int) -> Integers:
    """Return the rows of a fit: all of them first, then resamples that hold every class."""
    if draw == 0:
        return train
    random = np.random.default_rng([seed, 9, draw])
    rows = random.choice(train, len(train))
    if data.is_classification:
        missing = set(data.labels[train]) - set(data.labels[rows])
        extra = [int(train[data.labels[train] == one][0]) for one in sorted(missing)]
        rows = np.concatenate([rows, np.array(extra, dtype=np.int64)])
    return np.asarray(rows, dtype=np.int64)


def _shuffles(rows: int, features: int, seed: int) -> Integers:
    """Return the row that lends its value, per feature and repeat, shape (d, SHUFFLES, rows)."""
    orders = np.tile(np.arange(rows), (features, SHUFFLES, 1))
    return np.random.default_rng([seed, 10]).permuted(orders, axis=2)


def _reliance(ask: Json, data: Labelled, test: Integers, shuffles: Integers) -> Floats:
    """Return how much the mean loss rises when a column is shuffled, in the units of the score."""
    inputs, labels = data.inputs[test], data.labels[test]
    before = _score(_losses(ask(inputs), labels, data), labels, data)
    found = np.empty(inputs.shape[1])
    truth = np.tile(labels, SHUFFLES)
    for feature, donors in enumerate(shuffles):
        mixed = np.tile(inputs, (SHUFFLES, 1))
        mixed[:, feature] = inputs[donors.ravel(), feature]
        after = _losses(ask(mixed), truth, data).reshape(SHUFFLES, -1)
        found[feature] = before - np.mean([_score(one, labels, data) for one in after])
    return found.round(12)  # 0 as 0: scores are means of many numbers


def _losses(answers: Floats, labels: Floats, data: Labelled) -> Floats:
    """Return 1 for a wrong class and 0 for the right one, or the squared error."""
    if data.is_classification:
        return np.asarray(answers != labels, dtype=np.float64)
    return np.asarray((answers - labels) ** 2)


def _score(losses: Floats, labels: Floats, data: Labelled) -> float:
    """Return the accuracy, or R² of a regression."""
    if data.is_classification:
        return float(1 - losses.mean())
    spread = float(((labels - labels.mean()) ** 2).mean())
    return 1 - float(losses.mean()) / spread if spread > 0 else np.nan
