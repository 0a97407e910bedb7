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

from xai.methods.shapley.pairs.order import count
from xai.methods.shapley.trees import fill, fill_pairs, look_up, pairs
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
MOST_CUT_BYTES = 1 << 30
"""Memory for a cut ensemble without its tables: conditions, leaves and what they ask."""
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
    of_pairs : bool
        The values are interactions; `players` counts the pairs, and one for what is in none.
    """

    coder: Coder
    groups: Groups
    start: NDArray[np.int64]
    table: NDArray[np.float32]
    players: int
    base: float
    bits: int
    of_pairs: bool = False

    def explain(self, rows: Floats) -> Floats:
        """Return Shapley values, shape (n, players), of encoded rows (n, columns).

        Of pairs: their interactions, in the order (0, 1), (0, 2), …, (1, 2), ….
        """
        codes = self.coder.encode(rows)
        out = np.empty((len(rows), self.players), np.float32)

        def part(first: int, last: int) -> None:
            block = np.ascontiguousarray(codes[:, first:last])
            tables = (self.groups, self.start, self.table)
            look_up.look_up(block, *tables, out[first:last], of_pairs=self.of_pairs)

        _in_parts(part, len(rows), look_up.BLOCK)
        return out[:, :-1].astype(np.float64) if self.of_pairs else out.astype(np.float64)

    @property
    def bytes(self) -> int:
        """Memory held."""
        return int(self.table.nbytes + sum(array.nbytes for array in self.groups))


def tables_of(
    trees: Trees, owners: Integers, background: Floats | None, *, of_pairs: bool = False
) -> Tables | None:
    """Return the tables of an output, built at the first call; None where they would not fit.

    Parameters
    ----------
    trees : Trees
    owners : int array of shape (columns,)
        The player that each column belongs to.
    background : array of shape (b, columns), or None
        Encoded rows for interventional values; None for path-dependent ones.
    of_pairs : bool
        Tabulate the interactions of pairs of players.
    """
    seen = None if background is None else background.tobytes()
    key = (id(trees), owners.tobytes(), seen, of_pairs)
    if key not in _kept:
        _kept[key] = (trees, _build(trees, owners, background, of_pairs=of_pairs))
        while len(_kept) > 1 and sum(t.bytes for _, t in _kept.values() if t) > KEPT_BYTES:
            _kept.popitem(last=False)
    _kept.move_to_end(key)
    return _kept[key][1]


def forget() -> None:
    """Drop all tables."""
    _kept.clear()


_kept: OrderedDict[Any, tuple[Trees, Tables | None]] = OrderedDict()
"""With the trees themselves, so that an identity is never used twice."""


def _build(
    trees: Trees, owners: Integers, background: Floats | None, *, of_pairs: bool
) -> Tables | None:
    if background is None and not (trees.ratio > 0).all():
        return None  # a branch that no training row took: libraries divide by zero there
    coder = coder_of(trees)
    if coder is None or _cut_bytes(trees, of_pairs=of_pairs) > MOST_CUT_BYTES:
        return None
    # Path-dependent values are defined by column; a feature gets the sum of its columns.
    alone = np.arange(trees.columns) if background is None else owners
    nodes = nodes_of(trees, coder, alone)
    plan = _plan(nodes, is_path=background is None, of_pairs=of_pairs)
    if plan is None:
        return None
    groups, start = plan
    bits = np.diff(groups.bit_start)
    table = np.zeros(start[-1], np.float32)
    if background is None:
        base, run = trees.expected, _path(groups, start, table, of_pairs=of_pairs)
    else:
        base = float(trees.predict(background).mean())
        seen = coder.encode(background)
        run = _background(groups, start, seen, table, of_pairs=of_pairs)
    _in_parts(run, len(bits), 1)
    if background is None:
        groups.player[:] = owners[groups.player]
    players = int(owners.max(initial=-1)) + 1
    if of_pairs:
        groups, players = pairs.named(groups, players), count(players) + 1
    return Tables(coder, groups, start, table, players, base, int(bits.max(initial=0)), of_pairs)


def _plan(
    nodes: Nodes, *, is_path: bool, of_pairs: bool
) -> tuple[Groups, NDArray[np.int64]] | None:
    """Cut into subtrees of as many bits as memory allows; return them and where tables begin.

    With less memory, path-dependent leaves of their own lose their tables, so that those of every
    tree fit in the end.
    """
    widest = MOST_BITS if not is_path else BITS if of_pairs else LONG
    for turn, most in enumerate((BITS, *range(BITS, -1, -1))):
        widest = most if turn and is_path else widest
        groups = cut(nodes, most)
        bits, held = np.diff(groups.bit_start), np.diff(groups.player_start)
        if of_pairs:
            held = held * (held - 1) // 2
        entries = np.where(bits <= widest, held << np.minimum(bits, widest), 0)
        if 4 * entries.sum() <= MOST_BYTES:
            return _fitting(groups, entries, is_path=is_path)
    return None


def _cut_bytes(trees: Trees, *, of_pairs: bool) -> float:
    """Return at most how much memory a cut takes: 80 bytes per condition above a leaf."""
    asked = float(trees.depth[trees.left < 0].sum())
    return 80 * asked + (4 * trees.work if of_pairs else 0)


def _fitting(
    groups: Groups, entries: NDArray[np.int64], *, is_path: bool
) -> tuple[Groups, NDArray[np.int64]] | None:
    widest = int(np.diff(groups.bit_start).max(initial=0))
    if widest > (MOST_COLUMNS if is_path else MOST_BITS):
        return None
    return groups, np.concatenate([[0], np.cumsum(entries)])


def _path(groups: Groups, start: Any, table: Any, *, of_pairs: bool) -> Callable[[int, int], None]:
    write = fill_pairs.fill_path_pairs if of_pairs else fill.fill_path

    def run(first: int, last: int) -> None:
        write(first, last, *groups.leaves(), groups.ask_ratio, fill.QUADRATURE, start, table)

    return run


def _background(
    groups: Groups, start: Any, seen: Any, table: Any, *, of_pairs: bool
) -> Callable[[int, int], None]:
    patterns = look_up.patterns(seen, groups)
    write = fill_pairs.fill_background_pairs if of_pairs else fill.fill_background

    def run(first: int, last: int) -> None:
        write(first, last, *groups.leaves(), patterns, fill.ORDERS, start, table)

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
