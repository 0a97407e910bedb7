"""What an XGBoost file (`.json` or `.ubj`) holds, read and checked without XGBoost.

An XGBoost tree can point at itself, and its reader trusts every index: checked here, both formats
alike, before the library sees the file.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from xai.assets import ubjson
from xai.assets.safety import (
    check_range,
    check_starts,
    check_tree,
    damaged,
    read_json,
    whole_numbers,
)
from xai.errors import RefusedFile

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_FEATURES = 100_000
MOST_CLASSES = 10_000
PER_NODE = ("split_indices", "split_conditions", "default_left", "split_type", "sum_hessian",
    "loss_changes", "parents")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Contents:
    """The facts of a checked file."""

    booster: str
    objective: str
    features: int
    names: tuple[str, ...]
    kinds: tuple[str, ...]
    classes: int
    targets: int
    trees: int
    depth: int
    has_vector_leaves: bool
    best_round: int | None


def read(data: bytes) -> Contents:
    """Return the facts of an XGBoost file.

    Raises
    ------
    RefusedFile
        If the file is cut short, or its trees point outside themselves or in circles.
    """
    text = data.lstrip()
    is_json = text.startswith(b"{") and text[1:2] not in b"LUiIl#"
    whole = read_json(data) if is_json else ubjson.decode(data)
    try:
        return _contents(whole["learner"])
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError):
        raise RefusedFile(
            "This is not an XGBoost model that can be read: a part of it is absent or of the "
            "wrong kind. Save it with XGBoost 1.7 or newer: booster.save_model('model.json')."
        ) from None


def _contents(learner: Mapping[str, Any]) -> Contents:
    param = learner["learner_model_param"]
    features = _bounded(param["num_feature"], MOST_FEATURES, "features")
    classes = _bounded(param["num_class"], MOST_CLASSES, "classes")
    targets = _bounded(param.get("num_target", "1"), MOST_CLASSES, "targets")
    names = tuple(str(name) for name in learner.get("feature_names", ()))
    kinds = tuple(str(kind) for kind in learner.get("feature_types", ()))
    if len(names) not in {0, features} or len(kinds) not in {0, features}:
        raise damaged(f"it names {len(names)} features and uses {features}")
    booster = learner["gradient_booster"]
    name = str(booster["name"])
    groups = max(classes, targets, 1)
    if name == "gblinear":
        _check_linear(booster["model"], (features + 1) * groups)
        depths: list[int] = []
        is_vector = False
    else:
        model = booster["gbtree"]["model"] if name == "dart" else booster["model"]
        depths, is_vector = _check_trees(model, features, groups)
        if name == "dart" and len(booster["weight_drop"]) != len(depths):
            raise damaged("the weights of the trees do not match the trees")
    return Contents(
        booster=name,
        objective=str(learner["objective"]["name"]),
        features=features,
        names=names,
        kinds=kinds,
        classes=classes,
        targets=targets,
        trees=len(depths),
        depth=max(depths, default=0),
        has_vector_leaves=is_vector,
        best_round=_best_round(learner.get("attributes", {})),
    )


def _bounded(value: Any, most: int, what: str) -> int:
    number = int(value)
    if not 0 <= number <= most:
        raise damaged(f"it counts {number} {what}; at most {most:,} are read")
    return number


def _best_round(attributes: Mapping[str, Any]) -> int | None:
    """Return the round that scikit-learn's wrapper stops at; a bare Booster uses all rounds."""
    if "scikit_learn" in attributes and "best_iteration" in attributes:
        return max(0, int(attributes["best_iteration"]))
    return None


def _check_linear(model: Mapping[str, Any], size: int) -> None:
    if len(model["weights"]) != size:
        raise damaged(f"it holds {len(model['weights'])} weights where {size} belong")


