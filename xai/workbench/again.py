"""Samples explained again by a network after a change, for the targets that they had before."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager

from xai.methods import catalogue
from xai.units import UnitAttribution, UnitProblem
from xai.vocabulary import Integers, Json, Progress
from xai.workbench.arena import Change, Told

Pose = Callable[[Integers, Mapping[str, Json]], UnitProblem]
"""`pose(of, params)` returns the problem of explaining some samples, cut as the parameters say."""
Changed = Callable[[Change, int], AbstractContextManager[Pose]]
"""`changed(change, draw)` gives a pose that holds inside its block."""


class Again:
    """See `xai.workbench.arena.Retold`.

    Attributes
    ----------
    done : int
        Model evaluations so far.
    """

    def __init__(self, kind: str, changed: Changed, watch: Progress) -> None:
        self._kind, self._changed, self._watch, self.done = kind, changed, watch, 0

    def __call__(
        self, change: Change, draw: int, method: str, params: Mapping[str, Json], of: Integers
    ) -> Sequence[Told]:
        """Return one explanation for each sample of `of`."""
        card = catalogue.card(method, self._kind)
        module = catalogue.load(method, self._kind)
        left_out = {*card.posed, "interactions"}  # they would be found again for nothing
        own = {name: value for name, value in params.items() if name not in left_out}
        with self._changed(change, draw) as pose:
            problem = pose(of, params)
            found: UnitAttribution = module.attribute(problem, module.Params(**own), self._note)
        self.done += int(found.evaluations)
        shapes = problem.shapes if found.shapes is None else found.shapes
        return [Told(v, tuple(s)) for v, s in zip(found.values, shapes, strict=True)]

    def _note(self, done: int, _total: int) -> None:
        self._watch(self.done + done, self.done + done)
