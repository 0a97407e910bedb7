"""The trees of an XGBoost model as plain arrays, one `Trees` per class."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from xai.trees import NUMBER, Trees, join

if TYPE_CHECKING:
    from xai.vocabulary import Floats

MOST_CODES = 65_536
"""Codes of one category split; larger ones are left to XGBoost."""
PROBES = 32
CLOSE = 1e-5


def trees_of(booster: Any, margins: Any, columns: int) -> tuple[Trees, ...] | None:
    """Return the trees of every output; None where they cannot be told as `Trees`.

    Parameters
    ----------
    margins : callable
        From rows (m, columns) to margins (m, k), by XGBoost itself: the offsets are read off it,
        and trees that do not give its margins are not returned.
    """
    held = json.loads(bytes(booster.save_raw("json")))["learner"]["gradient_booster"]
    model = held["gbtree"]["model"] if "gbtree" in held else held["model"]
    weights = held.get("weight_drop", [1.0] * len(model["trees"]))
    info = np.array(model["tree_info"], dtype=int)
    rows = _probes(columns)
    wanted = margins(rows)
    found = []
    for output in range(wanted.shape[1]):
        choices: list[np.ndarray] = []
        parts = [
            _tree(model["trees"][t], weights[t], choices) for t in np.flatnonzero(info == output)
        ]
        if not parts or any(part is None for part in parts):
            return None
        made = _joined([part for part in parts if part is not None], 0.0, choices, columns)
        rest = wanted[:, output] - made.predict(rows)
        offset = float(np.median(rest))
        if np.abs(rest - offset).max() > CLOSE * (1 + np.abs(wanted[:, output]).max()):
            return None
        object.__setattr__(made, "offset", offset)
        found.append(made)
    return tuple(found)


def _joined(
    parts: list[dict[str, Any]], offset: float, choices: list[np.ndarray], columns: int
) -> Trees:
    return join(
        parts,
        offset,
        choices=tuple(choices),
        zero_is_missing=np.zeros(columns, dtype=bool),
        is_single=True,
    )


def _tree(tree: dict[str, Any], weight: float, choices: list[np.ndarray]) -> dict[str, Any] | None:
    left = np.array(tree["left_children"], dtype=np.int32)
    cut = np.array(tree["split_conditions"], dtype=np.float32).astype(np.float64)
    choice = np.full(len(left), NUMBER, np.int32)
    for place, node in enumerate(tree.get("categories_nodes", [])):
        start, size = tree["categories_segments"][place], tree["categories_sizes"][place]
        right = np.array(tree["categories"][start : start + size], dtype=int)
        if right.max(initial=0) >= MOST_CODES:
            return None
        told = np.ones(int(right.max(initial=-1)) + 2, dtype=bool)
        told[right] = False
        choice[node] = len(choices)
        choices.append(told)
    return {
        "left": left,
        "right": np.array(tree["right_children"], dtype=np.int32),
        "column": np.array(tree["split_indices"], dtype=np.int32),
        "cut": np.nextafter(cut, -np.inf),  # XGBoost compares with <
        "missing_left": np.array(tree["default_left"], dtype=bool),
        "cover": np.array(tree["sum_hessian"], dtype=np.float64),
        "value": np.where(left < 0, cut * weight, 0.0),
        "choice": choice,
    }


def _probes(columns: int) -> Floats:
    draw = np.random.default_rng(0)
    rows = draw.normal(size=(PROBES, columns)) * 10.0 ** draw.integers(-1, 4, (PROBES, columns))
    rows[draw.random(rows.shape) < 0.1] = np.nan
    rows[::2] = np.abs(np.round(rows[::2])) % 7  # plausible categories, and plausible counts
    return rows