def _check_trees(model: Mapping[str, Any], features: int, groups: int) -> tuple[list[int], bool]:
    """Check every tree; return the depths, and whether a leaf holds a vector."""
    trees = model["trees"]
    if int(model["gbtree_model_param"]["num_trees"]) != len(trees):
        raise damaged("the number of trees is not the one it states")
    info = whole_numbers(model["tree_info"], "tree_info")
    if len(info) != len(trees):
        raise damaged("tree_info does not match the trees")
    check_range(info, groups, "tree_info")
    rounds = whole_numbers(model.get("iteration_indptr", []), "iteration_indptr")
    check_starts(rounds, len(trees), "iteration_indptr")
    _check_categories(model.get("cats", {}), features)
    is_vector = any(int(tree["tree_param"].get("size_leaf_vector", 1)) > 1 for tree in trees)
    return [
        _check_tree(tree, f"tree {number}", features) for number, tree in enumerate(trees)
    ], is_vector


def _check_tree(tree: Mapping[str, Any], what: str, features: int) -> int:
    left = whole_numbers(tree["left_children"], f"left_children of {what}")
    right = whole_numbers(tree["right_children"], f"right_children of {what}")
    depth = check_tree(left, right, what)
    nodes, param = len(left), tree["tree_param"]
    if int(param["num_nodes"]) != nodes or int(param.get("num_feature", features)) > features:
        raise damaged(f"{what} does not have the size it states")
    for name in PER_NODE:
        if name in tree and len(tree[name]) != nodes:
            raise damaged(f"{name} of {what} has {len(tree[name])} entries for {nodes} nodes")
    width = max(1, int(param.get("size_leaf_vector", 1)))
    if width == 1 and len(tree["base_weights"]) != nodes:
        raise damaged(f"base_weights of {what} does not match its nodes")
    if width > 1:
        _check_vectors(tree, int((left < 0).sum()), nodes, width)
    split = whole_numbers(tree["split_indices"], f"split_indices of {what}")
    check_range(split[left >= 0], features, f"split_indices of {what}")
    _check_category_splits(tree, nodes, what)
    return depth


def _check_vectors(tree: Mapping[str, Any], leaves: int, nodes: int, width: int) -> None:
    held = {len(tree["base_weights"]), len(tree.get("leaf_weights", ()))}
    if width > MOST_CLASSES or not held <= {0, nodes, leaves, nodes * width, leaves * width}:
        raise damaged("the leaf vectors of a tree have the wrong size")


def _check_category_splits(tree: Mapping[str, Any], nodes: int, what: str) -> None:
    """Check the lists of categories at the nodes that split by category."""
    at = whole_numbers(tree.get("categories_nodes", []), f"categories_nodes of {what}")
    starts = whole_numbers(tree.get("categories_segments", []), f"categories_segments of {what}")
    sizes = whole_numbers(tree.get("categories_sizes", []), f"categories_sizes of {what}")
    words = whole_numbers(tree.get("categories", []), f"categories of {what}")
    check_range(at, nodes, f"categories_nodes of {what}")
    check_range(words, 2**24, f"categories of {what}")
    kinds = np.asarray(tree.get("split_type", []))
    if not len(at) == len(starts) == len(sizes) or not set(np.flatnonzero(kinds)) <= set(at):
        raise damaged(f"the category splits of {what} do not match")
    if len(at) and (min(starts.min(), sizes.min()) < 0 or (starts + sizes).max() > len(words)):
        raise damaged(f"the category splits of {what} point outside their list")


def _check_categories(named: Mapping[str, Any], features: int) -> None:
    """Check the names of categories: text cut at offsets, one entry per feature."""
    entries = named.get("enc", [])
    if len(entries) not in {0, features}:
        raise damaged("the categories do not match the features")
    for entry in entries:
        if "offsets" in entry:
            offsets = whole_numbers(entry["offsets"], "category offsets")
            check_starts(offsets, len(entry["values"]), "a category name")
    segments = whole_numbers(named.get("feature_segments", []), "feature_segments")
    order = whole_numbers(named.get("sorted_idx", []), "sorted_idx")
    check_starts(segments, len(order), "feature_segments")
    for start, stop in pairwise(segments.tolist()):
        check_range(order[start:stop], max(1, stop - start), "sorted_idx")
