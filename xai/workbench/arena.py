"""Where methods are measured: samples with their players, and a score under every baseline."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np

from xai.evaluation.faithfulness.catalogue import Baseline
from xai.evaluation.players import over_players, pool
from xai.evaluation.soft import Soft
from xai.units import Bools, Kept
from xai.vocabulary import Floats, Integers, Json, Progress

Moved = Callable[[str, Mapping[str, Json]], tuple[Floats, Floats]]
"""`moved(method, params)` explains the samples again, each moved a little, several times: values of
shape (draws + 1, n, units), first those of the samples as they are, and what they explain."""
Change = Literal["moved", "redrawn"]
"""What is changed before samples are explained again: the inputs a little, or all weights."""


@dataclass(frozen=True, slots=True)
class Told:
    """Values (k, u) of one sample, on the grid `shape`."""

    values: Floats
    shape: tuple[int, ...]


class Retold(Protocol):
    """Explains samples again after a change of the inputs or the model."""

    def __call__(
        self, change: Change, draw: int, method: str, params: Mapping[str, Json], of: Integers
    ) -> Sequence[Told]:
        """Return one explanation for each sample of `of`, for the targets they had before."""


@dataclass(frozen=True, slots=True)
class Arena:
    """What one kind of model offers for a span of samples.

    Attributes
    ----------
    rows : array of shape (n,)
        Positions in the dataset.
    players : sequence of arrays of shape (u,)
        The player of each unit, as in `UnitProblem`.
    shapes : sequence of tuples of int
        Of the units of each sample.
    scores : tuple of (Baseline, Kept)
        The default first.
    moved : Moved or None
        For tables, where moving the inputs a little means something.
    noised : callable or None
        `noised(shaken, of)`: how far the score moves under noise on some players, shape (m,).
    retold : Retold or None
        For networks, whose inputs are moved and whose weights are drawn anew.
    soft : SoftArena or None
        Where a model reads parts of the numbers of a unit.
    spent : callable
        Model evaluations so far.
    """

    rows: Integers
    players: tuple[Integers, ...]
    shapes: tuple[tuple[int, ...], ...]
    scores: tuple[tuple[Baseline, Kept], ...]
    spent: Callable[[], int]
    is_probability: bool = False
    moved: Moved | None = None
    noised: Callable[[Bools, Integers], Floats] | None = None
    retold: Retold | None = None
    soft: SoftArena | None = None
    notes: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SoftArena:
    """What soft faithfulness asks of a model.

    Attributes
    ----------
    causes : tuple of arrays of shape (k,)
        Units 0 … causes[o]-1 come before output o of a sample, and alone can be taken away.
    """

    access: CountedSoft
    causes: tuple[Integers, ...]


class CountedSoft:
    """Soft access to a model that counts its evaluations and reports them."""

    def __init__(self, access: Soft, watch: Progress) -> None:
        self._access, self._watch, self.done = access, watch, 0
        self.width, self.most = access.width, access.most

    def distances(self, sample: int, output: int, kept: Bools) -> Floats:
        """Return what the access returns."""
        found = self._access.distances(sample, output, kept)
        self.done += len(kept)
        self._watch(self.done, self.done)
        return found


class Counted:
    """A score that counts its evaluations and reports them."""

    def __init__(self, score: Kept, watch: Progress) -> None:
        self._score, self._watch, self.done = score, watch, 0

    def __call__(self, kept: Bools, of: Integers) -> Floats:
        """Return what the score returns."""
        found = self._score(kept, of)
        self.done += len(of)
        self._watch(self.done, self.done)
        return found


def at_players(arena: Arena, i: int, facts: Json, values: Floats, shape: Integers) -> Floats:
    """Bring the values of one explanation to the players of its sample."""
    if facts.get("members"):
        # A group is taken away as a whole: each of its features carries an equal share.
        own = np.empty(len(arena.players[i]))
        for value, group in zip(values, facts["members"], strict=True):
            own[list(group)] = value / len(group)
        return over_players(own, arena.players[i])
    target = arena.shapes[i]
    if len(target) == 2 and tuple(shape) != target:
        values = pool(values, (int(shape[0]), int(shape[1])), (target[0], target[1]))
    return over_players(values, arena.players[i])
