"""XGBoost models, `.json` and `.ubj`: margins, and XGBoost's own exact tree Shapley values."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import xgboost

from xai.assets import margins, xgboost_file, xgboost_trees
from xai.assets.encoding import Encoding, encode
from xai.assets.model import Feature, ModelFacts
from xai.errors import NotApplicable, RefusedFile
from xai.trees import Ensemble, Trees, boosted
from xai.vocabulary import Contributions, Floats, Importance, Integers

if TYPE_CHECKING:
    from pathlib import Path

    from xai.assets.table import Column
    from xai.assets.xgboost_file import Contents
    from xai.vocabulary import OutputUnit

ALGORITHM = "XGBoost's own path-dependent tree Shapley values"
PACE = 2.0
"""Nanoseconds of it per leaf and squared depth, measured."""
FLOAT32 = float(np.finfo(np.float32).max)
LOGISTIC = {"binary:logistic", "binary:logitraw"}
BINARY = LOGISTIC | {"binary:hinge"}
MANY = {"multi:softmax", "multi:softprob"}
LINKED = {
    "count:poisson": "logarithm of the predicted count",
    "reg:gamma": "logarithm of the prediction",
    "reg:tweedie": "logarithm of the prediction",
    "reg:logistic": "log-odds of the predicted share",
    "survival:cox": "logarithm of the predicted hazard",
    "survival:aft": "logarithm of the predicted time",
}
IMPORTANCES = (("gain", "mean loss reduction per split", "gain"),
    ("weight", "splits", "split count"))  # fmt: skip


def load(path: Path, form: str) -> XGBoostModel:
    """Read an XGBoost model.

    Raises
    ------
    RefusedFile
        If the file is damaged or predicts several values at once.
    """
    data = path.read_bytes()
    contents = xgboost_file.read(data)
    if contents.targets > 1:
        raise RefusedFile(
            f"This XGBoost model predicts {contents.targets} values at once; this version "
            "explains models with one target. Train one model per target."
        )
    xgboost.set_config(verbosity=0)
    booster = xgboost.Booster()
    try:
        booster.load_model(bytearray(data))
    except (xgboost.core.XGBoostError, ValueError, TypeError) as error:
        raise RefusedFile(f"XGBoost cannot read this file: {_first_line(error)}") from None
    notes = []
    rounds, best = booster.num_boosted_rounds(), contents.best_round
    if best is not None and best + 1 < rounds and contents.trees:
        booster = booster[: best + 1]
        contents = replace(contents, trees=contents.trees // rounds * (best + 1))
        notes.append(
            f"Training stopped early: the first {best + 1} rounds are used, as scikit-learn's "
            "wrapper does."
        )
    return XGBoostModel(booster, contents, form, notes)


class XGBoostModel:
    """A loaded booster and what its file says."""

    def __init__(self, booster: Any, contents: Contents, form: str, notes: list[str]) -> None:
        self.booster = booster
        self.contents = contents
        self.facts = _facts(booster, contents, form, notes)
        if "trees" in self.facts.capabilities and not self._adds_up():
            self.facts = _without_trees(self.facts)

    def bind(self, columns: tuple[Column, ...]) -> BoundXGBoost:
        """Return the model for rows of these columns."""
        return BoundXGBoost(self, encode(self.facts.features, columns))

    @cached_property
    def trees(self) -> tuple[Trees, ...] | None:
        """The trees of every output as plain arrays; None where XGBoost alone understands them."""
        if "trees" not in self.facts.capabilities:
            return None
        alone = BoundXGBoost(self, Encoding())
        return xgboost_trees.trees_of(self.booster, alone.margins, self.contents.features)

    def _adds_up(self) -> bool:
        """Try the contributions on a few invented rows."""
        draw = np.random.default_rng(0)
        rows = draw.normal(size=(6, self.contents.features)) * 10.0 ** draw.integers(0, 5, (6, 1))
        for position, feature in enumerate(self.facts.features):
            if feature.kind == "category":
                rows[:, position] = draw.integers(0, max(1, len(feature.categories)), 6)
        bound = BoundXGBoost(self, Encoding())
        targets = np.arange(6, dtype=np.int64) % len(self.facts.outputs)
        try:
            bound.contributions(rows, targets)
        except NotApplicable:
            return False
        return True


class BoundXGBoost:
    """A booster that knows the columns it will see."""

    def __init__(self, model: XGBoostModel, encoding: Encoding) -> None:
        self._model = model
        self._booster = model.booster
        self._contents = model.contents
        self._facts = model.facts
        self._encoding = encoding
        self.notes = encoding.notes

    def outputs(self, matrix: Floats) -> Floats:
        """Return the margins, or the values of a regression, shape (m, k)."""
        margin = self._margins(self._encoded(matrix))
        if margin.shape[1] == 1 and self._facts.problem == "classification":
            return margins.both_sides(margin[:, 0])
        return margin

    def probabilities(self, matrix: Floats) -> Floats | None:
        """Return the probabilities, shape (m, k); None for regressions and hinge loss."""
        if "probability" not in self._facts.capabilities:
            return None
        margin = self._margins(self._encoded(matrix))
        if margin.shape[1] > 1:
            return margins.softmax(margin)
        share = margins.sigmoid(margin[:, 0])
        return np.column_stack([1 - share, share])

    def values(self, matrix: Floats) -> Floats | None:
        """Return the predictions of a regression in the units of its label, shape (m,)."""
        if self._facts.problem == "classification":
            return None
        return self._predict(self._encoded(matrix), "value")[:, 0]

    def contributions(self, matrix: Floats, targets: Integers) -> Contributions:
        """Return XGBoost's exact contributions to the margin of each row's target."""
        rows = self._encoded(matrix)
        shares = np.asarray(
            self._booster.predict(self._table(rows), pred_contribs=True, strict_shape=True),
            dtype=np.float64,
        )
        margin = self._margins(rows)
        if shares.shape[1] == 1:
            picked, output = shares[:, 0], margin[:, 0]
            if self._facts.problem == "classification":
                sign = np.where(targets == 1, 1.0, -1.0)
                picked, output = picked * sign[:, None], output * sign
        else:
            picked, output = margins.chosen(shares, targets), margins.chosen(margin, targets)
        found = Contributions(picked[:, :-1], picked[:, -1], ALGORITHM)
        return margins.checked(output, found)

    def ensemble(self) -> Ensemble | None:
        """Return the trees as plain arrays."""
        is_classifier = self._facts.problem == "classification"
        library = (ALGORITHM, PACE)
        return boosted(self._model.trees, self._encoded, library, is_classifier=is_classifier)

    def builtin(self, reference: Floats) -> tuple[Importance, ...]:
        """Return gain and split count, or the weights of a linear booster times spreads."""
        names = tuple(feature.name for feature in self._facts.features)
        if self._contents.booster == "gblinear":
            return (self._linear(names, reference),)
        return tuple(
            Importance(names, self._scores(kind), unit, variant=variant)
            for kind, unit, variant in IMPORTANCES
        )

    def _scores(self, kind: str) -> Floats:
        known = self._booster.feature_names or [f"f{i}" for i in range(self._contents.features)]
        scores = self._booster.get_score(importance_type=kind)
        return np.array([scores.get(name, 0.0) for name in known], dtype=np.float64)

    def _linear(self, names: tuple[str, ...], reference: Floats) -> Importance:
        known = self._booster.feature_names or [f"f{i}" for i in range(self._contents.features)]
        weights = self._booster.get_score(importance_type="weight")
        sizes = np.array([np.abs(weights.get(name, 0.0)).mean() for name in known])
        spreads = np.nan_to_num(np.nanstd(self._encoded(reference), axis=0))
        return Importance(
            names, sizes * spreads, "margin per standard deviation", variant="coefficient"
        )

    def margins(self, rows: Floats) -> Floats:
        """Return the raw margins, shape (m, outputs), of rows that need no encoding."""
        return self._margins(self._encoded(rows))

    def _encoded(self, matrix: Floats) -> Floats:
        return np.clip(self._encoding.apply(matrix), -FLOAT32, FLOAT32)

    def _margins(self, rows: Floats) -> Floats:
        return self._predict(rows, "margin")

    def _predict(self, rows: Floats, kind: str) -> Floats:
        if self._contents.booster == "gblinear":
            found = self._booster.predict(
                self._table(rows), output_margin=kind == "margin", strict_shape=True
            )
        else:
            found = self._booster.inplace_predict(
                rows, predict_type=kind, validate_features=False, strict_shape=True
            )
        return np.asarray(found, dtype=np.float64).reshape(len(rows), -1)

    def _table(self, rows: Floats) -> Any:
        return xgboost.DMatrix(
            rows,
            feature_names=self._booster.feature_names,
            feature_types=self._booster.feature_types,
            enable_categorical=True,
        )


def _facts(booster: Any, contents: Contents, form: str, notes: list[str]) -> ModelFacts:
    objective = contents.objective
    is_classifier = objective in BINARY | MANY
    classes = max(2, contents.classes) if is_classifier else 1
    unit: OutputUnit = "margin" if is_classifier or objective in LINKED else "value"
    capabilities = ["builtin", "missing"]
    if contents.booster == "gblinear":
        capabilities.remove("missing")
        notes = [*notes, "A linear booster: it has no trees, so no exact tree contributions."]
    elif not contents.has_vector_leaves:
        capabilities.append("trees")
    if objective in LOGISTIC | MANY:
        capabilities.append("probability")
    if objective in LINKED:
        notes = [*notes, f"The explained output is the {LINKED[objective]} ({objective})."]
    if objective.startswith("rank:"):
        notes = [*notes, f"A ranking model ({objective}): its score is explained as a value."]
    return ModelFacts(
        format=form,
        architecture=_architecture(contents, "classifier" if is_classifier else "regressor"),
        problem="classification" if is_classifier else "regression",
        features=_features(booster, contents),
        has_names=bool(contents.names),
        outputs=tuple(str(c) for c in range(classes)) if is_classifier else ("value",),
        output=unit,
        capabilities=tuple(capabilities),
        trees=contents.trees or None,
        notes=tuple(notes),
    )


def _architecture(contents: Contents, role: str) -> str:
    many = f", {contents.classes} classes" if contents.classes > 2 else ""
    if contents.booster == "gblinear":
        return f"XGBoost linear {role}{many}, {contents.features} features"
    kind = "XGBoost dart" if contents.booster == "dart" else "XGBoost"
    plural = "" if contents.trees == 1 else "s"
    return f"{kind} {role}{many}, {contents.trees} tree{plural}, depth {contents.depth}"


def _features(booster: Any, contents: Contents) -> tuple[Feature, ...]:
    words: dict[str, tuple[str, ...]] = {}
    if "c" in contents.kinds:
        stored = booster.get_categories(export_to_arrow=True).to_arrow() or []
        words = {
            name: tuple(str(word) for word in column.to_pylist())
            for name, column in stored
            if column is not None
        }
    names = contents.names or tuple(f"f{i}" for i in range(contents.features))
    kinds = contents.kinds or ("q",) * contents.features
    return tuple(
        Feature(name, "category", words.get(name, ())) if kind == "c" else Feature(name)
        for name, kind in zip(names, kinds, strict=True)
    )


def _without_trees(facts: ModelFacts) -> ModelFacts:
    kept = tuple(name for name in facts.capabilities if name != "trees")
    note = "XGBoost's own contributions do not add up to this model's output; not offered."
    return replace(facts, capabilities=kept, notes=(*facts.notes, note))


def _first_line(error: Exception) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__)[:200]
