"""Exact contributions of scikit-learn's trees: shap's tree explainer on arrays we hand it.

The trees are handed over as plain arrays, with the side that missing values take, so that forests,
gradient boosting with any number of classes and histogram gradient boosting all go the same way.
shap is imported at the first use: it is slow to import.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn import ensemble, tree
from sklearn.dummy import DummyClassifier, DummyRegressor

from xai.trees import Trees, join

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xai.vocabulary import Floats

PACE = 2.0
"""Nanoseconds of shap's algorithm per leaf and squared depth, measured."""
FORESTS = (
    ensemble.RandomForestClassifier,
    ensemble.RandomForestRegressor,
    ensemble.ExtraTreesClassifier,
    ensemble.ExtraTreesRegressor,
)
TREES = (tree.DecisionTreeClassifier, tree.DecisionTreeRegressor)
BOOSTED = (ensemble.GradientBoostingClassifier, ensemble.GradientBoostingRegressor)
HISTOGRAMS = (ensemble.HistGradientBoostingClassifier, ensemble.HistGradientBoostingRegressor)
IDENTITY_LOSSES = {"squared_error", "absolute_error", "quantile"}


@dataclass(frozen=True)
class Forest:
    """The trees of a model as arrays; the model's output is their sum plus `offset`.

    Attributes
    ----------
    trees : list of dict
        As `shap.TreeExplainer` takes them; "values" has shape (nodes, k).
    offset : array of shape (k,)
    is_single : bool
        The model compares in single precision.
    columns : int
        How many columns a row has.
    """

    trees: list[dict[str, Any]]
    offset: Floats
    is_single: bool
    columns: int

    @cached_property
    def _explainer(self) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the plotting libraries that shap imports
            import shap  # noqa: PLC0415 - takes seconds, and most runs do not need it

        return shap.TreeExplainer(
            {"trees": self.trees, "input_dtype": np.float64},
            feature_perturbation="tree_path_dependent",
        )

    @cached_property
    def outputs(self) -> tuple[Trees, ...]:
        """The trees of every output as plain arrays."""
        width = self.trees[0]["values"].shape[1]
        offset = np.broadcast_to(self.offset, width)
        return tuple(
            join(
                [_plain(tree, output) for tree in self.trees if tree["values"][:, output].any()]
                or [_plain(self.trees[0], output)],
                float(offset[output]),
                zero_is_missing=np.zeros(self.columns, dtype=bool),
                is_single=self.is_single,
            )
            for output in range(width)
        )

    def explain(self, rows: Floats) -> tuple[Floats, Floats]:
        """Return the contributions, shape (m, columns, k), and the base, shape (k,)."""
        exact = rows.astype(np.float32).astype(np.float64) if self.is_single else rows
        found = np.asarray(self._explainer.shap_values(exact, check_additivity=False))
        if found.ndim == 2:
            found = found[:, :, None]
        base = np.atleast_1d(np.asarray(self._explainer.expected_value, dtype=np.float64))
        return found, base + self.offset


def forest_of(model: Any) -> Forest | None:
    """Return the trees behind a model; None where its output is not a sum of plain trees."""
    columns = getattr(model, "n_features_in_", 0)
    if isinstance(model, TREES):
        return Forest(
            [_arrays(model.tree_, _leaves(model.tree_, model))], np.zeros(1), True, columns
        )
    if isinstance(model, FORESTS):
        share = 1 / len(model.estimators_)
        trees = [
            _arrays(part.tree_, _leaves(part.tree_, model) * share) for part in model.estimators_
        ]
        return Forest(trees, np.zeros(1), True, columns)
    if isinstance(model, BOOSTED):
        return _boosted(model)
    if isinstance(model, HISTOGRAMS):
        return _histograms(model)
    return None


def count_and_depth(model: Any) -> tuple[int, int]:
    """Return how many trees there are and the depth of the deepest; zeros for other models."""
    if isinstance(model, TREES):
        return 1, int(model.tree_.max_depth)
    if isinstance(model, HISTOGRAMS):
        parts = [part for stage in model._predictors for part in stage]  # noqa: SLF001
        return len(parts), max((int(part.nodes["depth"].max()) for part in parts), default=0)
    parts = [part for part in np.ravel(getattr(model, "estimators_", [])) if hasattr(part, "tree_")]
    return len(parts), max((int(part.tree_.max_depth) for part in parts), default=0)


def split_counts(model: Any, columns: int) -> Floats | None:
    """Return how often each encoded column is split on; None for models without trees."""
    forest = forest_of(model)
    if forest is None:
        return None
    total = np.zeros(columns)
    for part in forest.trees:
        used = part["features"][part["children_left"] >= 0]
        total += np.bincount(used, minlength=columns)
    return total


