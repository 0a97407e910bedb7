"""Compile everything that tables need, on two tiny trees: for a process that does nothing else."""

from __future__ import annotations

import numpy as np

from xai.methods.shapley.trees import tables
from xai.trees import Trees, join


def warm() -> None:
    """Build and look up tables of every kind, so that numba keeps what it compiled."""
    trees, rows = _trees(), np.array([[0.5, np.nan], [-1.0, 2.0]])
    for background in (None, rows):
        for of_pairs in (False, True):
            found = tables.tables_of(trees, np.arange(2), background, of_pairs=of_pairs)
            if found is not None:
                found.explain(rows)
    tables.forget()


def _trees() -> Trees:
    """Return a stump, and a tree that compares two columns."""
    part = {
        "left": np.array([1, -1, 3, -1, -1]),
        "right": np.array([2, -1, 4, -1, -1]),
        "column": np.array([0, 0, 1, 0, 0]),
        "cut": np.array([0.0, 0.0, 1.0, 0.0, 0.0]),
        "missing_left": np.array([True, False, False, False, False]),
        "cover": np.array([4.0, 2.0, 2.0, 1.0, 1.0]),
        "value": np.array([0.0, 1.0, 0.0, 2.0, 3.0]),
    }
    return join([part], 0.0, zero_is_missing=np.zeros(2, dtype=bool), is_single=True)
