"""The trees of a LightGBM model as plain arrays, one `Trees` per class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from xai.trees import NUMBER, Trees, join

if TYPE_CHECKING:
    from xai.assets.lightgbm_file import Contents

BY_CATEGORY, DEFAULT_LEFT = 1, 2
NONE, ZERO_IS_MISSING = 0, 1
"""Kinds of missing values, in bits 2 and 3 of `decision_type`; 2 is NaN."""


def trees_of(contents: Contents, scale: float) -> tuple[Trees, ...] | None:
    """Return the trees of every output; None where they cannot be told as `Trees`.

    Parameters
    ----------
    scale : float
        What turns a raw score into the explained margin.
    """
    if contents.is_linear:
        return None
    blocks = contents.text.partition("\nend of trees")[0].split("\nTree=")[1:]
    whole = [dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        for block in blocks]  # fmt: skip
    zero = _zero_is_missing(whole, len(contents.names))
    if zero is None:
        return None
    found = []
    for output in range(contents.outputs):
        choices: list[np.ndarray] = []
        parts = [_tree(tree, scale, choices) for tree in whole[output :: contents.outputs]]
        if not parts:
            return None
        made = join(parts, 0.0, choices=tuple(choices), zero_is_missing=zero, is_single=False)
        found.append(made)
    return tuple(found)


def _tree(tree: dict[str, str], scale: float, choices: list[np.ndarray]) -> dict[str, Any]:
    splits = int(tree["num_leaves"]) - 1
    value = _numbers(tree, "leaf_value")[: splits + 1] * scale
    if splits == 0:
        leaf = np.full(1, -1)
        return {"left": leaf, "right": leaf, "cover": np.ones(1), "value": value} | _nothing(1)
    kinds = _numbers(tree, "decision_type").astype(int)
    cut, by_category = _numbers(tree, "threshold"), (kinds & BY_CATEGORY) > 0
    default, missing = (kinds & DEFAULT_LEFT) > 0, (kinds >> 2) & 3
    # Without missing values of its own kind a column reads NaN as 0.
    goes = np.where(missing == NONE, cut >= 0, default)
    choice = np.full(splits, NUMBER, np.int32)
    for node in np.flatnonzero(by_category):
        choice[node] = len(choices)
        choices.append(_left_categories(tree, int(cut[node])))
        goes[node] = False
    rest = _nothing(splits + 1)
    inner = {
        "column": np.concatenate([_numbers(tree, "split_feature"), rest["column"]]),
        "cut": np.concatenate([np.where(by_category, 0, cut), rest["cut"]]),
        "missing_left": np.concatenate([goes, rest["missing_left"]]),
        "choice": np.concatenate([choice, rest["choice"]]),
    }
    counts = [_numbers(tree, name) for name in ("internal_count", "leaf_count")]
    return {
        "left": _children(_numbers(tree, "left_child"), splits),
        "right": _children(_numbers(tree, "right_child"), splits),
        "cover": np.concatenate(counts),
        "value": np.concatenate([np.zeros(splits), value]),
        **inner,
    }


def _nothing(leaves: int) -> dict[str, Any]:
    return {
        "column": np.zeros(leaves),
        "cut": np.zeros(leaves),
        "missing_left": np.zeros(leaves, dtype=bool),
        "choice": np.full(leaves, NUMBER, np.int32),
    }


def _children(child: Any, splits: int) -> Any:
    """Return positions where inner nodes come first, then leaves."""
    child = child.astype(np.int64)
    return np.concatenate([np.where(child >= 0, child, splits + ~child), np.full(splits + 1, -1)])


def _left_categories(tree: dict[str, str], place: int) -> np.ndarray:
    """Return whether code 0, 1, … goes left; the last entry, for every other code, never does."""
    starts, words = _numbers(tree, "cat_boundaries").astype(int), _numbers(tree, "cat_threshold")
    mine = words[starts[place] : starts[place + 1]].astype(np.uint32)
    bits = (mine[:, None] >> np.arange(32, dtype=np.uint32)) & 1
    return np.append(bits.ravel().astype(bool), False)


def _zero_is_missing(trees: list[dict[str, str]], columns: int) -> np.ndarray | None:
    """Return the columns whose zeros are missing; None where two splits of a column differ."""
    seen = np.full((columns, 2), False)
    for tree in trees:
        if int(tree["num_leaves"]) > 1:
            kinds = _numbers(tree, "decision_type").astype(int)
            column = _numbers(tree, "split_feature").astype(int)
            number = (kinds & BY_CATEGORY) == 0
            is_zero = ((kinds >> 2) & 3) == ZERO_IS_MISSING
            seen[column[number], is_zero[number].astype(int)] = True
    return None if seen.all(axis=1).any() else seen[:, 1]


def _numbers(tree: dict[str, str], name: str) -> Any:
    return np.array(tree.get(name, "").split(), dtype=np.float64)
