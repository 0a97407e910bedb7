"""scikit-learn models from `.skops`: any classifier or regressor, pipelines included."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse
from sklearn.linear_model import LogisticRegression

from xai.assets import margins, sklearn_file, sklearn_kernels, sklearn_trees
from xai.assets.sklearn_facts import Parts, facts_of, taken_apart
from xai.assets.sklearn_inputs import inputs_of
from xai.assets.sklearn_trace import owners
from xai.assets.table import Column
from xai.errors import NotApplicable, RefusedFile, XaiError
from xai.trees import Ensemble
from xai.vocabulary import Contributions, Floats, Importance, Integers

if TYPE_CHECKING:
    from pathlib import Path

    from xai.assets.sklearn_inputs import Renderer

PROBES = 6
ALGORITHM = "path-dependent tree Shapley values of shap"


def load(path: Path, form: str) -> SklearnModel:
    """Read a skops file.

    Raises
    ------
    RefusedFile
        If a type in it is not allowed, or it is neither a classifier nor a regressor of one target.
    """
    estimator, types, notes = sklearn_file.read(path)
    try:
        return SklearnModel(taken_apart(estimator), form, types, notes)
    except (AttributeError, TypeError, KeyError, IndexError) as error:
        raise RefusedFile(
            f"This scikit-learn model cannot be used ({str(error)[:160]}): it was not fitted, or "
            "it comes from another version of scikit-learn. Save it again with this one."
        ) from None


class SklearnModel:
    """A loaded estimator."""

    def __init__(
        self, parts: Parts, form: str, types: tuple[str, ...], notes: tuple[str, ...]
    ) -> None:
        self.parts = parts
        self.inputs = inputs_of(parts.whole)
        self.owners = self._owners()
        self.quick = sklearn_kernels.quick(parts)
        self.forest = sklearn_trees.forest_of(parts.last) if self.owners is not None else None
        self.facts = facts_of(parts, self.inputs, form)
        self._check_width()
        self.facts = replace(
            self.facts, capabilities=self._capabilities(), notes=notes, trusted_types=types
        )

    def bind(self, columns: tuple[Column, ...]) -> BoundSklearn:
        """Return the model for rows of these columns."""
        return BoundSklearn(self, self.inputs.bind(columns))

    def _capabilities(self) -> tuple[str, ...]:
        found = []
        if self.forest is not None:
            found.append("trees")
        if self.owners is not None and (self.forest or hasattr(self.parts.last, "coef_")):
            found.append("builtin")
        if self._accepts_missing():
            found.append("missing")
        if hasattr(self.parts.whole, "predict_proba"):
            found.append("probability")
        return tuple(found)

    def _invented(self, seed: int) -> tuple[tuple[Column, ...], Floats]:
        """Return columns, and rows of plausible values, to try the model on."""
        draw = np.random.default_rng(seed)
        columns = tuple(
            Column(f.name, "category" if f.kind == "category" else "number", f.categories)
            for f in self.inputs.features
        )
        rows = draw.uniform(0.1, 3, (PROBES, len(columns)))
        for position, column in enumerate(columns):
            if column.kind == "category":
                rows[:, position] = draw.integers(0, max(1, len(column.categories)), PROBES)
        return columns, rows

    def _check_width(self) -> None:
        columns, rows = self._invented(0)
        try:
            found = BoundSklearn(self, self.inputs.bind(columns)).outputs(rows)
        except XaiError:
            return
        if found.shape[1] != len(self.facts.outputs):
            raise RefusedFile(
                f"This model gives {found.shape[1]} numbers per row where "
                f"{len(self.facts.outputs)} belong; train one model per target."
            )

    def _accepts_missing(self) -> bool:
        columns, rows = self._invented(0)
        try:
            BoundSklearn(self, self.inputs.bind(columns)).outputs(np.full_like(rows, np.nan))
        except XaiError:
            return False
        return True

    def _owners(self) -> list[int] | None:
        """Return the input column of each encoded one, if structure and a trial agree."""
        width = len(self.inputs.features)
        found = list(range(width))
        if self.parts.before is None:
            return found
        traced = owners(self.parts.before, found)
        if traced is None:
            return None
        return traced if self._is_true(np.array(traced, dtype=np.int64)) else None

    def _is_true(self, traced: Integers) -> bool:
        """Change one input column at a time; only its own encoded columns may move."""
        columns, rows = self._invented(0)
        other = self._invented(1)[1]
        width = len(columns)
        changed = np.repeat(rows[None], width + 1, axis=0)
        for position in range(width):
            changed[position + 1, :, position] = other[:, position]
        renderer = self.inputs.bind(columns)
        try:
            encoded = self.parts.encoded(renderer.render(changed.reshape(-1, width)))
        except (ValueError, TypeError):
            return False
        blocks = encoded.reshape(width + 1, PROBES, -1)
        if blocks.shape[2] != len(traced):
            return False
        moved = (np.abs(blocks[1:] - blocks[0]) > 1e-12).any(axis=1)
        return not (moved & (traced[None, :] != np.arange(width)[:, None])).any()


class BoundSklearn:
    """An estimator that knows the columns it will see."""

    def __init__(self, model: SklearnModel, renderer: Renderer) -> None:
        self._model = model
        self._parts = model.parts
        self._renderer = renderer
        self.notes = renderer.notes

    def outputs(self, matrix: Floats) -> Floats:
        """Return margins, probabilities or values, shape (m, k)."""
        found = self._ask(self._parts.how, matrix)
        if self._parts.how == "decision_function" and found.ndim == 1:
            return margins.both_sides(found)
        return found.reshape(len(matrix), -1)

    def probabilities(self, matrix: Floats) -> Floats | None:
        """Return the probabilities, shape (m, k); None where the model has none."""
        if not hasattr(self._parts.whole, "predict_proba"):
            return None
        return self._ask("predict_proba", matrix)

    def last_layer(self, matrix: Floats) -> Floats | None:
        """Return what a logistic regression reads, shape (m, p); None for any other estimator."""
        if not isinstance(self._parts.last, LogisticRegression):
            return None
        return np.asarray(self._parts.encoded(self._renderer.render(matrix)), dtype=np.float64)

    def values(self, matrix: Floats) -> Floats | None:
        """Return the predictions of a regression, shape (m,)."""
        if self._parts.how != "predict":
            return None
        return self.outputs(matrix)[:, 0]

    def contributions(self, matrix: Floats, targets: Integers) -> Contributions:
        """Return the exact contributions of the trees, summed per input column."""
        model, parts = self._model, self._parts
        if model.forest is None or model.owners is None:
            raise NotApplicable("This model offers no exact contributions.")
        encoded = parts.encoded(self._renderer.render(matrix))
        shares, base = model.forest.explain(encoded)
        outputs = margins.chosen(self.outputs(matrix), targets)
        if shares.shape[2] == 1:
            is_margin = parts.how == "decision_function"
            sign = np.where(targets == 1, 1.0, -1.0) if is_margin else np.ones(len(matrix))
            picked, bases = shares[:, :, 0] * sign[:, None], base[0] * sign
        else:
            picked = margins.chosen(shares.transpose(0, 2, 1), targets)
            bases = base[targets]
        values = picked @ _indicator(model.owners, matrix.shape[1])
        return margins.checked(outputs, Contributions(values, bases, self._algorithm()))

    def ensemble(self) -> Ensemble | None:
        """Return the trees as plain arrays, over encoded columns."""
        model, parts = self._model, self._parts
        if model.forest is None or model.owners is None:
            return None
        return Ensemble(
            outputs=model.forest.outputs,
            encode=lambda rows: parts.encoded(self._renderer.render(rows)),
            owners=np.array(model.owners, dtype=np.int64),
            is_mirrored=len(model.forest.outputs) == 1 and parts.how == "decision_function",
            library=self._algorithm(),
            pace=sklearn_trees.PACE,
        )

    def builtin(self, reference: Floats) -> tuple[Importance, ...]:
        """Return the importances of the trees, or coefficients times spreads."""
        model, last = self._model, self._parts.last
        if model.owners is None:
            raise NotApplicable("This model carries no importances per column.")
        names = tuple(feature.name for feature in self._model.inputs.features)
        gather = _indicator(model.owners, len(names))
        if hasattr(last, "coef_") and model.forest is None:
            return (self._linear(names, gather, reference),)
        width = len(model.owners)
        found = (
            ("impurity", "mean decrease in impurity", getattr(last, "feature_importances_", None)),
            ("gain", "total loss reduction", sklearn_trees.gains(last, width)),
            ("split count", "splits", sklearn_trees.split_counts(last, width)),
        )
        return tuple(
            Importance(names, np.asarray(values, dtype=np.float64) @ gather, unit, variant=variant)
            for variant, unit, values in found
            if values is not None
        )

    def _linear(self, names: tuple[str, ...], gather: Floats, reference: Floats) -> Importance:
        """Spread of what each column adds: |coefficient| × standard deviation, encoded or not."""
        encoded = self._parts.encoded(self._renderer.render(reference))
        weights = self._parts.last.coef_
        dense = weights.toarray() if scipy.sparse.issparse(weights) else np.asarray(weights)
        spreads = [np.nanstd((encoded * row) @ gather, axis=0) for row in np.atleast_2d(dense)]
        unit = f"{self._model.facts.output} per standard deviation"
        return Importance(names, np.mean(spreads, axis=0), unit, variant="coefficient")

    def _algorithm(self) -> str:
        if self._parts.before is None:
            return ALGORITHM
        count = len(self._model.owners or ())
        return f"{ALGORITHM}, computed on {count} encoded columns, summed per column"

    def _ask(self, how: str, matrix: Floats) -> Floats:
        try:
            rows = self._renderer.render(matrix)
            quick = self._model.quick if how == self._parts.how else None
            found = getattr(self._parts.whole, how)(rows) if quick is None else quick(rows)
        except ValueError as error:
            first = (str(error).strip().splitlines() or ["no reason given"])[0][:200]
            raise XaiError(f"scikit-learn cannot predict these rows: {first}") from None
        return np.asarray(found, dtype=np.float64)


def _indicator(traced: list[int], width: int) -> Floats:
    """Return the matrix, shape (encoded, columns), that sums encoded columns per input column."""
    found = np.zeros((len(traced), width))
    found[np.arange(len(traced)), traced] = 1.0
    return found
