"""Trees cut into subtrees so small that all they can see of a row is a few bits.

A subtree below a path sees one bit per column of the path (does the row satisfy all the path's
conditions on that column?) and one per inner node of its own. Going down from the root, a tree is
cut where the bits are at most `most`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from xai.methods.shapley.trees.walk import walk

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xai.methods.shapley.trees.codes import Coder
    from xai.trees import Trees
    from xai.vocabulary import Integers

    Array = NDArray[Any]

MOST_BITS = 15
"""Bits that a table may ever have: it doubles with each, and codes of patterns have 16."""


@dataclass(frozen=True)
class Nodes:
    """An ensemble in codes, laid out for the compiled walk.

    Attributes
    ----------
    whole : int array of shape (8, nodes)
        Rows as `walk.LEFT`, …: children, column, the player it belongs to, rank of the cut, side
        of missing values, start of a category's answers (-1 for numbers), inner nodes at and below.
    share : array of shape (2, nodes)
        Share of the parent's cover; value of a leaf.
    lengths : int array of shape (columns,)
        Answers per category node; 0 for numbers.
    """

    roots: Array
    whole: Array
    share: Array
    lengths: Array
    depth: int
    coder: Coder


class Groups(NamedTuple):
    """Subtrees: bits (what is compared), players, leaves, and what each leaf asks of each player.

    `*_start` arrays hold where each subtree's (or leaf's) part begins, and the end of the last.
    A leaf asks of a player that `(bits & mask) == want`; `ratio` is the share of cover that takes
    the leaf's way at the player's splits.
    """

    bit_start: Array
    player_start: Array
    leaf_start: Array
    bit_column: Array
    bit_low: Array
    bit_high: Array
    bit_missing: Array
    bit_answers: Array
    answers: Array
    player: Array
    value: Array
    ask_start: Array
    ask_player: Array
    ask_ratio: Array
    ask_mask: Array
    ask_want: Array

    def leaves(self) -> tuple[Array, ...]:
        """Return what the compiled builders of tables need, in their order."""
        return (
            *(self.bit_start, self.player_start, self.leaf_start, self.value, self.ask_start),
            *(self.ask_player, self.ask_mask, self.ask_want),
        )


def nodes_of(trees: Trees, coder: Coder, owners: Integers) -> Nodes:
    """Return an ensemble laid out for the compiled walk; `owners` (columns,) are players."""
    column = np.maximum(trees.column, 0).astype(np.int64)
    rows = (trees.left, trees.right, column, owners[column], coder.rank, trees.missing_left,
        coder.start, _inner(trees))  # fmt: skip
    return Nodes(
        roots=trees.roots.astype(np.int64),
        whole=np.array(rows, dtype=np.int64),
        share=np.array([trees.ratio, trees.value]),
        lengths=coder.lengths(),
        depth=int(trees.depth.max(initial=0)),
        coder=coder,
    )


def cut(nodes: Nodes, most: int) -> Groups:
    """Cut an ensemble into subtrees of at most `most` bits (more where one leaf needs more)."""
    _, sizes = _walk(nodes, most, np.zeros(8, np.int64), fill=False)
    made, _ = _walk(nodes, most, sizes, fill=True)
    starts, bit, answers, player, value, ask_start, ask, ratio = made
    kind = nodes.coder.kind
    return Groups(
        bit_start=starts[0],
        player_start=starts[1],
        leaf_start=starts[2],
        bit_column=bit[0],
        bit_low=bit[1].astype(kind),
        bit_high=np.minimum(bit[2], np.iinfo(kind).max).astype(kind),
        bit_missing=bit[3].astype(bool),
        bit_answers=bit[4],
        answers=answers,
        player=player,
        value=value,
        ask_start=ask_start,
        ask_player=ask[0],
        ask_ratio=ratio,
        ask_mask=ask[1],
        ask_want=ask[2],
    )


def _walk(nodes: Nodes, most: int, sizes: Array, *, fill: bool) -> tuple[tuple[Array, ...], Array]:
    """Count (with sizes of zero) or fill arrays of these sizes; return them, and the counts."""
    groups, bits, players, leaves, asks, extra = (int(size) for size in sizes[:6])
    bit = np.zeros((5, bits), np.int64)
    bit[2], bit[3], bit[4] = np.iinfo(np.int64).max, 1, -1
    known = nodes.coder.answers
    made = (
        np.zeros((3, groups + 1), np.int64),
        bit,
        np.concatenate([known, np.ones(extra, np.uint8)]),
        np.zeros(players, np.int64),
        np.zeros(leaves),
        np.zeros(leaves + 1, np.int64),
        np.zeros((3, asks), np.int64),
        np.zeros(asks),
    )
    room, totals = 2 * nodes.depth + MOST_BITS + 8, np.zeros(8, np.int64)
    place, ratios = np.zeros((11, room), np.int64), np.zeros(room)
    ensemble = (nodes.roots, nodes.whole, nodes.share, nodes.lengths)
    walk(*ensemble, *made, place, ratios, totals, most, len(known), fill)
    return made, totals


def _inner(trees: Trees) -> Array:
    found = (trees.left >= 0).astype(np.int64)
    order = np.argsort(-trees.depth, kind="stable")
    below = order[trees.depth[order] > 0]
    parent = np.full(len(found), -1)
    inner = np.flatnonzero(trees.left >= 0)
    parent[trees.left[inner]], parent[trees.right[inner]] = inner, inner
    # Level by level from the deepest: a node's count is complete before its parent reads it.
    for level in np.split(below, np.flatnonzero(np.diff(trees.depth[below])) + 1):
        np.add.at(found, parent[level], found[level])
    return found
