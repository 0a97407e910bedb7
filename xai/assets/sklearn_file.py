"""Open a `.skops` file: only types of a fixed list, and only arrays that stay in their bounds."""

from __future__ import annotations

import json
import warnings
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import skops.io
from sklearn.base import BaseEstimator
from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.neighbors import BallTree, KDTree
from sklearn.svm._base import BaseLibSVM
from sklearn.tree._tree import Tree

from xai.assets.safety import check_range, check_tree, check_zip, damaged
from xai.assets.sklearn_trees import HISTOGRAMS
from xai.assets.sklearn_types import ALLOWED, PARTIAL, PARTIAL_OF
from xai.errors import RefusedFile, XaiError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DEEPEST_SCHEMA = 400
LARGEST_SCHEMA = 256 * 1024**2
ATOMS = (str, bytes, int, float, bool, type(None), np.generic)


def read(path: Path) -> tuple[Any, tuple[str, ...], tuple[str, ...]]:
    """Return the estimator, the listed types found in the file, and notes.

    Raises
    ------
    RefusedFile
        If the archive is a bomb, a type is not allowed (the first is named), the versions do not
        meet, or a tree points outside itself.
    """
    check_zip(path)
    schema = _schema(path)
    found = _allowed(path, schema)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            estimator = skops.io.load(path, trusted=list(found))
        except XaiError:
            raise
        except Exception as error:
            raise RefusedFile(
                f"scikit-learn cannot rebuild this model ({_first_line(error)}). It may come from "
                "another version of scikit-learn: save it again with this one."
            ) from None
    for part in walk(estimator):
        check_part(part)
        _quieten(part)
    return estimator, found, _version_notes(caught)


def walk(root: Any) -> Iterator[Any]:
    """Yield every object of an estimator once."""
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        part = waiting.pop()
        if isinstance(part, ATOMS) or id(part) in seen:
            continue
        seen.add(id(part))
        yield part
        waiting.extend(_inside(part))


def check_part(part: Any) -> None:
    """Refuse a tree, a neighbour search or a support vector machine that leaves its arrays."""
    for kind, check in _CHECKS:
        if isinstance(part, kind):
            check(part)
    if isinstance(getattr(part, "tree_", None), Tree):
        _check_width(part.tree_.n_features, part)


def _schema(path: Path) -> Any:
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.getinfo("schema.json").file_size > LARGEST_SCHEMA:
                raise damaged("its schema is too large")
            data = archive.read("schema.json")
    except (KeyError, zipfile.BadZipFile, OSError, EOFError, ValueError, NotImplementedError):
        raise RefusedFile("This zip archive is not a skops file: it has no schema.json.") from None
    try:
        schema = json.loads(data)
    except (ValueError, RecursionError):
        raise damaged("its schema is not valid JSON") from None
    _check_depth(schema)
    return schema


def _check_depth(schema: Any) -> None:
    level, depth = [schema], 0
    while level:
        depth += 1
        if depth > DEEPEST_SCHEMA:
            raise damaged(f"its schema is nested more than {DEEPEST_SCHEMA} levels deep")
        level = [item for outer in level for item in _items(outer)]


def _items(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [item for item in value.values() if isinstance(item, (dict, list))]
    return [item for item in value if isinstance(item, (dict, list))]


def _allowed(path: Path, schema: Any) -> tuple[str, ...]:
    try:
        found = sorted(skops.io.get_untrusted_types(file=path))
    except Exception as error:
        raise RefusedFile(f"This skops file cannot be read ({_first_line(error)}).") from None
    strange = [name for name in found if name not in ALLOWED and name != PARTIAL]
    if not strange and PARTIAL in found and not _is_harmless(schema):
        strange = [PARTIAL]
    if strange:
        more = f" (and {len(strange) - 1} more)" if len(strange) > 1 else ""
        raise RefusedFile(
            f"The skops file holds the type {strange[0]}{more}, which scikit-learn's own models do "
            "not need and which could run code, so nothing of it was loaded. Replace that step by "
            "one of scikit-learn's own and save again."
        )
    return tuple(found)


def _is_harmless(schema: Any) -> bool:
    """Tell whether every partial function of the file is `check_array` with arguments."""
    waiting = [schema]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict) and value.get("__loader__") == "PartialNode":
            func = value["content"]["func"]
            if (func.get("__module__"), func.get("__class__")) != PARTIAL_OF:
                return False
        waiting.extend(_items(value))
    return True


