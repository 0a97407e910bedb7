"""The words for tree ensembles: every library's trees in one form, plain arrays (numpy only).

All comparisons read "go left if x ≤ cut", in double precision on numbers that the library itself
would compare: rounded to single precision first where it does so. A library's "x < cut" becomes
x ≤ the double just below.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xai.vocabulary import Floats, Integers

Int32s = NDArray[np.int32]
Bools = NDArray[np.bool_]

ZERO = 1e-35
"""LightGBM's bound of what is zero."""
NUMBER = -1
"""In `Trees.choice`: the node compares a number."""


@dataclass(frozen=True, eq=False)
class Trees:
    """One output of an ensemble: `offset` plus, of every tree, the value of the leaf a row reaches.

    Attributes
    ----------
    roots : int array of shape (trees,)
        Nodes of all trees stand one after the other; a root is where a tree begins.
    left, right : int arrays of shape (nodes,)
        -1 at a leaf.
    column : int array of shape (nodes,)
        What an inner node compares.
    cut : array of shape (nodes,)
        An inner node sends x ≤ cut to the left.
    missing_left : bool array of shape (nodes,)
        Where NaN goes.
    cover : array of shape (nodes,)
        How much of the training data went through, by the library's own count.
    value : array of shape (nodes,)
        Of the leaves.
    offset : float
    choice : int array of shape (nodes,)
        `NUMBER`, or the place in `choices` of what the node does with each category.
    choices : tuple of bool arrays
        For code 0, 1, …: does it go left; the last entry is for every other code.
    zero_is_missing : bool array of shape (columns,)
        Numbers within 1e-35 of zero count as NaN there.
    is_single : bool
        The library rounds rows to single precision first.
    """

    roots: Int32s
    left: Int32s
    right: Int32s
    column: Int32s
    cut: Floats
    missing_left: Bools
    cover: Floats
    value: Floats
    offset: float
    zero_is_missing: Bools
    is_single: bool
    choice: Int32s = field(default_factory=lambda: np.zeros(0, np.int32))
    choices: tuple[Bools, ...] = ()

    def __post_init__(self) -> None:
        if not len(self.choice):
            object.__setattr__(self, "choice", np.full(len(self.left), NUMBER, np.int32))

    def predict(self, rows: Floats) -> Floats:
        """Return the output of encoded rows, shape (m,), one level of all rows at a time."""
        total = np.full(len(rows), self.offset)
        if self.is_single:
            rows = rows.astype(np.float32).astype(np.float64)
        for root in self.roots:
            here = np.full(len(rows), root)
            while len(inner := np.flatnonzero(self.left[here] >= 0)):
                node = here[inner]
                goes = self._goes_left(node, rows[inner, self.column[node]])
                here[inner] = np.where(goes, self.left[node], self.right[node])
            total += self.value[here]
        return total

    def _goes_left(self, node: Int32s, x: Floats) -> Bools:
        missing = np.isnan(x) | (self.zero_is_missing[self.column[node]] & (np.abs(x) <= ZERO))
        found = np.where(missing, self.missing_left[node], x <= self.cut[node])
        for at in np.flatnonzero((self.choice[node] != NUMBER) & ~missing):
            told = self.choices[self.choice[node[at]]]
            code = int(x[at]) if 0 <= x[at] < len(told) - 1 else -1
            found[at] = told[code]
        return found

    @property
    def columns(self) -> int:
        """How many columns a row has."""
        return len(self.zero_is_missing)

    @cached_property
    def ratio(self) -> Floats:
        """The share of its parent's cover that each node has; 1 for a root. Shape (nodes,)."""
        inner = np.flatnonzero(self.left >= 0)
        found = np.ones(len(self.left))
        with np.errstate(divide="ignore", invalid="ignore"):
            for side in (self.left[inner], self.right[inner]):
                found[side] = self.cover[side] / self.cover[inner]
        return found

    @cached_property
    def depth(self) -> Int32s:
        """How many conditions lie above each node, shape (nodes,)."""
        found = np.zeros(len(self.left), np.int32)
        front = self.roots[self.left[self.roots] >= 0]
        while len(front):
            below = np.concatenate([self.left[front], self.right[front]])
            found[below] = np.tile(found[front] + 1, 2)
            front = below[self.left[below] >= 0]
        return found

    @cached_property
    def work(self) -> float:
        """Sum over leaves of the square of depth: what a library's algorithm costs per row."""
        return float(np.square(self.depth[self.left < 0].astype(np.float64)).sum())

    @cached_property
    def expected(self) -> float:
        """The mean output where every split shares by cover."""
        reach = np.ones(len(self.left))
        front = self.roots[self.left[self.roots] >= 0]
        while len(front):
            for side in (self.left[front], self.right[front]):
                reach[side] = reach[front] * self.ratio[side]
            below = np.concatenate([self.left[front], self.right[front]])
            front = below[self.left[below] >= 0]
        leaves = self.left < 0
        return self.offset + float((reach[leaves] * self.value[leaves]).sum())


