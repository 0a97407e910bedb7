"""Where methods are measured: samples with their players, and a score under every baseline."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from xai.evaluation.faithfulness.catalogue import Baseline
from xai.evaluation.soft import Soft
from xai.units import Bools, Kept
from xai.vocabulary import Floats, Integers, Json, Progress

Moved = Callable[[str, Mapping[str, Json]], Floats]
"""`moved(method, params)` explains the samples again, each moved a little, several times: values of
shape (draws + 1, n, units), first those of the samples as they are."""


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
        Where moving the inputs a little means something.
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
