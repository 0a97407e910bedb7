"""Support vector machines with a Gaussian kernel, by one matrix product per block of rows.

libsvm takes one distance after another. ‖x − s‖² = ‖x‖² + ‖s‖² − 2·x·s makes all of a block a
matrix product, several times faster. The difference of large numbers costs digits, so everything
is moved to the middle of the support vectors first, and rows so far away that a kernel value could
be off by more than `SLACK` are left to scikit-learn.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.svm import SVC, SVR, NuSVC, NuSVR
from sklearn.utils.multiclass import _ovr_decision_function

from xai.assets.sklearn_facts import Parts
from xai.vocabulary import Floats

SLACK = 1e-12
"""Largest rounding of γ·‖x − s‖²."""
CELLS = 1 << 18
"""Kernel values at a time: they stay in the processor's cache."""
EPSILON = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, slots=True, eq=False)
class Machine:
    """A fitted machine as arrays.

    Attributes
    ----------
    vectors : array of shape (s, d)
        Support vectors, less `middle`.
    weights : array of shape (s, k)
        One column per decision: 1, or one per pair of classes.
    offsets : array of shape (k,)
    classes : int
        More than 2 where pairs vote on classes; else 0.
    """

    vectors: Floats
    middle: Floats
    weights: Floats
    offsets: Floats
    gamma: float
    classes: int

    def decide(self, rows: Floats) -> tuple[Floats, NDArray[np.bool_]]:
        """Return the decisions, shape (m,) or (m, classes), and which rows they hold for."""
        moved = rows - self.middle
        squares = np.square(moved).sum(axis=1)
        own = np.square(self.vectors).sum(axis=1)
        found = np.empty((len(rows), len(self.offsets)))
        step = max(1, CELLS // max(len(own), 1))
        for start in range(0, len(rows), step):
            part = slice(start, start + step)
            near = moved[part] @ (2 * self.gamma * self.vectors.T)
            near -= self.gamma * own
            near -= self.gamma * squares[part, None]
            np.minimum(near, 0, out=near)
            found[part] = np.exp(near, out=near) @ self.weights
        found += self.offsets
        rounding = 4 * EPSILON * self.gamma * (squares + own.max(initial=0))
        holds = np.isfinite(squares) & (rounding <= SLACK)
        if self.classes:
            return _ovr_decision_function(found < 0, -found, self.classes), holds
        return found[:, 0], holds


def quick(parts: Parts) -> Callable[[Any], Floats] | None:
    """Return a faster way to the answers of a machine's rows; None where there is none."""
    machine = machine_of(parts.last, parts.how)
    if machine is None:
        return None

    def answer(rows: Any) -> Floats:
        encoded = parts.encoded(rows)
        found, holds = machine.decide(encoded)
        if not holds.all():
            # Missing and infinite numbers are among them: scikit-learn says what is wrong.
            found[~holds] = getattr(parts.last, parts.how)(encoded[~holds])
        return found

    return answer


def machine_of(last: Any, how: str) -> Machine | None:
    """Return the machine behind a fitted estimator's answer; None where it is no such machine."""
    wanted = {SVC: "decision_function", NuSVC: "decision_function", SVR: "predict"}
    if how != (wanted | {NuSVR: "predict"}).get(type(last)):
        return None
    if last.kernel != "rbf" or getattr(last, "_sparse", True):
        return None
    count = len(getattr(last, "classes_", ()))
    if count > 2 and last.decision_function_shape != "ovr":
        return None
    vectors = np.asarray(last.support_vectors_, dtype=np.float64)
    middle = vectors.mean(axis=0) if len(vectors) else np.zeros(vectors.shape[1])
    return Machine(
        vectors=vectors - middle,
        middle=middle,
        weights=_pairs(last, count) if count > 2 else np.asarray(last.dual_coef_).T,
        offsets=np.atleast_1d(last.intercept_).astype(np.float64),
        gamma=float(last._gamma),  # noqa: SLF001 - "scale" as a number is nowhere public
        classes=count if count > 2 else 0,
    )


def _pairs(last: Any, classes: int) -> Floats:
    """Return the weights of every pair of classes; a vector takes part in those of its own."""
    of = np.repeat(np.arange(classes), last.n_support_)
    found, pair = np.zeros((len(of), classes * (classes - 1) // 2)), 0
    for i in range(classes):
        for j in range(i + 1, classes):
            # Of a vector's class, the row of the other class: its own is left out of the count.
            found[of == i, pair] = last.dual_coef_[j - 1, of == i]
            found[of == j, pair] = last.dual_coef_[i, of == j]
            pair += 1
    return found
