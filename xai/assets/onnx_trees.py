"""Trees inside an ONNX graph, checked before onnxruntime walks them."""

from __future__ import annotations

from typing import Any

import numpy as np

from xai.assets.safety import check_range, damaged


def check_trees(given: dict[str, Any]) -> None:
    """Refuse trees that run in circles: a child has one parent, and no root is a child."""
    names = ("nodes_treeids", "nodes_nodeids", "nodes_truenodeids", "nodes_falsenodeids")
    if names[0] not in given:
        return
    trees, ids, yes, no = (np.asarray(given.get(name, []), dtype=np.int64) for name in names)
    modes = [bytes(mode) for mode in given.get("nodes_modes", [])]
    if not len(trees) == len(ids) == len(yes) == len(no) == len(modes):
        raise damaged("the arrays of its trees differ in length")
    for array, what in ((ids, "nodes_nodeids"), (trees, "nodes_treeids")):
        check_range(array, 2**31, what)
    features = np.asarray(given.get("nodes_featureids", []), dtype=np.int64)
    check_range(features, 2**31, "nodes_featureids")
    is_inner = np.array([mode != b"LEAF" for mode in modes], dtype=bool)
    own = trees * 2**31 + ids
    base = trees[is_inner] * 2**31
    children = np.concatenate([base + yes[is_inner], base + no[is_inner]])
    roots = own[np.unique(trees, return_index=True)[1]]
    if len(np.unique(own)) != len(own) or not np.isin(children, own).all():
        raise damaged("a tree points at a node that does not exist")
    if len(np.unique(children)) != len(children) or np.isin(roots, children).any():
        raise damaged("a tree runs in a circle")