def join(parts: list[dict[str, NDArray[Any]]], offset: float, **others: Any) -> Trees:
    """Return trees, each given by arrays over its own nodes, standing one after the other.

    Parameters
    ----------
    parts : list of dict
        Per tree the arrays of `Trees` by node; children count from the tree's own root, 0.
    """
    sizes = [len(part["left"]) for part in parts]
    roots = np.concatenate([[0], np.cumsum(sizes)])[:-1].astype(np.int32)
    whole: dict[str, Any] = {
        name: np.concatenate([part[name] for part in parts]) for name in parts[0]
    }
    move = np.repeat(roots, sizes)
    for side in ("left", "right"):
        whole[side] = np.where(whole[side] < 0, -1, whole[side] + move).astype(np.int32)
    whole["column"] = whole["column"].astype(np.int32)
    return Trees(roots=roots, offset=offset, **whole, **others)


@dataclass(frozen=True)
class Ensemble:
    """A model's trees, and how rows of a dataset become what the trees compare.

    Attributes
    ----------
    outputs : tuple of Trees
        One per output; of two classes with margins -m and m only the second.
    encode : callable
        `encode(rows)`: from (m, d), as in `Problem.inputs`, to (m, columns).
    owners : int array of shape (columns,)
        The feature behind each column.
    is_mirrored : bool
        Target 0 is the negative of the one output.
    library : str
        For people: the exact algorithm that comes with the model.
    pace : float
        Nanoseconds that algorithm takes per unit of `Trees.work`, measured.
    """

    outputs: tuple[Trees, ...]
    encode: Callable[[Floats], Floats]
    owners: Integers
    is_mirrored: bool
    library: str
    pace: float

    @property
    def work(self) -> float:
        """`Trees.work` of the largest output."""
        return max(trees.work for trees in self.outputs)


def boosted(
    trees: tuple[Trees, ...] | None,
    encode: Callable[[Floats], Floats],
    library: tuple[str, float],
    *,
    is_classifier: bool,
) -> Ensemble | None:
    """Return the ensemble of a boosted model whose columns are its features; None without trees.

    Parameters
    ----------
    library : (name, pace) as in `Ensemble`
    """
    if trees is None:
        return None
    owners = np.arange(trees[0].columns)
    return Ensemble(trees, encode, owners, is_classifier and len(trees) == 1, *library)


@dataclass(frozen=True)
class TreeGame:
    """What a shard may know of the trees behind its score.

    Attributes
    ----------
    find : callable
        Takes the trees out of the model, which may take a while; None where they do not fit.
    targets : int array of shape (n,)
        The explained output of each input.
    rows : int
        Inputs of the whole run, whatever the shard: they decide whether tables pay.
    """

    find: Callable[[], Ensemble | None]
    targets: Integers
    rows: int

    @cached_property
    def ensemble(self) -> Ensemble | None:
        """The trees, found once."""
        return self.find()
