"""A shard's further measures: forecasts of drops, moves under noise, moved inputs, redrawn weights.

They are taken under the first baseline, or need none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from xai.errors import XaiError
from xai.evaluation.faithfulness import further
from xai.evaluation.faithfulness.catalogue import CATALOGUE, RANDOM
from xai.evaluation.faithfulness.contest import Contest, Contestant, Field
from xai.evaluation.faithfulness.foretold import foretell
from xai.evaluation.faithfulness.shaken import shake
from xai.vocabulary import Floats, Integers, Json, Recipe
from xai.workbench.arena import Arena, Change, Told, at_players

MOVES, REDRAWS = 3, 3
"""Moved inputs, and drawings of new weights, where a network explains its samples again: as many
as the plan counts on."""
CHANCE_DRAWS = 16


@dataclass(frozen=True, slots=True)
class Measuring:
    """One contest, and what it was about."""

    field: Field
    contestants: Sequence[Contestant]
    found: Contest

    def note(self, slug: str, measure: str, samples: Integers, values: Floats) -> None:
        """Write down a measure of a contestant on some samples."""
        place = list(CATALOGUE).index(measure)
        self.found.scores[samples, self.found.slugs.index(slug), place] = values


def look_further(arena: Arena, payload: Json, recipe: Recipe, measuring: Measuring) -> None:
    """Add every further measure that an arena offers to a contest."""
    if not len(arena.rows):
        return
    field, contestants, found = measuring.field, measuring.contestants, measuring.found
    foretell(field, contestants, found)
    if arena.noised is not None:
        shake(field, contestants, found, arena.noised)
    params, job = {c.slug: dict(c.params) for c in recipe.methods}, payload["job"]["params"]
    known = [slug for slug in job.get("moved", ()) if slug in found.slugs]
    if arena.moved is not None:
        for slug in known:
            _move(measuring, slug, *arena.moved(slug, params[slug]))
    of = _chosen(len(arena.rows), payload["start"], job)
    if arena.retold is not None and len(of):
        again = _Again(arena, measuring, params, of)
        for slug in known:
            again.move(slug)
        for slug in set(job.get("redrawn", ())) & set(known):
            again.redraw(slug)


def _move(measuring: Measuring, slug: str, values: Floats, inputs: Floats) -> None:
    everything = np.arange(values.shape[1])
    measuring.note(slug, "sensitivity", everything, further.max_sensitivity(values))
    measuring.note(slug, "stability", everything, further.relative_stability(values, inputs))


def _chosen(count: int, start: int, job: Json) -> Integers:
    """Return which samples of a shard are explained again: the same however the work was cut."""
    every, most = int(job.get("every", 1)), int(job.get("retold", 0))
    place = start + np.arange(count)
    return np.flatnonzero((place % every == 0) & (place < every * most))


@dataclass(frozen=True, slots=True)
class _Again:
    """Samples that a network explains again, after a change of the inputs or of itself."""

    arena: Arena
    measuring: Measuring
    params: Mapping[str, Json]
    of: Integers

    def move(self, slug: str) -> None:
        """Note how far the explanations of a method move with their inputs."""
        before = self._before(slug)
        far = np.full((MOVES, len(self.of)), np.nan)
        for draw in range(MOVES):
            for at, values in enumerate(self._tell("moved", draw, slug)):
                size = float(np.linalg.norm(before[at]))
                far[draw, at] = np.linalg.norm(values - before[at]) / size if size > 0 else np.nan
        self.measuring.note(slug, "sensitivity", self.of, far.max(axis=0))

    def redraw(self, slug: str) -> None:
        """Note how alike the explanations of a method and of a model without knowledge are."""
        before = self._before(slug)
        alike = np.full((REDRAWS, len(self.of)), np.nan)
        for draw in range(REDRAWS):
            for at, values in enumerate(self._tell("redrawn", draw, slug)):
                alike[draw, at] = abs(further.rank_likeness(before[at], values))
        self.measuring.note(slug, "randomisation", self.of, _mean(alike))
        chance = np.array([_chance(self.measuring.field, int(i)) for i in self.of])
        self.measuring.note(RANDOM, "randomisation", self.of, chance)

    def _before(self, slug: str) -> list[Floats]:
        (known,) = (c for c in self.measuring.contestants if c.slug == slug)
        nothing = [np.full(int(self.measuring.field.players[i]), np.nan) for i in self.of]
        own = [known.values[i] for i in self.of]
        return [n if o is None else o for n, o in zip(nothing, own, strict=True)]

    def _tell(self, change: Change, draw: int, slug: str) -> list[Floats]:
        """Return values over the players of each sample; NaN if the changed model has no answer."""
        assert self.arena.retold is not None  # noqa: S101 - the caller asked
        try:
            told = self.arena.retold(change, draw, slug, self.params[slug], self.of)
        except XaiError:
            return [np.full(int(self.measuring.field.players[i]), np.nan) for i in self.of]
        return [self._at_players(int(i), one) for i, one in zip(self.of, told, strict=True)]

    def _at_players(self, i: int, one: Told) -> Floats:
        """Return the mean over the outputs of a sample, over its players."""
        shape = np.array(one.shape)
        each = [at_players(self.arena, i, {}, values, shape) for values in one.values]
        return np.asarray(np.mean(each, axis=0))


def _chance(field: Field, i: int) -> float:
    """Return how alike two random orders of the players of a sample are, on average."""
    draw = np.random.default_rng([field.seed, 9, int(field.rows[i])])
    pairs = draw.standard_normal((CHANCE_DRAWS, 2, int(field.players[i])))
    return float(_mean(np.array([[abs(further.rank_likeness(*pair))] for pair in pairs]))[0])


def _mean(values: Floats) -> Floats:
    """Return the mean of each column over what is defined."""
    defined = np.isfinite(values)
    counts = defined.sum(axis=0)
    total = np.where(defined, values, 0.0).sum(axis=0)
    return np.where(counts > 0, total / np.maximum(counts, 1), np.nan)
