"""What a LightGBM text file holds, read and checked without LightGBM.

LightGBM believes every length and index of the file, and a wrong one ends the process: checked
here, line by line, before the library sees the text.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import combinations, islice, pairwise
from typing import TYPE_CHECKING

import numpy as np

from xai.assets.safety import (
    check_range,
    check_starts,
    check_tree,
    damaged,
)
from xai.errors import RefusedFile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

MOST_CLASSES = 10_000
MOST_FEATURES = 100_000
MOST = 2_000
PER_SPLIT = ("split_feature", "split_gain", "threshold", "decision_type", "left_child",
    "right_child", "internal_value", "internal_weight", "internal_count")  # fmt: skip
PER_LEAF = ("leaf_value", "leaf_weight", "leaf_count", "leaf_const", "num_features")
OPTIONAL = {"split_gain", "leaf_weight", "leaf_count", "internal_weight", "internal_count",
    "internal_value", "leaf_const", "num_features"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Contents:
    """The facts of a checked file.

    Attributes
    ----------
    categories : tuple, one entry per feature
        None for a number; the words of a category in the model's order, empty if not named.
    is_averaged : bool
        The output is the mean of the trees (a random forest), not their sum.
    """

    text: str
    objective: str
    names: tuple[str, ...]
    has_names: bool
    categories: tuple[tuple[str, ...] | None, ...]
    outputs: int
    trees: int
    depth: int
    is_linear: bool
    is_averaged: bool


def read(data: bytes) -> Contents:
    """Return the facts of a LightGBM text file.

    Raises
    ------
    RefusedFile
        If the file is cut short, or an array or an index does not fit.
    """
    try:
        text = data.decode().replace("\r\n", "\n")
        return _contents(text)
    except (KeyError, ValueError, IndexError, OverflowError):
        raise RefusedFile(
            "This is not a whole LightGBM text model: a part of it is absent or of the wrong "
            "kind. Save it again with booster.save_model('model.txt')."
        ) from None


def _contents(text: str) -> Contents:
    start = text.index("\nTree=") + 1
    header = _pairs(text[:start].split("\n"), is_strict=False)
    features = int(header["max_feature_idx"]) + 1
    outputs, classes = int(header["num_tree_per_iteration"]), int(header["num_class"])
    if not 0 < features <= MOST_FEATURES or not 0 < outputs <= MOST_CLASSES:
        raise damaged(f"it states {features} features and {outputs} outputs")
    if classes not in {1, outputs}:
        raise damaged(f"it states {classes} classes and {outputs} trees per round")
    names, infos = header["feature_names"].split(" "), header["feature_infos"].split(" ")
    if len(names) != features or len(infos) != features:
        raise damaged(f"it names {len(names)} features and uses {features}")
    blocks = _blocks(text, start, [int(size) for size in header["tree_sizes"].split()])
    if not blocks or len(blocks) % outputs:
        raise damaged("the number of trees does not fit the number of classes")
    trees = [_pairs(block.split("\n\n", 1)[0].split("\n")) for block in blocks]
    depths = [_check_tree(tree, f"tree {i}", features) for i, tree in enumerate(trees)]
    return Contents(
        text=text,
        objective=header.get("objective", ""),
        names=tuple(names),
        has_names=names != [f"Column_{i}" for i in range(features)],
        categories=_categories(text, infos),
        outputs=outputs,
        trees=len(trees),
        depth=max(depths),
        is_averaged="\naverage_output\n" in text.partition("\nTree=")[0],
        is_linear=any(tree.get("is_linear", "0") == "1" for tree in trees),
    )


def _pairs(lines: list[str], *, is_strict: bool = True) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in lines:
        name, equals, value = line.partition("=")
        if is_strict and line and not equals:
            raise damaged(f"the line {line[:30]!r} has no value")
        if equals and name in found:
            raise damaged(f"{name[:30]} appears twice")
        found[name] = value
    return found


def _blocks(text: str, start: int, sizes: list[int]) -> list[str]:
    """Cut the text where the file says that its trees begin; it must say the truth."""
    data = text[start:].encode()
    ends = np.cumsum(np.array(sizes, dtype=np.int64))
    if any(size <= 0 for size in sizes) or (len(ends) and ends[-1] > len(data)):
        raise damaged("tree_sizes does not match the trees")
    starts = [0, *ends.tolist()]
    blocks = [data[a:b].decode() for a, b in pairwise(starts)]
    for number, block in enumerate(blocks):
        if not block.startswith(f"Tree={number}\n") or block.count("Tree=") > 1:
            raise damaged("tree_sizes does not match the trees")
    return blocks


def _check_tree(tree: Mapping[str, str], what: str, features: int) -> int:
    leaves = int(tree["num_leaves"])
    splits = leaves - 1
    for names, size in ((PER_SPLIT, splits), (PER_LEAF, leaves)):
        for name in names:
            _check_length(tree, name, size, what)
    if leaves < 1 or (splits == 0 and int(tree.get("num_cat", "0"))):
        raise damaged(f"{what} has {leaves} leaves")
    check_range(_whole(tree["split_feature"]), features, f"split_feature of {what}")
    _check_categories(tree, what)
    if tree.get("is_linear", "0") == "1":
        _check_linear(tree, leaves, features, what)
    nodes = np.full(splits + leaves, -1, np.int64)
    left, right = nodes.copy(), nodes.copy()
    for side, name in ((left, "left_child"), (right, "right_child")):
        children = _whole(tree[name])
        side[:splits] = np.where(children >= 0, children, splits + ~children)
        check_range(children[children >= 0], max(1, splits), f"{name} of {what}")
    return check_tree(left, right, what)


def _check_length(tree: Mapping[str, str], name: str, size: int, what: str) -> None:
    if name not in tree and name in OPTIONAL:
        return
    held = len(tree[name].split())
    if held != size and not (size <= 1 and held == 0 and name in OPTIONAL):
        raise damaged(f"{name} of {what} has {held} entries where {size} belong")


def _check_categories(tree: Mapping[str, str], what: str) -> None:
    count = int(tree.get("num_cat", "0"))
    by_category = (_whole(tree["decision_type"]) & 1).astype(bool)
    if count == 0 and not by_category.any():
        return
    starts, words = _whole(tree["cat_boundaries"]), _whole(tree["cat_threshold"])
    if len(starts) != count + 1:
        raise damaged(f"cat_boundaries of {what} has {len(starts)} entries")
    check_starts(starts, len(words), f"cat_boundaries of {what}")
    thresholds = np.array(tree["threshold"].split(), dtype=np.float64)[by_category]
    check_range(thresholds.astype(np.int64), count, f"a category split of {what}")


def _check_linear(tree: Mapping[str, str], leaves: int, features: int, what: str) -> None:
    total = int(_whole(tree["num_features"]).sum())
    used, weights = _whole(tree["leaf_features"]), tree["leaf_coeff"].split()
    if (_whole(tree["num_features"]) < 0).any() or not total == len(used) == len(weights):
        raise damaged(f"the linear leaves of {what} do not match")
    if len(tree["leaf_const"].split()) != leaves:
        raise damaged(f"leaf_const of {what} does not match its leaves")
    check_range(used, features, f"leaf_features of {what}")


def _whole(value: str) -> NDArray[np.int64]:
    return np.array(value.split(), dtype=np.int64)


def _categories(text: str, infos: list[str]) -> tuple[tuple[str, ...] | None, ...]:
    """Match the named categories, stored without their feature, to the features."""
    codes = set(_line(text, "[categorical_feature: ", "]").replace("name:", "").split(","))
    by_info = {i for i, info in enumerate(infos) if not info.startswith("[") and info != "none"}
    marked = {int(code) for code in codes if code.isdigit() and int(code) < len(infos)} | by_info
    stored = json.loads(_line(text, "pandas_categorical:", "\n") or "null") or []
    lists = [tuple(str(word) for word in words) for words in stored]
    found: list[tuple[str, ...] | None] = [
        () if position in marked else None for position in range(len(infos))
    ]
    if lists:
        for position, words in zip(_places(lists, infos, sorted(marked)), lists, strict=True):
            found[position] = words
    return tuple(found)


def _places(lists: list[tuple[str, ...]], infos: list[str], marked: list[int]) -> list[int]:
    """Return the feature of each list: the marked ones, and ordered categories between them."""
    if len(lists) == len(marked):
        return marked
    extra = len(lists) - len(marked)
    sizes = {f"[0:{len(words) - 1}]" for words in lists}
    others = [i for i, info in enumerate(infos) if i not in marked and info in sizes]
    if extra > 0:
        choices = [sorted([*marked, *some]) for some in islice(combinations(others, extra), MOST)]
        scores = [
            sum(_holds(infos[i], len(w)) for i, w in zip(places, lists, strict=True))
            for places in choices
        ]
        if scores and scores.count(max(scores)) == 1:
            return choices[scores.index(max(scores))]
    raise RefusedFile(
        f"The LightGBM file lists {len(lists)} sets of categories for {len(marked)} categorical "
        "features and does not say whose they are. Train with unordered categories and save again."
    )


def _holds(info: str, words: int) -> bool:
    """Tell whether the values that `info` sums up are exactly the codes of so many words."""
    if info.startswith("["):
        return info == f"[0:{words - 1}]"
    return len([code for code in info.split(":") if code != "-1"]) == words


def _line(text: str, begin: str, end: str) -> str:
    at = text.rfind("\n" + begin)
    if at < 0:
        return ""
    start = at + 1 + len(begin)
    stop = text.find(end, start)
    return text[start : stop if stop >= 0 else len(text)]
