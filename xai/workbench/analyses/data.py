"""The data themselves: odd labels, near rows, and the rows that a prediction leans on."""

from __future__ import annotations

import numpy as np
from scipy.spatial.distance import cdist

from xai.analyses import influence, samples
from xai.errors import NotApplicable
from xai.vocabulary import Floats, Integers, Json, Progress, Recipe
from xai.workbench.analyses.asked import Asked, ask

LISTED = 20
"""Rows that are shown of each score."""
NEAREST, VOTING = 5, 10
"""Neighbours that are shown, and that are asked for their label."""
LEANING = 5
"""Rows that a prediction leans on most, either way."""

Arrays = dict[str, np.ndarray]


def analyse(
    payload: Json, recipe: Recipe, _span: tuple[int, int], progress: Progress
) -> tuple[Arrays, Json]:
    """Score every labelled row; list the hardest with neighbours and influence."""
    asked = ask(payload, recipe, progress)
    is_class = asked.shares.shape[1] > 1
    scores = _of_classes(asked) if is_class else _of_values(asked)
    listed = _listed(scores)
    notes: list[str] = []
    influences = _influences(asked, listed, notes) if is_class else None
    rows = [
        _row(asked, scores, int(at), None if influences is None else influences[place])
        for place, at in enumerate(listed)
    ]
    if len(asked.rows) < asked.of:
        notes.append(f"{len(asked.rows):,} of {asked.of:,} labelled rows, drawn by the seed.")
    result = {
        "problem": "classification" if is_class else "regression",
        "rows": len(asked.rows),
        "labelled": asked.of,
        "wrong": int((asked.shares.argmax(axis=1) != asked.labels).sum()) if is_class else None,
        "scores": list(scores),
        "has_last_layer": asked.hidden is not None,
        "space": asked.space_name if asked.space is not None else None,
        "voting": VOTING,
        "listed": rows,
        "notes": notes,
    }
    arrays: Arrays = {"rows": asked.rows, "label": asked.labels, **scores}
    if is_class:
        arrays["predicted"] = asked.shares.argmax(axis=1)
    return arrays, {"result": result, "evaluations": len(asked.rows)}


def _of_classes(asked: Asked) -> dict[str, Floats]:
    labels = asked.labels.astype(np.int64)
    found = {
        "loss": samples.loss(asked.shares, labels),
        "margin": samples.margin(asked.shares, labels),
        "el2n": samples.el2n(asked.shares, labels),
    }
    if asked.hidden is not None:
        found["grand"] = samples.grand(asked.shares, labels, asked.hidden)
    return found | {"entropy": samples.entropy(asked.shares)}


def _of_values(asked: Asked) -> dict[str, Floats]:
    return {"loss": (asked.shares[:, 0] - asked.labels) ** 2}


def _listed(scores: dict[str, Floats]) -> Integers:
    """Return the hardest rows by any score, by loss; entropy alone makes no row suspect."""
    kept: set[int] = set()
    for slug, values in scores.items():
        if slug != "entropy":
            order = np.argsort(values if slug == "margin" else -values, kind="stable")
            kept |= set(order[:LISTED].tolist())
    found = np.array(sorted(kept), dtype=np.int64)
    return found[np.argsort(-scores["loss"][found], kind="stable")]


def _influences(asked: Asked, listed: Integers, notes: list[str]) -> Floats | None:
    if asked.hidden is None:
        return None
    spread = asked.hidden.std(axis=0)
    # The same layer in other units: damping then means the same for every input.
    read = (asked.hidden - asked.hidden.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    try:
        return influence.of_last_layer(asked.shares, asked.labels.astype(np.int64), read, listed)
    except NotApplicable as error:
        notes.append(f"No influence is shown. {error}")
        return None


def _row(asked: Asked, scores: dict[str, Floats], at: int, leaning: Floats | None) -> Json:
    is_class = asked.shares.shape[1] > 1
    near = _neighbours(asked, at)
    row = {
        "sample": int(asked.rows[at]),
        "title": asked.titles[at],
        **_said(asked, at),
        "scores": {slug: float(values[at]) for slug, values in scores.items()},
        "neighbours": near[:NEAREST],
    }
    if is_class and near:
        row["like_label"] = sum(one["label"] == row["label"] for one in near)
        row["like_predicted"] = sum(one["label"] == row["predicted"] for one in near)
    if leaning is not None:
        others = leaning.copy()
        others[at] = 0.0
        order = np.argsort(-others, kind="stable")
        row["helpful"] = [_leaned(asked, int(i), others) for i in order[:LEANING]]
        row["harmful"] = [_leaned(asked, int(i), others) for i in order[::-1][:LEANING]]
    return row


def _said(asked: Asked, at: int) -> dict[str, Json]:
    """Return label and answer of a row as people read them."""
    if asked.shares.shape[1] == 1:
        return {"label": float(asked.labels[at]), "predicted": float(asked.shares[at, 0])}
    label, best = int(asked.labels[at]), int(asked.shares[at].argmax())
    return {
        "label": asked.outputs[label],
        "predicted": asked.outputs[best],
        "of_label": float(asked.shares[at, label]),
        "of_predicted": float(asked.shares[at, best]),
    }


def _neighbours(asked: Asked, at: int) -> list[dict[str, Json]]:
    if asked.space is None:
        return []
    far = cdist(asked.space[[at]], asked.space)[0]
    far[at] = np.inf
    order = np.argsort(far, kind="stable")[: min(VOTING, len(far) - 1)]
    return [
        {
            "sample": int(asked.rows[i]),
            "title": asked.titles[i],
            "distance": float(far[i]),
            **_said(asked, int(i)),
        }
        for i in order
    ]


def _leaned(asked: Asked, at: int, change: Floats) -> dict[str, Json]:
    return {
        "sample": int(asked.rows[at]),
        "title": asked.titles[at],
        "change": float(change[at]),
        **_said(asked, at),
    }
