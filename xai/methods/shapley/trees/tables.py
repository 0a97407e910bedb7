"""Exact Shapley values of one output of an ensemble, tabulated once and then looked up.

Source: our own arrangement of the path-dependent and the interventional values of Lundberg et al.,
From Local Explanations to Global Understanding with Explainable AI for Trees, Nature Machine
Intelligence 2020, https://arxiv.org/abs/1905.04610; derivation in `docs/tree_tables.md`.
Cost: a few comparisons and one table row per subtree, after building the tables once.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numba
import numpy as np

from xai.methods.shapley.trees import fill, look_up
from xai.methods.shapley.trees.codes import Coder, coder_of
from xai.methods.shapley.trees.fill import MOST_COLUMNS
from xai.methods.shapley.trees.subtrees import MOST_BITS, Groups, Nodes, cut, nodes_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xai.trees import Trees
    from xai.vocabulary import Floats, Integers

BITS = 8
"""Bits of a subtree where memory allows: more make fewer, larger tables that leave the cache."""
LONG = 9
"""Bits up to which a leaf of its own has a path-dependent table; beyond, integrating is faster."""
MOST_BYTES = 256 << 20
"""Memory for the tables of one output."""
KEPT_BYTES = 768 << 20
"""Memory for all tables kept in a process."""


@dataclass(frozen=True)
class Tables:
    """The tables of one output.

    Attributes
    ----------
    base : float
        The value of the empty coalition.
    bits : int
        Of the widest subtree.
    """

    coder: Coder
    groups: Groups
    start: NDArray[np.int64]
    table: NDArray[np.float32]
    players: int
    base: float
    bits: int

    def explain(self, rows: Floats) -> Floats:
        """Return Shapley values, shape (n, players), of encoded rows (n, columns)."""
        codes = self.coder.encode(rows)
        out = np.empty((len(rows), self.players), np.float32)

        def part(first: int, last: int) -> None:
            block = np.ascontiguousarray(codes[:, first:last])
            look_up.look_up(block, self.groups, self.start, self.table, out[first:last])

        _in_parts(part, len(rows), look_up.BLOCK)
        return out.astype(np.float64)

    @property
    def bytes(self) -> int:
        """Memory held."""
        return int(self.table.nbytes + sum(array.nbytes for array in self.groups))


def tables_of(trees: Trees, owners: Integers, background: Floats | None) -> Tables | None:
    """Return the tables of an output, built at the first call; None where they would not fit.

    Parameters
    ----------
    trees : Trees
    owners : int array of shape (columns,)
        The player that each column belongs to.
    background : array of shape (b, columns), or None
        Encoded rows for interventional values; None for path-dependent ones.
    """
    key = (id(trees), owners.tobytes(), None if background is None else background.tobytes())
    if key not in _kept:
        _kept[key] = (trees, _build(trees, owners, background))
        while len(_kept) > 1 and sum(t.bytes for _, t in _kept.values() if t) > KEPT_BYTES:
            _kept.popitem(last=False)
    _kept.move_to_end(key)
    return _kept[key][1]


def forget() -> None:
    """Drop all tables."""
    _kept.clear()


_kept: OrderedDict[Any, tuple[Trees, Tables | None]] = OrderedDict()
"""With the trees themselves, so that an identity is never used twice."""


def _build(trees: Trees, owners: Integers, background: Floats | None) -> Tables | None:
    if background is None and not (trees.ratio > 0).all():
        return None  # a branch that no training row took: libraries divide by zero there
    coder = coder_of(trees)
    if coder is None:
        return None
    # Path-dependent values are defined by column; a feature gets the sum of its columns.
    alone = np.arange(trees.columns) if background is None else owners
    nodes = nodes_of(trees, coder, alone)
    groups, start = _plan(nodes, LONG if background is None else MOST_BITS)
    bits = np.diff(groups.bit_start)
    if bits.max(initial=0) > (MOST_COLUMNS if background is None else MOST_BITS):
        return None
    if 4 * start[-1] > MOST_BYTES:
        return None
    table = np.zeros(start[-1], np.float32)
    if background is None:
        base, run = trees.expected, _path(groups, start, table)
    else:
        base = float(trees.predict(background).mean())
        run = _background(groups, start, coder.encode(background), table)
    _in_parts(run, len(bits), 1)
    if background is None:
        groups.player[:] = owners[groups.player]
    return Tables(
        coder, groups, start, table, int(owners.max(initial=-1)) + 1, base, int(bits.max(initial=0))
    )


def _plan(nodes: Nodes, widest: int) -> tuple[Groups, NDArray[np.int64]]:
    """Cut into subtrees of as many bits as memory allows, with tables for those up to `widest`."""
    for most in range(BITS, 2, -1):
        groups = cut(nodes, most)
        bits, players = np.diff(groups.bit_start), np.diff(groups.player_start)
        entries = np.where(bits <= widest, players << np.minimum(bits, widest), 0)
        if 4 * entries.sum() <= MOST_BYTES:
            break
    return groups, np.concatenate([[0], np.cumsum(entries)])


def _path(groups: Groups, start: Any, table: Any) -> Callable[[int, int], None]:
    def run(first: int, last: int) -> None:
        ratio, nodes = groups.ask_ratio, fill.QUADRATURE
        fill.fill_path(first, last, *groups.leaves(), ratio, nodes, start, table)

    return run


def _background(groups: Groups, start: Any, seen: Any, table: Any) -> Callable[[int, int], None]:
    patterns = look_up.patterns(seen, groups)

    def run(first: int, last: int) -> None:
        fill.fill_background(first, last, *groups.leaves(), patterns, fill.ORDERS, start, table)

    return run


def _in_parts(run: Callable[[int, int], None], size: int, least: int) -> None:
    """Run over 0 to `size` in one part per thread that the libraries were given."""
    threads = max(1, min(numba.config.NUMBA_NUM_THREADS, size // max(least, 1)))
    edges = [size * i // threads for i in range(threads + 1)]
    if threads == 1:
        run(0, size)
        return
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(run, edges[:-1], edges[1:]))