def gains(model: Any, columns: int) -> Floats | None:
    """Return the total gain per column of histogram gradient boosting; None for others."""
    if not isinstance(model, HISTOGRAMS):
        return None
    total = np.zeros(columns)
    for stage in model._predictors:  # noqa: SLF001 - no public way
        for part in stage:
            inner = part.nodes[part.nodes["is_leaf"] == 0]
            np.add.at(total, inner["feature_idx"], inner["gain"])
    return total


def _plain(tree: dict[str, Any], output: int) -> dict[str, Any]:
    left = tree["children_left"]
    return {
        "left": left,
        "right": tree["children_right"],
        "column": np.maximum(tree["features"], 0),
        "cut": tree["thresholds"],
        "missing_left": tree["children_default"] == left,
        "cover": tree["node_sample_weight"],
        "value": np.where(left < 0, tree["values"][:, output], 0.0),
    }


def _leaves(nodes: Any, model: Any) -> Floats:
    """Return the value of every node: class shares, or the mean of a regression."""
    values: Floats = nodes.value[:, 0, :].astype(np.float64)
    if hasattr(model, "classes_"):
        values = values / np.maximum(values.sum(axis=1, keepdims=True), 1e-300)
    return values


def _arrays(nodes: Any, values: Floats) -> dict[str, Any]:
    left, right = nodes.children_left, nodes.children_right
    goes_left = getattr(nodes, "missing_go_to_left", np.zeros(len(left)))
    return _tree(
        (left, right, np.where(goes_left, left, right)),
        (nodes.feature, nodes.threshold),
        values,
        nodes.weighted_n_node_samples,
    )


def _tree(
    children: tuple[Any, Any, Any], split: tuple[Any, Any], values: Floats, weight: Any
) -> dict[str, Any]:
    names = ("children_left", "children_right", "children_default")
    whole: dict[str, NDArray[np.int32]] = {
        name: np.asarray(side, dtype=np.int32) for name, side in zip(names, children, strict=True)
    }
    return {
        **whole,
        "features": np.asarray(split[0], dtype=np.int32),
        "thresholds": np.asarray(split[1], dtype=np.float64),
        "values": np.ascontiguousarray(values),
        "node_sample_weight": np.asarray(weight, dtype=np.float64),
    }


def _boosted(model: Any) -> Forest | None:
    if model.init_ != "zero" and not isinstance(model.init_, (DummyClassifier, DummyRegressor)):
        return None
    columns = model.estimators_.shape[1]
    row = np.zeros((1, model.n_features_in_), dtype=np.float32)
    offset = np.asarray(model._raw_predict_init(row), dtype=np.float64)[0]  # noqa: SLF001
    trees = [
        _arrays(part.tree_, _placed(part.tree_.value[:, 0, 0] * model.learning_rate, k, columns))
        for stage in model.estimators_
        for k, part in enumerate(stage)
    ]
    return Forest(trees, offset, True, model.n_features_in_)


def _histograms(model: Any) -> Forest | None:
    loss = getattr(model, "loss", "log_loss")
    if not hasattr(model, "classes_") and loss not in IDENTITY_LOSSES:
        return None
    stages = model._predictors  # noqa: SLF001 - no public way
    if any(part.nodes["is_categorical"].any() for stage in stages for part in stage):
        return None
    if getattr(model, "_preprocessor", None) is not None:
        return None
    offset = np.asarray(model._baseline_prediction, dtype=np.float64).ravel()  # noqa: SLF001
    trees = [
        _histogram_tree(part.nodes, k, len(stage))
        for stage in stages
        for k, part in enumerate(stage)
    ]
    return Forest(trees, offset, False, model.n_features_in_)


def _histogram_tree(nodes: Any, output: int, outputs: int) -> dict[str, Any]:
    is_leaf = nodes["is_leaf"].astype(bool)
    left = np.where(is_leaf, -1, nodes["left"].astype(np.int64))
    right = np.where(is_leaf, -1, nodes["right"].astype(np.int64))
    return _tree(
        (left, right, np.where(nodes["missing_go_to_left"], left, right)),
        (np.where(is_leaf, -2, nodes["feature_idx"]), nodes["num_threshold"]),
        _placed(nodes["value"].astype(np.float64), output, outputs),
        nodes["count"],
    )


def _placed(values: Floats, output: int, outputs: int) -> Floats:
    """Return `values` as the column of one output; the tree adds nothing to the others."""
    wide = np.zeros((len(values), outputs))
    wide[:, output] = values
    return wide
