"""LightGBM models, `.txt`: margins, and LightGBM's own exact tree Shapley values."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import lightgbm
import numpy as np

from xai.assets import lightgbm_file, lightgbm_trees, margins
from xai.assets.encoding import Encoding, encode
from xai.assets.model import Feature, ModelFacts
from xai.errors import NotApplicable, RefusedFile
from xai.trees import Ensemble, Trees, boosted
from xai.vocabulary import Contributions, Floats, Importance, Integers

if TYPE_CHECKING:
    from pathlib import Path

    from xai.assets.lightgbm_file import Contents
    from xai.assets.table import Column
    from xai.vocabulary import OutputUnit

ALGORITHM = "LightGBM's own path-dependent tree Shapley values"
PACE = 2.5
"""Nanoseconds of it per leaf and squared depth, measured."""
LINKED = {
    "poisson": "logarithm of the predicted count",
    "gamma": "logarithm of the prediction",
    "tweedie": "logarithm of the prediction",
    "cross_entropy": "log-odds of the predicted share",
    "cross_entropy_lambda": "raw score behind the predicted intensity",
    "regression sqrt": "signed square root of the prediction",
}
PROBES = 6


def load(path: Path, form: str) -> LightGBMModel:
    """Read a LightGBM text model.

    Raises
    ------
    RefusedFile
        If the file is damaged.
    """
    contents = lightgbm_file.read(path.read_bytes())
    try:
        booster = lightgbm.Booster(model_str=contents.text)
    except (lightgbm.basic.LightGBMError, ValueError) as error:
        raise RefusedFile(f"LightGBM cannot read this file: {str(error)[:200]}") from None
    return LightGBMModel(booster, contents, form)


class LightGBMModel:
    """A loaded booster and what its file says."""

    def __init__(self, booster: Any, contents: Contents, form: str) -> None:
        self.booster = booster
        self.contents = contents
        self.scale = _scale(contents)
        self.facts = _facts(contents, form, [], has_trees=True)
        reason = self._reason_against_trees()
        if reason:
            self.facts = _facts(contents, form, [reason], has_trees=False)

    def bind(self, columns: tuple[Column, ...]) -> BoundLightGBM:
        """Return the model for rows of these columns."""
        return BoundLightGBM(self, encode(self.facts.features, columns))

    @cached_property
    def trees(self) -> tuple[Trees, ...] | None:
        """The trees of every output as plain arrays; None where LightGBM alone understands them."""
        if "trees" not in self.facts.capabilities:
            return None
        return lightgbm_trees.trees_of(self.contents, self.scale)

    def _reason_against_trees(self) -> str:
        """Return why exact contributions are not offered, "" if they are."""
        if self.contents.is_linear:
            return "Its trees have linear leaves: LightGBM has no exact contributions for them."
        draw = np.random.default_rng(0)
        width = len(self.contents.names)
        rows = draw.normal(size=(PROBES, width)) * 10.0 ** draw.integers(0, 5, (PROBES, 1))
        for position, words in enumerate(self.contents.categories):
            if words is not None:
                rows[:, position] = draw.integers(0, max(1, len(words)), PROBES)
        targets = np.arange(PROBES, dtype=np.int64) % len(self.facts.outputs)
        try:
            BoundLightGBM(self, Encoding()).contributions(rows, targets)
        except NotApplicable:
            return "LightGBM's own contributions do not add up to this model's output; not offered."
        return ""


class BoundLightGBM:
    """A booster that knows the columns it will see."""

    def __init__(self, model: LightGBMModel, encoding: Encoding) -> None:
        self._model = model
        self._booster = model.booster
        self._width = model.contents.outputs
        self._scale = model.scale
        self._facts = model.facts
        self._encoding = encoding
        self.notes = encoding.notes

    def outputs(self, matrix: Floats) -> Floats:
        """Return the margins, or the values of a regression, shape (m, k)."""
        margin = self._margins(self._encoding.apply(matrix))
        if self._width == 1 and self._facts.problem == "classification":
            return margins.both_sides(margin[:, 0])
        return margin

    def probabilities(self, matrix: Floats) -> Floats | None:
        """Return LightGBM's probabilities, shape (m, k); None where it has none."""
        if "probability" not in self._facts.capabilities:
            return None
        shares = self._predict(self._encoding.apply(matrix))
        return np.column_stack([1 - shares, shares]) if shares.shape[1] == 1 else shares

    def values(self, matrix: Floats) -> Floats | None:
        """Return the predictions of a regression in the units of its label, shape (m,)."""
        if self._facts.problem == "classification":
            return None
        return self._predict(self._encoding.apply(matrix))[:, 0]

    def contributions(self, matrix: Floats, targets: Integers) -> Contributions:
        """Return LightGBM's exact contributions to the margin of each row's target."""
        rows = self._encoding.apply(matrix)
        shares = self._scale * self._predict(rows, pred_contrib=True)
        shares = shares.reshape(len(rows), self._width, -1)
        margin = self._margins(rows)
        if self._width == 1:
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
        library, encode = (ALGORITHM, PACE), self._encoding.apply
        return boosted(self._model.trees, encode, library, is_classifier=is_classifier)

    def builtin(self, reference: Floats) -> tuple[Importance, ...]:  # noqa: ARG002 - the protocol
        """Return LightGBM's gain and split count."""
        names = tuple(feature.name for feature in self._facts.features)
        gain = np.asarray(self._booster.feature_importance("gain"), dtype=np.float64)
        splits = np.asarray(self._booster.feature_importance("split"), dtype=np.float64)
        return (
            Importance(names, gain, "total loss reduction", variant="gain"),
            Importance(names, splits, "splits", variant="split count"),
        )

    def _margins(self, rows: Floats) -> Floats:
        margin: Floats = self._scale * self._predict(rows, raw_score=True)
        return margin

    def _predict(self, rows: Floats, **wanted: bool) -> Floats:
        found = np.asarray(self._booster.predict(rows, **wanted), dtype=np.float64)
        return found.reshape(len(rows), -1)