def _inside(part: Any) -> list[Any]:
    if isinstance(part, dict):
        return list(part.values())
    if isinstance(part, (list, tuple, set)):
        return list(part)
    if isinstance(part, np.ndarray):
        return list(part.ravel()) if part.dtype == object else []
    return list(vars(part).values()) if hasattr(part, "__dict__") else []


def _quieten(part: Any) -> None:
    """Let an estimator neither print nor start threads of its own."""
    if isinstance(part, BaseEstimator):
        for name, value in (("n_jobs", None), ("verbose", 0)):
            if name in vars(part):
                setattr(part, name, value)


def _check_tree(tree: Tree) -> None:
    left, right = tree.children_left.astype(np.int64), tree.children_right.astype(np.int64)
    check_tree(left, right, "a decision tree")
    feature = tree.feature.astype(np.int64)[left >= 0]
    check_range(feature, tree.n_features, "the features of a decision tree")
    if len(tree.value) != tree.node_count or len(left) != tree.node_count:
        raise damaged("the values of a decision tree do not match its nodes")


def _check_width(used: int, model: Any) -> None:
    if used != getattr(model, "n_features_in_", used):
        raise damaged(f"a tree uses {used} features and its model {model.n_features_in_}")


def _check_histograms(model: Any) -> None:
    for stage in getattr(model, "_predictors", []):
        for part in stage:
            used = part.nodes["feature_idx"][part.nodes["is_leaf"] == 0].astype(np.int64)
            check_range(used, model.n_features_in_, "feature_idx")


def _check_predictor(part: TreePredictor) -> None:
    nodes = part.nodes
    is_leaf = nodes["is_leaf"].astype(bool)
    left = np.where(is_leaf, -1, nodes["left"].astype(np.int64))
    right = np.where(is_leaf, -1, nodes["right"].astype(np.int64))
    check_tree(left, right, "a tree of histogram gradient boosting")
    by_category = nodes["is_categorical"].astype(bool) & ~is_leaf
    for name in ("binned_left_cat_bitsets", "raw_left_cat_bitsets"):
        sets = getattr(part, name)
        if by_category.any() and (sets.ndim != 2 or sets.shape[1] != 8):
            raise damaged("the category sets of a tree have the wrong shape")
        check_range(nodes["bitset_idx"].astype(np.int64)[by_category], len(sets), "bitset_idx")


def _check_svm(machine: BaseLibSVM) -> None:
    if not hasattr(machine, "support_vectors_"):
        return
    counts = np.asarray(machine._n_support).astype(np.int64)  # noqa: SLF001 - what libsvm reads
    if not hasattr(machine, "classes_"):
        counts = counts[:1]  # of a regression the same number stands there twice
    weights = machine._dual_coef_.shape[1]
    held = {machine.support_vectors_.shape[0], weights, len(machine.support_)}
    if (counts < 0).any() or held != {int(counts.sum())}:
        raise damaged("the support vectors do not match their weights")


def _check_neighbours(part: KDTree | BallTree) -> None:
    data, order, nodes, _ = (np.asarray(array) for array in part.get_arrays())
    check_range(order.astype(np.int64), len(data), "the order of the neighbours")
    for name in ("idx_start", "idx_end"):
        check_range(nodes[name].astype(np.int64), len(data) + 1, f"{name} of the neighbours")


_CHECKS: tuple[tuple[Any, Any], ...] = (
    (Tree, _check_tree),
    (TreePredictor, _check_predictor),
    (BaseLibSVM, _check_svm),
    ((KDTree, BallTree), _check_neighbours),
    (HISTOGRAMS, _check_histograms),
)


def _version_notes(caught: list[warnings.WarningMessage]) -> tuple[str, ...]:
    for item in caught:
        if isinstance(item.message, InconsistentVersionWarning):
            return (
                f"Saved with scikit-learn {item.message.original_sklearn_version}, opened with "
                f"{item.message.current_sklearn_version}: results may differ slightly.",
            )
    return ()


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0][:160]
