"""A fitted scikit-learn model taken apart, and what there is to say about it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse
from sklearn import ensemble
from sklearn.base import is_classifier, is_regressor
from sklearn.linear_model._base import LinearClassifierMixin
from sklearn.pipeline import Pipeline

from xai.assets import sklearn_trees
from xai.assets.model import ModelFacts
from xai.errors import RefusedFile

if TYPE_CHECKING:
    from xai.assets.sklearn_inputs import Inputs
    from xai.vocabulary import Floats, OutputUnit

MARGINS = (
    LinearClassifierMixin,
    ensemble.GradientBoostingClassifier,
    ensemble.HistGradientBoostingClassifier,
)


@dataclass(frozen=True, slots=True)
class Parts:
    """A fitted model, taken apart.

    Attributes
    ----------
    before : Pipeline or None
        The steps before the last.
    how : "decision_function", "predict_proba" or "predict"
        The call that gives the explained output.
    """

    whole: Any
    before: Any | None
    last: Any
    how: str

    def encoded(self, rows: Any) -> Floats:
        """Return the rows behind the preprocessing, as the last step sees them."""
        found = rows if self.before is None else self.before.transform(rows)
        found = found.toarray() if scipy.sparse.issparse(found) else found
        return np.asarray(found, dtype=np.float64)


def taken_apart(estimator: Any) -> Parts:
    """Return the parts of a fitted estimator or pipeline.

    Raises
    ------
    RefusedFile
        If it is neither a classifier nor a regressor, or has nothing to explain.
    """
    whole = getattr(estimator, "best_estimator_", estimator)
    steps: list[tuple[str, Any]] = []
    last = whole
    while isinstance(last, Pipeline):
        steps += last.steps[:-1]
        last = last.steps[-1][1]
    if not (is_classifier(whole) or is_regressor(whole)) or not hasattr(whole, "predict"):
        raise RefusedFile(
            f"This file holds a {type(last).__name__}, which is neither a classifier nor a "
            "regressor; only those are explained."
        )
    if is_classifier(whole) and isinstance(whole.classes_, list):
        raise RefusedFile("This classifier has several targets; train one model per target.")
    if hasattr(last, "decision_function_shape"):
        last.decision_function_shape = "ovr"
    before = Pipeline([(str(i), step) for i, (_, step) in enumerate(steps)]) if steps else None
    return Parts(whole, before, last, _how(whole, last))


def _how(whole: Any, last: Any) -> str:
    if not is_classifier(whole):
        return "predict"
    if hasattr(whole, "predict_proba") and not isinstance(last, MARGINS):
        return "predict_proba"
    if hasattr(whole, "decision_function"):
        return "decision_function"
    raise RefusedFile(
        f"{type(last).__name__} gives labels only, without a margin or a probability to explain."
    )


def facts_of(parts: Parts, inputs: Inputs, form: str) -> ModelFacts:
    """Return the facts, all but the capabilities and the notes."""
    units: dict[str, OutputUnit] = {
        "decision_function": "margin",
        "predict_proba": "probability",
        "predict": "value",
    }
    is_class = parts.how != "predict"
    trees, _ = sklearn_trees.count_and_depth(parts.last)
    return ModelFacts(
        format=form,
        architecture=_architecture(parts),
        problem="classification" if is_class else "regression",
        features=inputs.features,
        has_names=inputs.has_names,
        outputs=tuple(_word(c) for c in parts.whole.classes_) if is_class else ("value",),
        output=units[parts.how],
        parameters=_parameters(parts.last),
        trees=trees or None,
    )


def _architecture(parts: Parts) -> str:
    trees, depth = sklearn_trees.count_and_depth(parts.last)
    size = f", {trees} tree{'s' * (trees > 1)}, depth {depth}" if trees else ""
    steps = [] if parts.before is None else [step for _, step in parts.before.steps]
    after = f", after {', '.join(_named(step) for step in steps)}" if steps else ""
    return f"scikit-learn {_named(parts.last)}{size}{after}"


def _named(step: Any) -> str:
    """Return the class name in words: "random forest classifier"."""
    name = step if isinstance(step, str) else type(step).__name__
    words = re.findall(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z0-9]+|[A-Z]+", name)
    return " ".join(word if word.isupper() else word.lower() for word in words)


def _word(label: Any) -> str:
    plain = label.item() if isinstance(label, np.generic) else label
    return str(int(plain)) if isinstance(plain, float) and plain.is_integer() else str(plain)


def _parameters(last: Any) -> int | None:
    if hasattr(last, "coefs_"):
        return int(sum(part.size for part in [*last.coefs_, *last.intercepts_]))
    if hasattr(last, "coef_") and hasattr(last, "intercept_"):
        return int(np.size(last.coef_) + np.size(last.intercept_))
    return None
