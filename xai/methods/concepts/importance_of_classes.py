"""Whether concepts matter to the classes that have them: the global importance measure.

Source: Aysel et al. 2025, https://arxiv.org/abs/2501.19271 (CGIM): the cosine, over classes,
between a concept's weight in each class and the share of the class's images that have it. With one
dictionary per class there is one class to compare over, and a cosine of single numbers says
nothing: then the rank correlation over the concepts of the class is taken.
Cost: no evaluation of the model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import rankdata

from xai.vocabulary import Floats, Integers, Json

if TYPE_CHECKING:
    from xai.methods.concepts.annotated import Unit
    from xai.methods.concepts.words import ConceptProblem

CONCEPTS_LEAST = 3
"""Concepts that a rank correlation needs."""
CLASSES_LEAST = 2
ABSENT = 1e-6
"""Share of its largest mean amount below which a concept does not occur in a class."""


def agreement(
    problem: ConceptProblem, unit: Unit, matched: Integers, present: Floats
) -> dict[str, Json] | None:
    """Return the measure with its form; None where too few concepts or classes allow it.

    Returns
    -------
    dict
        form "cosine" (one dictionary for several classes): `gradient`, `amount`, `product` are the
        cosines for the weight, for the mean coefficient over images predicted rightly, and for
        the product of both; `chance` is the mean product cosine with every other annotation.
        form "rank" (one class): `value`, Spearman's correlation over the matched concepts.
    """
    kept = np.flatnonzero(matched >= 0)
    if unit.target:
        return _of_one(unit.values[:, kept], present[:, matched[kept]])
    return _of_several(problem, unit, kept, present[:, matched[kept]])


def _of_one(values: Floats, there: Floats) -> dict[str, Json] | None:
    if values.shape[1] < CONCEPTS_LEAST or np.isnan(there).all(axis=0).any():
        return None
    shares = np.nanmean(there, axis=0)
    found = _correlation(rankdata(values.mean(axis=0)), rankdata(shares))
    if np.isnan(found):
        return None
    return {"form": "rank", "value": found, "concepts": int(values.shape[1])}


def _of_several(
    problem: ConceptProblem, unit: Unit, kept: Integers, there: Floats
) -> dict[str, Json] | None:
    classes = np.unique(unit.kinds)
    known = np.isfinite(there).all(axis=1)
    if len(classes) < CLASSES_LEAST or not len(kept) or not known.any():
        return None
    right = _right(problem, unit)
    columns = {name: np.full((len(kept), len(classes)), np.nan)
               for name in ("gradient", "amount", "product", "share")}  # fmt: skip
    most = unit.amounts[:, kept].mean(axis=0)
    for k, kind in enumerate(classes):
        mine = unit.kinds == kind
        amount, value = unit.amounts[mine][:, kept], unit.values[mine][:, kept]
        occurs = np.abs(amount.mean(axis=0)) > ABSENT * np.abs(most)
        weight = np.divide(value.sum(axis=0), amount.sum(axis=0),
                           out=np.full(len(kept), np.nan), where=occurs)  # fmt: skip
        sure = mine & right if (mine & right).any() else mine
        columns["gradient"][:, k] = weight
        columns["amount"][:, k] = unit.amounts[sure][:, kept].mean(axis=0)
        columns["product"][:, k] = weight * columns["amount"][:, k]
        if (mine & known).any():
            columns["share"][:, k] = there[mine & known].mean(axis=0)
    shares = columns.pop("share")
    found: dict[str, Json] = {
        name: _plain([_cosine(a, b) for a, b in zip(column, shares, strict=True)])
        for name, column in columns.items()
    }
    others = [_cosine(columns["product"][i], shares[j])
              for i in range(len(kept)) for j in range(len(kept)) if i != j]  # fmt: skip
    return {
        "form": "cosine", **found, "chance": _plain(others), "concepts": len(kept),
        "classes": len(classes),
    }  # fmt: skip


def _right(problem: ConceptProblem, unit: Unit) -> np.ndarray:
    """Return which images are predicted rightly; all where no truth is known."""
    if problem.labels is None:
        return np.ones(len(unit.images), dtype=bool)
    return np.asarray(problem.labels[unit.images] == problem.predicted[unit.images])


def _cosine(a: Floats, b: Floats) -> float:
    both = np.isfinite(a) & np.isfinite(b)
    size = float(np.linalg.norm(a[both]) * np.linalg.norm(b[both]))
    return float(a[both] @ b[both]) / size if both.sum() >= CLASSES_LEAST and size > 0 else np.nan


def _correlation(a: Floats, b: Floats) -> float:
    a, b = a - a.mean(), b - b.mean()
    size = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b) / size if size > 0 else float("nan")


def _plain(numbers: list[float]) -> float | None:
    known = [one for one in numbers if np.isfinite(one)]
    return float(np.mean(known)) if known else None