def _scale(contents: Contents) -> float:
    """Return what turns a raw score into the output.

    The file's `sigmoid`, almost always 1, gives log-odds; a random forest's raw score is the sum
    of its trees, and its output their mean.
    """
    words = contents.objective.split()
    rounds = contents.trees / contents.outputs if contents.is_averaged else 1.0
    if not words or words[0] not in {"binary", "multiclassova"}:
        return 1 / rounds
    return next((float(w[8:]) for w in words if w.startswith("sigmoid:")), 1.0) / rounds


def _facts(contents: Contents, form: str, notes: list[str], *, has_trees: bool) -> ModelFacts:
    objective = contents.objective
    name = objective.split(" ")[0]
    is_classifier = name in {"binary", "multiclass", "multiclassova"} or contents.outputs > 1
    link = LINKED.get(objective.strip(), LINKED.get(name))
    unit: OutputUnit = "margin" if is_classifier or link else "value"
    capabilities = ["builtin", "missing"] + ["trees"] * has_trees
    if is_classifier and name.startswith(("binary", "multiclass")):
        capabilities.append("probability")
    if link:
        notes = [*notes, f"The explained output is the {link} ({objective})."]
    if not name or name == "custom":
        notes = [*notes, "The file names no objective: its raw score is explained."]
    if name in {"lambdarank", "rank_xendcg"}:
        notes = [*notes, f"A ranking model ({name}): its score is explained as a value."]
    classes = max(2, contents.outputs)
    return ModelFacts(
        format=form,
        architecture=_architecture(contents, is_classifier=is_classifier),
        problem="classification" if is_classifier else "regression",
        features=_features(contents),
        has_names=contents.has_names,
        outputs=tuple(str(c) for c in range(classes)) if is_classifier else ("value",),
        output=unit,
        capabilities=tuple(capabilities),
        trees=contents.trees,
        notes=tuple(notes),
    )


def _features(contents: Contents) -> tuple[Feature, ...]:
    return tuple(
        Feature(name) if words is None else Feature(name, "category", words)
        for name, words in zip(contents.names, contents.categories, strict=True)
    )


def _architecture(contents: Contents, *, is_classifier: bool) -> str:
    role = "classifier" if is_classifier else "regressor"
    many = f", {contents.outputs} classes" if contents.outputs > 2 else ""
    plural = "" if contents.trees == 1 else "s"
    return f"LightGBM {role}{many}, {contents.trees} tree{plural}, depth {contents.depth}"
