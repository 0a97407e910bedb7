"""Interpretable peers of the uploaded model, and forward selection on one of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from xai.analyses import peers, selection
from xai.analyses.learners import Labelled
from xai.assets.table import MISSING, Column
from xai.evaluation.intervals import resampled
from xai.vocabulary import Floats, Integers, Json, Progress, Recipe
from xai.workbench.analyses.labelled import Known, known_rows, own_answers
from xai.workbench.opened import Opened
from xai.workbench.tables import opened_for

SELECTED_MOST = 30
"""Features among which the selection chooses: of more, those that the linear model weighs most."""
ROWS_MOST = 1_000


def analyse(
    payload: Json, recipe: Recipe, _span: tuple[int, int], progress: Progress
) -> tuple[dict[str, np.ndarray], Json]:
    """Fit the peers; the result is what `peers.json` holds."""
    opened = opened_for(payload, recipe)
    known = known_rows(opened, recipe, ROWS_MOST)
    data, columns = known.data, opened.table.columns
    own = own_answers(opened, known, data.inputs)
    progress(len(own), len(own))
    cut = peers.folds(data, recipe.seed)
    rows = np.arange(len(data.labels))
    is_class = data.is_classification
    strength, tried = peers.strength_of(data, cut)
    grown = peers.tried(lambda: peers.tree(data), data, cut)
    lean = peers.fitted(peers.sparse(data, strength), data, rows)
    result = {
        "problem": opened.facts.problem,
        "score": "accuracy" if is_class else "r2",
        "rows": len(rows),
        "labelled": known.of,
        "folds": len(cut),
        "classes": list(known.classes),
        "features": [column.name for column in columns],
        "own": _bounded(own, data),
        "tree": {
            **_peer(grown, own, data),
            "depth": peers.DEPTH,
            "nodes": _named(peers.nodes_of(peers.fitted(peers.tree(data), data, rows)), columns),
        },
        "linear": {
            **_peer(tried[strength], own, data),
            "strength": strength,
            "tried": [{"strength": s, "mean": one.scores.mean()} for s, one in tried.items()],
            "terms": _named(peers.terms_of(lean), columns),
        },
        "selection": _selection(known, cut, opened, lean),
        "notes": list(known.notes),
    }
    return {}, {"result": result, "evaluations": len(own)}


def _peer(tried: peers.Tried, own: Floats, data: Labelled) -> dict[str, Json]:
    """Return how right a peer is on rows it did not see, and how like the uploaded model."""
    like = Labelled(data.inputs, own, data.categorical, data.is_classification)
    return {**_bounded(tried.answers, data), "like": _bounded(tried.answers, like)}


def _bounded(answers: Floats, data: Labelled) -> dict[str, Json]:
    """Return the score of answers with a bootstrap interval over the rows."""
    labels, is_class = data.labels, data.is_classification
    losses = (answers != labels) if is_class else (answers - labels) ** 2
    spread = np.ones(len(labels)) if is_class else (labels - labels.mean()) ** 2
    drawn = resampled(np.stack([np.asarray(losses, dtype=np.float64), spread]), 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        scores = 1 - drawn[:, 0] / drawn[:, 1]
    low, high = np.nanpercentile(scores, [2.5, 97.5])
    return {
        "mean": peers.score(answers, labels, is_classification=is_class),
        "low": low,
        "high": high,
    }


def _selection(
    known: Known, cut: list[tuple[Integers, Integers]], opened: Opened, lean: Json
) -> dict[str, Json]:
    data, columns = known.data, opened.table.columns
    order = list(dict.fromkeys(int(term["feature"]) for term in peers.terms_of(lean)))
    rest = [j for j in range(len(columns)) if j not in order]
    kept = sorted([*order, *rest][:SELECTED_MOST])
    narrow = Labelled(
        data.inputs[:, kept],
        data.labels,
        tuple(data.categorical[j] for j in kept),
        data.is_classification,
    )
    found, whole = selection.select(narrow, cut), selection.with_all(data, cut)
    return {
        "peer": "Logistic regression" if data.is_classification else "Ridge regression",
        "steps": [
            {"name": columns[kept[j]].name, "mean": scores.mean(), "error": _error(scores)}
            for j, scores in zip(found.features, found.scores, strict=True)
        ],
        "all": {"mean": whole.mean(), "error": _error(whole)},
        "of": len(columns),
        "among": len(kept),
        "gain": selection.GAIN,
        "is_cut": found.is_cut,
    }


def _error(scores: Floats) -> float:
    return float(scores.std(ddof=1) / np.sqrt(len(scores)))


def _named(lines: list[dict[str, Json]], columns: Sequence[Column]) -> list[dict[str, Json]]:
    """Put names of columns and words of categories in place of their numbers."""
    for line in lines:
        if "feature" in line:
            column = columns[line["feature"]]
            line["name"] = column.name
            code = line.pop("code", None)
            if code is not None:
                line["category"] = MISSING if code < 0 else column.categories[int(code)]
            del line["feature"]
    return lines
