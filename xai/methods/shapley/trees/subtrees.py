"""Trees cut into subtrees so small that all they can see of a row is a few bits.

A subtree below a path sees one bit per column of the path (does the row satisfy all the path's
conditions on that column?) and one per inner node of its own. Going down from the root, a tree is
cut where the bits are at most `most`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from xai.methods.shapley.trees.walk import walk

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xai.methods.shapley.trees.codes import Coder
    from xai.trees import Trees
    from xai.vocabulary import Integers

    Array = NDArray[Any]

MOST_BITS = 14
"""Bits that a subtree may ever have: its tables double with each."""


class Nodes(NamedTuple):
    """An ensemble in codes, as the compiled functions read it."""

    roots: Array
    left: Array
    right: Array
    column: Array
    owner: Array  # by node: the player that its column belongs to
    rank: Array
    missing: Array
    start: Array  # of a category node's answers; -1 for numbers
    ratio: Array
    value: Array
    inner: Array  # inner nodes at and below each node
    lengths: Array  # by column: answers per category node
    known: int  # answers of all nodes; those of paths follow


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


class Scratch(NamedTuple):
    """Where a walk keeps its place: by depth, or (`bits`) by bit."""

    stack: Array  # (3, …): node, depth, side
    path: Array  # (3, …): node, side, bit
    bits: Array  # column of each path bit
    ask: Array  # (3, …): player, mask, want
    ratio: Array
    players: Array  # of the subtree


def nodes_of(trees: Trees, coder: Coder, owners: Integers) -> Nodes:
    """Return an ensemble as the compiled functions read it."""
    column = np.maximum(trees.column, 0)
    return Nodes(
        roots=trees.roots.astype(np.int64),
        left=trees.left,
        right=trees.right,
        column=column.astype(np.int64),
        owner=owners[column].astype(np.int64),
        rank=coder.rank,
        missing=trees.missing_left,
        start=coder.start,
        ratio=trees.ratio,
        value=trees.value,
        inner=_inner(trees),
        lengths=coder.lengths(),
        known=len(coder.answers),
    )


def measure(nodes: Nodes, depth: int, most: int) -> tuple[int, float, int]:
    """Return how many subtrees there would be, their table entries, and the most bits of one."""
    totals = np.zeros(8)
    walk(nodes, _room((0,) * 7), _scratch(depth), totals, most, False)
    return int(totals[0]), float(totals[6]), int(totals[7])


def cut(nodes: Nodes, depth: int, most: int, coder: Coder) -> Groups:
    """Cut an ensemble into subtrees of at most `most` bits (more where one leaf needs more)."""
    totals, answers, kind = np.zeros(8), coder.answers, coder.kind
    scratch = _scratch(depth)
    walk(nodes, _room((0,) * 7), scratch, totals, most, False)
    sizes = totals[:6].astype(np.int64)
    groups = _room((*sizes, len(answers)), kind)
    groups.answers[: len(answers)] = answers
    totals[:] = 0
    walk(nodes, groups, scratch, totals, most, True)
    return groups


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


def _room(sizes: tuple[int, ...], kind: Any = np.int16) -> Groups:
    groups, bits, players, leaves, asks, extra, known = (int(size) for size in sizes)
    return Groups(
        bit_start=np.zeros(groups + 1, np.int64),
        player_start=np.zeros(groups + 1, np.int64),
        leaf_start=np.zeros(groups + 1, np.int64),
        bit_column=np.zeros(bits, np.int64),
        bit_low=np.zeros(bits, kind),
        bit_high=np.full(bits, np.iinfo(kind).max, kind),
        bit_missing=np.ones(bits, np.bool_),
        bit_answers=np.full(bits, -1, np.int64),
        answers=np.ones(extra + known, np.uint8),
        player=np.zeros(players, np.int64),
        value=np.zeros(leaves),
        ask_start=np.zeros(leaves + 1, np.int64),
        ask_player=np.zeros(asks, np.int64),
        ask_ratio=np.zeros(asks),
        ask_mask=np.zeros(asks, np.int64),
        ask_want=np.zeros(asks, np.int64),
    )


def _scratch(depth: int) -> Scratch:
    most = 2 * depth + 4
    return Scratch(
        stack=np.zeros((3, 2 * most), np.int64),
        path=np.zeros((3, most), np.int64),
        bits=np.zeros(most, np.int64),
        ask=np.zeros((3, most), np.int64),
        ratio=np.zeros(most),
        players=np.zeros(most + MOST_BITS, np.int64),
    )
